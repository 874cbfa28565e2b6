/* A tool of the tests: runs one script on the QuickJS that ships.
 *
 *   run SCRIPT.js
 *
 * The script has the language as in main.c, and a function `print`. It counts failed tests in the global `failedTests`.
 * An exception that is not caught is printed with its stack. */
#include <quickjs.h>
#include <stdio.h>
#include <stdlib.h>

static char *read_whole(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    char *bytes = NULL;
    size_t capacity = 0, got;
    *len = 0;
    do {
        capacity += 65536;
        bytes = realloc(bytes, capacity + 1);
        if (bytes == NULL)
            exit(1);
        got = fread(bytes + *len, 1, capacity - *len, file);
        *len += got;
    } while (got != 0);
    bytes[*len] = '\0';
    fclose(file);
    return bytes;
}

static JSValue print(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    (void)self, (void)argc;
    const char *line = JS_ToCString(ctx, argv[0]);
    if (line == NULL)
        return JS_EXCEPTION;
    puts(line);
    JS_FreeCString(ctx, line);
    return JS_UNDEFINED;
}

static void report(JSContext *ctx)
{
    JSValue thrown = JS_GetException(ctx);
    const char *message = JS_ToCString(ctx, thrown);
    JSValue stack = JS_GetPropertyStr(ctx, thrown, "stack");
    const char *lines = JS_IsString(stack) ? JS_ToCString(ctx, stack) : NULL;
    fflush(stdout);
    fprintf(stderr, "uncaught: %s\n%s", message != NULL ? message : "", lines != NULL ? lines : "");
    JS_FreeCString(ctx, message);
    JS_FreeCString(ctx, lines);
    JS_FreeValue(ctx, stack);
    JS_FreeValue(ctx, thrown);
}

static int run(JSContext *ctx, const char *path)
{
    size_t len;
    char *source = read_whole(path, &len);
    JSValue global = JS_GetGlobalObject(ctx);
    JS_SetPropertyStr(ctx, global, "print", JS_NewCFunction(ctx, print, "print", 1));
    JSValue done = JS_Eval(ctx, source, len, path, JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_STRICT);
    free(source);
    int32_t failed = 1;
    if (JS_IsException(done)) {
        report(ctx);
    } else {
        JSValue count = JS_GetPropertyStr(ctx, global, "failedTests");
        if (JS_IsUndefined(count) || JS_ToInt32(ctx, &failed, count))
            failed = 1;
        JS_FreeValue(ctx, count);
    }
    JS_FreeValue(ctx, done);
    JS_FreeValue(ctx, global);
    return failed == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: run SCRIPT.js\n");
        return 2;
    }
    JSRuntime *runtime = JS_NewRuntime();
    JSContext *ctx = runtime != NULL ? JS_NewContextRaw(runtime) : NULL;
    if (ctx == NULL)
        return 1;
    JS_AddIntrinsicBaseObjects(ctx);
    JS_AddIntrinsicMapSet(ctx);
    JS_AddIntrinsicEval(ctx); /* the parser, which main.c leaves out */
    js_make_immortal(runtime); /* as the build does, before it saves the heap of a program */
    return run(ctx, argv[1]);
}
