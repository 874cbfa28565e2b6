/* The life of every program: block signals, take the saved heap, call main(linux), exit with the status from it.
 * The only decision here is what to do about a bug. */
#include "native.h"
#include "saved-heap/saved-heap.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* The exit status for a bug: EX_SOFTWARE of sysexits.h. */
enum { STATUS_BUG = 70 };

int report(JSContext *ctx)
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

/* QuickJS with the parts of the language that our scripts use: no parser, no Promise, no RegExp, no Date. */
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

int prepare(const JSMallocFunctions *memory, const uint8_t *script, size_t size)
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
    saved_heap.methods = linux_methods(ctx);
#ifdef HOST_TOOLS
    host_add(ctx, saved_heap.methods);
#endif
    JS_FreeValue(ctx, global);
    return 0;
}

static int run(int argc, char **argv)
{
    JSContext *ctx = saved_heap.ctx;
    JS_UpdateStackTop(JS_GetRuntime(ctx));
    JSValue linux_object = linux_of_process(ctx, saved_heap.methods, argc, argv, environ);
    if (JS_IsException(linux_object))
        return report(ctx);
    JSValue answer = JS_Call(ctx, saved_heap.main_function, JS_UNDEFINED, 1, &linux_object);
    int32_t status = STATUS_BUG;
    if (JS_IsException(answer) || JS_ToInt32(ctx, &status, answer))
        status = report(ctx);
    JS_FreeValue(ctx, answer);
    JS_FreeValue(ctx, linux_object);
    return status;
}

#ifdef SANITIZED

/* Sanitizers see leaks of malloc only. So there is no saved heap: the bytecode is in the program. */
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
    JS_FreeValue(ctx, saved_heap.methods);
    JS_FreeContext(ctx);
    JS_FreeRuntime(runtime);
    return status;
}

#else

static int start(int argc, char **argv)
{
    if (!saved_heap.is_saved)
        return save_heap(argv[1]);
    return run(argc, argv);
}

#endif

int main(int argc, char **argv)
{
    /* The next open file would take the place of a closed standard stream, and get our messages. */
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", O_RDWR);
    signals_block();
    return start(argc, argv);
}
