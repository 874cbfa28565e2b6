/* A tool of the build: compiles the script on standard input to bytecode on standard output.
 * It links the whole engine; the program that gets the bytecode needs only the part that runs it. */
#include <quickjs.h>
#include <stdio.h>

int main(void)
{
    static char source[4 << 20];
    size_t len = fread(source, 1, sizeof source - 1, stdin), size;
    JSRuntime *runtime = JS_NewRuntime();
    JSContext *ctx = JS_NewContext(runtime);
    /* Line numbers cost a third of the bytecode; a stack keeps its functions' names. */
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
