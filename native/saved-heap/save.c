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

enum { REHEARSAL_FD = 4 };

/* QuickJS seeds Math.random with the time, and each build must make the same heap. The shipped program has it, too. */
int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    (void)zone;
    *time = (struct timeval){ 0, 0 };
    return 0;
}

/* The bytecode of a file; `size` is 0 if the file cannot be read. */
struct script {
    uint8_t *bytes;
    size_t size;
};

static struct script read_script(FILE *file)
{
    const size_t most = 1 << 20;
    struct script script = { malloc(most), 0 };
    if (file != NULL && script.bytes != NULL)
        script.size = fread(script.bytes, 1, most, file);
    return script;
}

/* The script that plays the lives. Not all programs have one. */
static struct script rehearsal;

/* Its function; undefined if there is none. The heap has nothing of it when the function is freed. */
static JSValue load_rehearsal(JSContext *ctx)
{
    if (rehearsal.size == 0)
        return JS_UNDEFINED;
    JSValue code = JS_ReadObject(ctx, rehearsal.bytes, rehearsal.size, JS_READ_OBJ_BYTECODE);
    JSValue done = JS_IsException(code) ? code : JS_EvalFunction(ctx, code);
    if (JS_IsException(done))
        return done;
    JS_FreeValue(ctx, done);
    JSValue global = JS_GetGlobalObject(ctx);
    JSAtom name = JS_NewAtom(ctx, "rehearse");
    JSValue function = JS_GetProperty(ctx, global, name);
    JS_DeleteProperty(ctx, global, name, 0);
    JS_FreeAtom(ctx, name);
    JS_FreeValue(ctx, global);
    return function;
}

/* Returns an exit status. */
static int play_lives(JSContext *ctx)
{
    JSValue function = load_rehearsal(ctx);
    if (JS_IsUndefined(function))
        return 0;
    JSValue arguments[] = { saved_heap.main_function, saved_heap.methods };
    JSValue played = JS_IsException(function) ? function : JS_Call(ctx, function, JS_UNDEFINED, 2, arguments);
    JS_FreeValue(ctx, function);
    return JS_IsException(played) ? report(ctx) : 0;
}

static int make(const char *step)
{
    struct script script = read_script(stdin);
    rehearsal = read_script(fdopen(REHEARSAL_FD, "r"));
    making_begins(step);
    int status = prepare(&heap_functions, script.bytes, script.size);
    free(script.bytes);
    if (status != 0)
        return status;
    JSContext *ctx = saved_heap.ctx;
    status = play_lives(ctx);
    if (status != 0)
        return status;
    JS_RunGC(JS_GetRuntime(ctx));
    js_make_immortal(JS_GetRuntime(ctx));
    making_ends();
    saved_heap.is_saved = true;
    return 0;
}

static int do_step(void *argument)
{
    const char *step = argument;
    int status = make(step);
    if (status == 0 && strcmp(step, "lifetimes") == 0)
        making_write_profile();
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
