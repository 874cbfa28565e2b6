/* Makes the heap that the build puts into the program's own file: README.md. */
#include "native.h"
#include "saved-heap.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>

/* QuickJS seeds Math.random with the time, and each build must make the same heap. The shipped program has it, too. */
int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    (void)zone;
    *time = (struct timeval){ 0, 0 };
    return 0;
}

static int make(const char *step)
{
    const size_t most = 1 << 20;
    uint8_t *script = malloc(most);
    if (script == NULL)
        return 1;
    size_t size = fread(script, 1, most, stdin);
    making_begins(step);
    int status = prepare(&heap_functions, script, size);
    free(script);
    if (status != 0)
        return status;
    JS_RunGC(JS_GetRuntime(saved_heap.ctx));
    making_ends();
    saved_heap.is_saved = true;
    return 0;
}

/* The pages that the rehearsal may write to, and those that it wrote to. */
static struct {
    char *start, *end;
    bool *is_written;
} watched;

static void note_written(int signal, siginfo_t *info, void *context)
{
    (void)context;
    char *address = info->si_addr;
    size_t page = (size_t)(address - watched.start) / HEAP_PAGE;
    if (address < watched.start || address >= watched.end || watched.is_written[page]) {
        struct sigaction action = { .sa_handler = SIG_DFL }; /* a real fault: the next one ends the program */
        sigaction(signal, &action, NULL);
        return;
    }
    watched.is_written[page] = true;
    mprotect(watched.start + page * HEAP_PAGE, HEAP_PAGE, PROT_READ | PROT_WRITE);
}

/* Calls warmUp again, with read-only blocks, to find those that a start writes to: all if there is no warmUp. Writes
 * the profile. Returns an exit status. */
static int rehearse(void)
{
    making_pages(&watched.start, &watched.end);
    const size_t size = (size_t)(watched.end - watched.start), count = size / HEAP_PAGE;
    struct sigaction action = { .sa_sigaction = note_written, .sa_flags = SA_SIGINFO };
    watched.is_written = calloc(count, sizeof *watched.is_written);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGSEGV);
    if (watched.is_written == NULL || sigaction(SIGSEGV, &action, NULL) != 0 ||
        sigprocmask(SIG_UNBLOCK, &set, NULL) != 0 || mprotect(watched.start, size, PROT_READ) != 0)
        return 1;
    if (JS_IsUndefined(saved_heap.warm_up_function))
        memset(watched.is_written, true, count);
    else if (warm_up() != 0)
        return 1;
    making_write_profile(watched.is_written);
    return 0;
}

static int do_step(void *argument)
{
    const char *step = argument;
    int status = make(step);
    if (status == 0 && strcmp(step, "lifetimes") == 0)
        making_write_profile(NULL);
    else if (status == 0 && strcmp(step, "writes") == 0)
        status = rehearse();
    else if (status == 0)
        fwrite(&saved_heap, 1, sizeof saved_heap, stdout);
    if (status != 0)
        fprintf(stderr, "cannot save the heap: step %s (errno %d)\n", step, errno);
    return status | fflush(NULL);
}

/* QuickJS keeps addresses of the stack that it was started on. A child can have a stack whose address is the same in
 * each build. */
int save_heap(const char *step)
{
    const size_t size = 1 << 20;
    char *const address = (char *)0x1f00000000;
    char *stack = mmap(address, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int status = 1;
    pid_t child = step != NULL && stack == address ? clone(do_step, stack + size, SIGCHLD, (void *)step) : -1;
    if (child < 0 || waitpid(child, &status, 0) != child)
        fprintf(stderr, "cannot save the heap: no child (errno %d)\n", errno);
    else if (WIFSIGNALED(status))
        fprintf(stderr, "cannot save the heap: signal %d in step %s\n", WTERMSIG(status), step);
    return status != 0;
}
