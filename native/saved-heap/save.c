/* Makes the heap that the build puts into the program's own file: README.md. */
#include "native.h"
#include "saved-heap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>

/* QuickJS seeds Math.random with the time, and each build must make the same heap. The shipped program has it, too. */
int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    (void)zone;
    *time = (struct timeval){ 0, 0 };
    return 0;
}

/* The bytecode, and how `prepare` ended. */
static struct {
    uint8_t *script;
    size_t size;
    int status;
} saving;

static void prepare_on_this_stack(int signal)
{
    (void)signal;
    saving.status = prepare(&heap_functions, saving.script, saving.size);
    if (saving.status == 0)
        JS_RunGC(JS_GetRuntime(saved_heap.ctx));
}

static void unblock(int signal)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* QuickJS keeps addresses of the stack that it was started on. A signal handler can have a stack whose address is the
 * same in each build. Returns 0, or the errno. */
static int prepare_at_fixed_address(void)
{
    const size_t size = 1 << 20;
    void *const address = (void *)0x10000000;
    stack_t stack = { .ss_size = size };
    stack.ss_sp = mmap(address, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct sigaction action = { .sa_handler = prepare_on_this_stack, .sa_flags = SA_ONSTACK };
    unblock(SIGUSR1);
    if (stack.ss_sp == MAP_FAILED || sigaltstack(&stack, NULL) != 0 || sigaction(SIGUSR1, &action, NULL) != 0 ||
        raise(SIGUSR1) != 0)
        return errno;
    return 0;
}

/* The pages that the rehearsal wrote to. Not in the section, which is read-only meanwhile. */
static bool *is_written;

static void note_written(int signal, siginfo_t *info, void *context)
{
    (void)context;
    char *address = info->si_addr;
    size_t page = (size_t)(address - heap_start) / HEAP_PAGE;
    if (address < heap_start || address >= heap_end || is_written[page]) {
        struct sigaction action = { .sa_handler = SIG_DFL }; /* a real fault: the next one ends the program */
        sigaction(signal, &action, NULL);
        return;
    }
    is_written[page] = true;
    mprotect(heap_start + page * HEAP_PAGE, HEAP_PAGE, PROT_READ | PROT_WRITE);
}

/* Calls warmUp again to find the pages that a start writes to, and restores the heap. Notes all pages if there is no
 * warmUp, or if the section cannot be made read-only. Returns an exit status. */
static int rehearse(void)
{
    const size_t size = (size_t)(heap_end - heap_start), count = (size + HEAP_PAGE - 1) / HEAP_PAGE;
    const size_t whole_pages = size / HEAP_PAGE * HEAP_PAGE; /* the last page may contain other variables, too */
    struct sigaction action = { .sa_sigaction = note_written, .sa_flags = SA_SIGINFO };
    char *copy = malloc(size);
    is_written = calloc(count, sizeof *is_written);
    if (copy == NULL || is_written == NULL || sigaction(SIGSEGV, &action, NULL) != 0)
        return 1;
    memcpy(copy, heap_start, size);
    unblock(SIGSEGV);
    size_t watched = 0;
    if (!JS_IsUndefined(saved_heap.warm_up_function) && mprotect(heap_start, whole_pages, PROT_READ) == 0) {
        JS_UpdateStackTop(JS_GetRuntime(saved_heap.ctx));
        if (warm_up() != 0 || mprotect(heap_start, whole_pages, PROT_READ | PROT_WRITE) != 0)
            return 1;
        memcpy(heap_start, copy, size);
        watched = whole_pages / HEAP_PAGE;
    }
    memset(is_written + watched, true, count - watched);
    return heap_note_written(is_written, count) ? 0 : 1;
}

int save_heap(void)
{
    const size_t most = 1 << 20;
    saving.script = malloc(most);
    if (saving.script == NULL)
        return 1;
    saving.size = fread(saving.script, 1, most, stdin);
    saving.status = 1;
    int error = prepare_at_fixed_address();
    free(saving.script);
    if (error != 0 || saving.status != 0) {
        fprintf(stderr, "cannot make the heap (errno %d)\n", error);
        return 1;
    }
    fprintf(stderr, "%zu\n", heap_arena_used());
    saved_heap.is_saved = true;
    if (rehearse() != 0) {
        fprintf(stderr, "cannot rehearse a start (errno %d)\n", errno);
        return 1;
    }
    fwrite(heap_start, 1, (size_t)(heap_end - heap_start), stdout);
    return fflush(stdout) != 0;
}
