/* A tool of the build: compiles the script on standard input to bytecode on standard output.
 * It contains all of QuickJS; the programs contain only the part that runs bytecode. */
#include <quickjs.h>
#include <stdio.h>

int main(void)
{
    static char source[4 << 20];
    size_t len = fread(source, 1, sizeof source - 1, stdin), size;
    JSRuntime *runtime = JS_NewRuntime();
    JSContext *ctx = JS_NewContext(runtime);
    /* Line numbers are a third of the bytecode. Without them, a stack still has the names of functions. */
    JS_SetStripInfo(runtime, JS_STRIP_SOURCE | JS_STRIP_DEBUG);
    JSValue code = JS_Eval(ctx, source, len, "baseimage.js",
                           JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_STRICT | JS_EVAL_FLAG_COMPILE_ONLY);
    uint8_t *bytes = JS_IsException(code) ? NULL : JS_WriteObject(ctx, &size, code, JS_WRITE_OBJ_BYTECODE);
    if (bytes == NULL) {
        fprintf(stderr, "compile: %s\n", JS_ToCString(ctx, JS_GetException(ctx)));
        return 1;
    }
    return fwrite(bytes, 1, size, stdout) != size || fflush(stdout) != 0;
}
