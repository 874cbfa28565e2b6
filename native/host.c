/* The table behind interface Host: src/host/host.ts has the units, answers and man pages. It is in the programs
 * for the host only. One method, one call. Nothing is decided here. */
#include "native.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static JSValue host_fork(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED, (void)argv;
    return result(ctx, fork());
}

static JSValue host_exit(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t status;
    if (int_arguments(ctx, argv, &status, 1))
        return JS_EXCEPTION;
    _exit(status);
}

static JSValue host_open(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int error;
    int32_t flags;
    if (int_arguments(ctx, argv + 1, &flags, 1))
        return JS_EXCEPTION;
    char *path = text_to_c(ctx, &error, argv[0]);
    if (path == NULL)
        return refused(ctx, error);
    JSValue answer = result(ctx, open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    free_text(ctx, path);
    return answer;
}

static JSValue host_read(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t numbers[2];
    if (int_arguments(ctx, argv, numbers, 2))
        return JS_EXCEPTION;
    char *bytes = malloc((size_t)numbers[1]);
    if (bytes == NULL)
        return JS_NewInt32(ctx, -ENOMEM);
    ssize_t got = read(numbers[0], bytes, (size_t)numbers[1]);
    JSValue answer = got < 0 ? result(ctx, -1) : text_from_bytes(ctx, bytes, (size_t)got);
    free(bytes);
    return answer;
}

static JSValue host_pipe(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED, (void)argv;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return result(ctx, -1);
    return int_array(ctx, (int64_t[]){ ends[0], ends[1] }, 2);
}

static JSValue host_duplicate(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t numbers[2];
    if (int_arguments(ctx, argv, numbers, 2))
        return JS_EXCEPTION;
    return result(ctx, dup2(numbers[0], numbers[1]));
}

static const JSCFunctionListEntry table[] = {
    JS_CFUNC_DEF("fork", 0, host_fork),
    JS_CFUNC_DEF("exit", 1, host_exit),
    JS_CFUNC_DEF("open", 2, host_open),
    JS_CFUNC_DEF("read", 2, host_read),
    JS_CFUNC_DEF("pipe", 0, host_pipe),
    JS_CFUNC_DEF("duplicate", 2, host_duplicate),
};

void host_add(JSContext *ctx, JSValueConst object)
{
    JS_SetPropertyFunctionList(ctx, object, table, sizeof table / sizeof *table);
}
