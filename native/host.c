/* The table behind interface Host: src/host/host.ts has the units, answers and man pages. It is in the programs
 * for the host only. One method, one call. Nothing is decided here. */
#include "native.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#ifndef TIOCGPTPEER /* not in every libc's headers */
#define TIOCGPTPEER 0x5441
#endif

#ifdef SANITIZED
/* The search for leaks starts a thread of its own at the end, and waits for ever for one in another PID namespace. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}
#endif

static JSValue pair(JSContext *ctx, int returned, const int ends[2])
{
    return returned < 0 ? result(ctx, -1) : int_array(ctx, (int64_t[]){ ends[0], ends[1] }, 2);
}

/* -- processes ------------------------------------------------------------------------------------ */

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

static JSValue host_become(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    struct program program;
    int error;
    if (!program_read(ctx, &program, &error, argv))
        return refused(ctx, error);
    execve(program.file, program.argv, program.env);
    JSValue answer = JS_NewInt32(ctx, -errno);
    program_free(ctx, &program);
    return answer;
}

static JSValue host_new_session(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED, (void)argv;
    return result(ctx, setsid());
}

static JSValue host_set_namespace(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t fd;
    return int_arguments(ctx, argv, &fd, 1) ? JS_EXCEPTION : result(ctx, setns(fd, 0));
}

static JSValue host_control(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t numbers[2];
    if (int_arguments(ctx, argv, numbers, 2))
        return JS_EXCEPTION;
    return result(ctx, prctl(numbers[0], (unsigned long)numbers[1], 0UL, 0UL, 0UL));
}

static JSValue host_trace(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t numbers[3];
    if (int_arguments(ctx, argv, numbers, 3))
        return JS_EXCEPTION;
    return result(ctx, (int)syscall(SYS_ptrace, (long)numbers[0], (long)numbers[1], 0L, (long)numbers[2]));
}

/* What linux/filter.h has; musl comes without the kernel's headers. */
struct instruction {
    uint16_t code;
    uint8_t jump_true, jump_false;
    uint32_t value;
};
enum { MOST_INSTRUCTIONS = 4096 };

static JSValue host_get_filter(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    enum { GET_FILTER = 0x420c }; /* PTRACE_SECCOMP_GET_FILTER */
    int32_t numbers[2];
    if (int_arguments(ctx, argv, numbers, 2))
        return JS_EXCEPTION;
    struct instruction *filter = malloc(MOST_INSTRUCTIONS * sizeof *filter);
    if (filter == NULL)
        return JS_NewInt32(ctx, -ENOMEM);
    long count = syscall(SYS_ptrace, (long)GET_FILTER, (long)numbers[0], (long)numbers[1], filter);
    JSValue answer = count < 0 ? result(ctx, -1)
                               : text_from_bytes(ctx, (const char *)filter, (size_t)count * sizeof *filter);
    free(filter);
    return answer;
}

static JSValue host_add_filter(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    size_t len;
    char *bytes = text_to_bytes(ctx, &len, argv[0]);
    if (bytes == NULL)
        return JS_EXCEPTION;
    struct {
        unsigned short count;
        const void *instructions;
    } program = { (unsigned short)(len / sizeof(struct instruction)), bytes };
    JSValue answer = result(ctx, (int)syscall(SYS_seccomp, 1 /* SECCOMP_SET_MODE_FILTER */, 0, &program));
    free_text(ctx, bytes);
    return answer;
}

static JSValue host_set_capabilities(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    /* What linux/capability.h has; musl comes without the kernel's headers. */
    struct {
        uint32_t version;
        int pid;
    } header = { 0x20080522, 0 };
    struct {
        uint32_t effective, permitted, inheritable;
    } sets[2];
    for (int i = 0; i < 2; i++) {
        uint32_t words[4];
        for (int word = 0; word < 4; word++)
            if (JS_ToUint32(ctx, &words[word], argv[word]))
                return JS_EXCEPTION;
        sets[i].effective = sets[i].permitted = words[i];
        sets[i].inheritable = words[2 + i];
    }
    return result(ctx, (int)syscall(SYS_capset, &header, sets));
}

static JSValue host_set_umask(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t mask;
    return int_arguments(ctx, argv, &mask, 1) ? JS_EXCEPTION : JS_NewInt32(ctx, (int)umask((mode_t)mask));
}

/* -- descriptors ------------------------------------------------------------------------------------ */

static JSValue host_open(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int error;
    int32_t folder, flags;
    if (int_arguments(ctx, argv, &folder, 1) || int_arguments(ctx, argv + 2, &flags, 1))
        return JS_EXCEPTION;
    char *path = text_to_c(ctx, &error, argv[1]);
    if (path == NULL)
        return refused(ctx, error);
    JSValue answer = result(ctx, openat(folder, path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    free_text(ctx, path);
    return answer;
}

static JSValue host_send_file(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t numbers[3];
    if (int_arguments(ctx, argv, numbers, 3))
        return JS_EXCEPTION;
    return result(ctx, (int)sendfile(numbers[1], numbers[0], NULL, (size_t)numbers[2]));
}

static JSValue host_pipe(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED, (void)argv;
    int ends[2];
    return pair(ctx, pipe2(ends, O_CLOEXEC), ends);
}

static JSValue host_socket_pair(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED, (void)argv;
    int ends[2];
    return pair(ctx, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), ends);
}

/* Room for a message of one byte that carries one descriptor. */
struct envelope {
    char byte;
    struct iovec piece;
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message;
};

static struct msghdr *envelope_open(struct envelope *envelope)
{
    memset(envelope, 0, sizeof *envelope);
    envelope->piece = (struct iovec){ &envelope->byte, 1 };
    envelope->message.msg_iov = &envelope->piece;
    envelope->message.msg_iovlen = 1;
    envelope->message.msg_control = envelope->control.bytes;
    envelope->message.msg_controllen = sizeof envelope->control.bytes;
    return &envelope->message;
}

static JSValue host_send_descriptor(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t numbers[2];
    if (int_arguments(ctx, argv, numbers, 2))
        return JS_EXCEPTION;
    struct envelope envelope;
    struct msghdr *message = envelope_open(&envelope);
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &numbers[1], sizeof(int));
    return result(ctx, (int)sendmsg(numbers[0], message, MSG_NOSIGNAL));
}

static JSValue host_receive_descriptor(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t socket;
    if (int_arguments(ctx, argv, &socket, 1))
        return JS_EXCEPTION;
    struct envelope envelope;
    struct msghdr *message = envelope_open(&envelope);
    if (recvmsg(socket, message, MSG_CMSG_CLOEXEC) < 0)
        return result(ctx, -1);
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    if (header == NULL || header->cmsg_type != SCM_RIGHTS)
        return JS_NewInt32(ctx, -ENODATA);
    int fd;
    memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return JS_NewInt32(ctx, fd);
}

/* -- terminals -------------------------------------------------------------------------------------- */

static JSValue host_unlock_terminal(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t fd;
    int off = 0;
    return int_arguments(ctx, argv, &fd, 1) ? JS_EXCEPTION : result(ctx, ioctl(fd, TIOCSPTLCK, &off));
}

static JSValue host_open_other_side(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t fd;
    if (int_arguments(ctx, argv, &fd, 1))
        return JS_EXCEPTION;
    return result(ctx, ioctl(fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
}

static JSValue host_take_terminal(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t fd;
    return int_arguments(ctx, argv, &fd, 1) ? JS_EXCEPTION : result(ctx, ioctl(fd, TIOCSCTTY, 0));
}

static JSValue host_get_terminal_mode(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t fd;
    struct termios mode = { 0 };
    if (int_arguments(ctx, argv, &fd, 1))
        return JS_EXCEPTION;
    return tcgetattr(fd, &mode) < 0 ? result(ctx, -1) : text_from_bytes(ctx, (const char *)&mode, sizeof mode);
}

static JSValue host_set_terminal_mode(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t fd;
    size_t len;
    struct termios mode;
    if (int_arguments(ctx, argv, &fd, 1))
        return JS_EXCEPTION;
    char *bytes = text_to_bytes(ctx, &len, argv[1]);
    if (bytes == NULL)
        return JS_EXCEPTION;
    int is_whole = len == sizeof mode;
    if (is_whole)
        memcpy(&mode, bytes, sizeof mode);
    free_text(ctx, bytes);
    if (!is_whole)
        return JS_NewInt32(ctx, -EINVAL);
    if (JS_ToBool(ctx, argv[2]))
        cfmakeraw(&mode);
    return result(ctx, tcsetattr(fd, TCSANOW, &mode));
}

static JSValue host_get_window_size(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t fd;
    struct winsize size;
    if (int_arguments(ctx, argv, &fd, 1))
        return JS_EXCEPTION;
    if (ioctl(fd, TIOCGWINSZ, &size) < 0)
        return result(ctx, -1);
    return int_array(ctx, (int64_t[]){ size.ws_row, size.ws_col }, 2);
}

static JSValue host_set_window_size(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t numbers[3];
    if (int_arguments(ctx, argv, numbers, 3))
        return JS_EXCEPTION;
    struct winsize size = { .ws_row = (unsigned short)numbers[1], .ws_col = (unsigned short)numbers[2] };
    return result(ctx, ioctl(numbers[0], TIOCSWINSZ, &size));
}

/* -- the table -------------------------------------------------------------------------------------- */

static const JSCFunctionListEntry table[] = {
    JS_CFUNC_DEF("fork", 0, host_fork),
    JS_CFUNC_DEF("exit", 1, host_exit),
    JS_CFUNC_DEF("become", 3, host_become),
    JS_CFUNC_DEF("newSession", 0, host_new_session),
    JS_CFUNC_DEF("setNamespace", 1, host_set_namespace),
    JS_CFUNC_DEF("control", 2, host_control),
    JS_CFUNC_DEF("trace", 3, host_trace),
    JS_CFUNC_DEF("getFilter", 2, host_get_filter),
    JS_CFUNC_DEF("addFilter", 1, host_add_filter),
    JS_CFUNC_DEF("setCapabilities", 4, host_set_capabilities),
    JS_CFUNC_DEF("setUmask", 1, host_set_umask),
    JS_CFUNC_DEF("open", 3, host_open),
    JS_CFUNC_DEF("sendFile", 3, host_send_file),
    JS_CFUNC_DEF("pipe", 0, host_pipe),
    JS_CFUNC_DEF("socketPair", 0, host_socket_pair),
    JS_CFUNC_DEF("sendDescriptor", 2, host_send_descriptor),
    JS_CFUNC_DEF("receiveDescriptor", 1, host_receive_descriptor),
    JS_CFUNC_DEF("unlockTerminal", 1, host_unlock_terminal),
    JS_CFUNC_DEF("openOtherSide", 1, host_open_other_side),
    JS_CFUNC_DEF("takeTerminal", 1, host_take_terminal),
    JS_CFUNC_DEF("getTerminalMode", 1, host_get_terminal_mode),
    JS_CFUNC_DEF("setTerminalMode", 3, host_set_terminal_mode),
    JS_CFUNC_DEF("getWindowSize", 1, host_get_window_size),
    JS_CFUNC_DEF("setWindowSize", 3, host_set_window_size),
};

void host_add(JSContext *ctx, JSValueConst object)
{
    JS_SetPropertyFunctionList(ctx, object, table, sizeof table / sizeof *table);
}
