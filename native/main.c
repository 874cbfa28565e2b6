/* The life of every program: block signals, take the engine as it was saved when the program was
 * built, call main(linux) in it, leave with the status it answers. Nothing is decided here but the
 * last resort. */
#include "native.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

extern char **environ;

#ifndef MADV_POPULATE_WRITE /* newer than some headers */
#define MADV_POPULATE_WRITE 23
#endif

/* Exit status for a bug of ours, EX_SOFTWARE of sysexits.h. */
enum { STATUS_BUG = 70 };

/* What was thrown and not caught: a bug, with its stack, or no memory left to say more. */
static int report(JSContext *ctx)
{
    JSValue thrown = JS_GetException(ctx);
    const char *message = JS_ToCString(ctx, thrown);
    if (message == NULL || strstr(message, "out of memory") != NULL) {
        fputs("*** cannot go on: out of memory (ENOMEM)\n", stderr);
        return 1;
    }
    JSValue stack = JS_GetPropertyStr(ctx, thrown, "stack");
    const char *lines = JS_IsString(stack) ? JS_ToCString(ctx, stack) : NULL;
    fprintf(stderr, "*** internal error: %s\n%s", message, lines != NULL ? lines : "");
    JS_FreeCString(ctx, message);
    JS_FreeCString(ctx, lines);
    JS_FreeValue(ctx, stack);
    JS_FreeValue(ctx, thrown);
    return STATUS_BUG;
}

/* The engine with what our scripts use of the language: no parser, no Promise, no RegExp, no Date. */
static JSContext *new_context(const JSMallocFunctions *memory)
{
    JSRuntime *runtime = memory != NULL ? JS_NewRuntime2(memory, NULL) : JS_NewRuntime();
    JSContext *ctx = runtime != NULL ? JS_NewContextRaw(runtime) : NULL;
    if (ctx != NULL) {
        JS_AddIntrinsicBaseObjects(ctx);
        JS_AddIntrinsicMapSet(ctx);
    }
    return ctx;
}

/* Starts an engine and runs the script, which leaves a function `main`: `saved_heap` holds it all. */
static int prepare(const JSMallocFunctions *memory, const uint8_t *script, size_t size)
{
    JSContext *ctx = new_context(memory);
    if (ctx == NULL) {
        fputs("*** cannot start: out of memory (ENOMEM)\n", stderr);
        return 1;
    }
    JSValue code = JS_ReadObject(ctx, script, size, JS_READ_OBJ_BYTECODE);
    JSValue done = JS_IsException(code) ? code : JS_EvalFunction(ctx, code);
    if (JS_IsException(done))
        return report(ctx);
    JS_FreeValue(ctx, done);
    JSValue global = JS_GetGlobalObject(ctx);
    saved_heap.ctx = ctx;
    saved_heap.main_function = JS_GetPropertyStr(ctx, global, "main");
    saved_heap.linux_object = linux_new(ctx);
#ifdef HOST_TOOLS
    host_add(ctx, saved_heap.linux_object);
#endif
    JS_FreeValue(ctx, global);
    return 0;
}

/* Calls main(linux) in the engine that `saved_heap` holds. */
static int run(int argc, char **argv)
{
    JSContext *ctx = saved_heap.ctx;
    JS_UpdateStackTop(JS_GetRuntime(ctx));
    if (linux_set_process(ctx, saved_heap.linux_object, argc, argv, environ) < 0)
        return report(ctx);
    JSValue answer = JS_Call(ctx, saved_heap.main_function, JS_UNDEFINED, 1, &saved_heap.linux_object);
    int32_t status = STATUS_BUG;
    if (JS_IsException(answer) || JS_ToInt32(ctx, &status, answer))
        status = report(ctx);
    JS_FreeValue(ctx, answer);
    return status;
}

#ifdef SANITIZED

/* The sanitizers know malloc, and what leaks from it: no saved heap, the script is in the program. */
__asm__(".section .rodata\n"
        "script: .incbin \"" SCRIPT "\"\n"
        "script_end: .byte 0\n"
        ".text\n");
extern const uint8_t script[] __asm__("script"), script_end[] __asm__("script_end");

static int start(int argc, char **argv)
{
    int status = prepare(NULL, script, (size_t)(script_end - script));
    if (status != 0)
        return status;
    status = run(argc, argv);
    JSContext *ctx = saved_heap.ctx;
    JSRuntime *runtime = JS_GetRuntime(ctx);
    JS_FreeValue(ctx, saved_heap.main_function);
    JS_FreeValue(ctx, saved_heap.linux_object);
    JS_FreeContext(ctx);
    JS_FreeRuntime(runtime);
    return status;
}

#else

/* The engine seeds Math.random with the time: the saved heap shall be the same from every build. */
int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    (void)zone;
    *time = (struct timeval){ 0, 0 };
    return 0;
}

/* The section that holds the saved heap, as the link editor tells it. */
extern char heap_start[] __asm__("__start_heap_image"), heap_end[] __asm__("__stop_heap_image");

/* What the build makes the heap of, and how that ended. */
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

/* The engine keeps addresses of the stack that it was started on, and the kernel chooses another each
 * time: a signal handler can be given one at an address of ours. Answers 0, or the errno. */
static int prepare_at_fixed_address(void)
{
    const size_t size = 1 << 20;
    void *const address = (void *)0x10000000;
    stack_t stack = { .ss_size = size };
    stack.ss_sp = mmap(address, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct sigaction action = { .sa_handler = prepare_on_this_stack, .sa_flags = SA_ONSTACK };
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    if (stack.ss_sp == MAP_FAILED || sigaltstack(&stack, NULL) != 0 || sigaction(SIGUSR1, &action, NULL) != 0 ||
        sigprocmask(SIG_UNBLOCK, &set, NULL) != 0 || raise(SIGUSR1) != 0)
        return errno;
    return 0;
}

/* As the build calls it: reads bytecode, writes what section heap_image is to hold. */
static int save_heap(void)
{
    const size_t most = 1 << 20;
    saving.script = malloc(most);
    if (saving.script == NULL)
        return 1;
    saving.size = fread(saving.script, 1, most, stdin);
    saving.status = STATUS_BUG;
    int error = prepare_at_fixed_address();
    free(saving.script);
    if (error != 0 || saving.status != 0) {
        fprintf(stderr, "cannot make the heap (errno %d)\n", error);
        return 1;
    }
    fprintf(stderr, "%zu\n", heap_arena_used());
    saved_heap.is_saved = true;
    fwrite(heap_start, 1, (size_t)(heap_end - heap_start), stdout);
    return fflush(stdout) != 0;
}

static int start(int argc, char **argv)
{
    if (!saved_heap.is_saved)
        return save_heap();
    /* Nearly all of its pages are written to within a millisecond: one call instead of a fault for each.
     * A kernel before 5.14 does not know the call, and faults. */
    madvise(heap_start, (size_t)(heap_end - heap_start), MADV_POPULATE_WRITE);
    return run(argc, argv);
}

#endif

int main(int argc, char **argv)
{
    /* A closed standard stream would be taken by the next file opened, and messages written into it. */
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", O_RDWR);
    signals_block();
    return start(argc, argv);
}
