/* The table behind interface Host: src/host/host.ts has the units, answers and man pages. Only host-tools contains it.
 * One method, one call. Nothing is decided here. */
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
#include <unistd.h>

#ifndef TIOCGPTPEER /* not in every libc's headers */
#define TIOCGPTPEER 0x5441
#endif

#ifdef SANITIZED
/* At exit, the search for leaks waits for a thread of its own; if that is in another PID namespace, for ever. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}
#endif

/* -- processes ------------------------------------------------------------------------------------ */

static JSValue exit_now(JSContext *ctx, struct argument *a)
{
    (void)ctx;
    _exit(INT(0));
}

/* As in linux/filter.h: musl has no headers of the kernel. */
struct instruction {
    uint16_t code;
    uint8_t jump_true, jump_false;
    uint32_t value;
};
enum { MAX_INSTRUCTIONS = 4096 };

static JSValue get_filter(JSContext *ctx, struct argument *a)
{
    enum { GET_FILTER = 0x420c }; /* PTRACE_SECCOMP_GET_FILTER */
    struct instruction *filter = malloc(MAX_INSTRUCTIONS * sizeof *filter);
    if (filter == NULL)
        return JS_NewInt32(ctx, -ENOMEM);
    long count = syscall(SYS_ptrace, (long)GET_FILTER, (long)INT(0), (long)INT(1), filter);
    JSValue answer = count < 0 ? result(ctx, -1)
                               : text_from_bytes(ctx, (const char *)filter, (size_t)count * sizeof *filter);
    free(filter);
    return answer;
}

static int add_filter(const char *bytes, size_t len)
{
    struct {
        unsigned short count;
        const void *instructions;
    } program = { (unsigned short)(len / sizeof(struct instruction)), bytes };
    return (int)syscall(SYS_seccomp, 1 /* SECCOMP_SET_MODE_FILTER */, 0, &program);
}

/* `words`: low and high of permitted and effective, low and high of inheritable. */
static int set_capabilities(const uint32_t words[4])
{
    /* As in linux/capability.h. */
    struct {
        uint32_t version;
        int pid;
    } header = { 0x20080522, 0 };
    struct {
        uint32_t effective, permitted, inheritable;
    } sets[2] = { { words[0], words[0], words[2] }, { words[1], words[1], words[3] } };
    return (int)syscall(SYS_capset, &header, sets);
}

/* -- descriptors ------------------------------------------------------------------------------------ */

static JSValue pair(JSContext *ctx, int returned, const int ends[2])
{
    return returned < 0 ? result(ctx, -1) : int_array(ctx, (int64_t[]){ ends[0], ends[1] }, 2);
}

static JSValue pipe_pair(JSContext *ctx, struct argument *a)
{
    (void)a;
    int ends[2];
    return pair(ctx, pipe2(ends, O_CLOEXEC), ends);
}

static JSValue socket_pair(JSContext *ctx, struct argument *a)
{
    (void)a;
    int ends[2];
    return pair(ctx, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), ends);
}

/* A message of one byte with one descriptor. */
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

static ssize_t send_descriptor(int socket, int fd)
{
    struct envelope envelope;
    struct msghdr *message = envelope_open(&envelope);
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &fd, sizeof(int));
    return sendmsg(socket, message, MSG_NOSIGNAL);
}

static int receive_descriptor(int socket)
{
    struct envelope envelope;
    struct msghdr *message = envelope_open(&envelope);
    if (recvmsg(socket, message, MSG_CMSG_CLOEXEC) < 0)
        return -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    if (header == NULL || header->cmsg_type != SCM_RIGHTS) {
        errno = ENODATA;
        return -1;
    }
    int fd;
    memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return fd;
}

/* -- terminals -------------------------------------------------------------------------------------- */

static int set_window_size(int fd, int rows, int columns)
{
    struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns };
    return ioctl(fd, TIOCSWINSZ, &size);
}

/* -- the table -------------------------------------------------------------------------------------- */

#define WORD(i) ((uint32_t)a[i].number)
#define LONG(i) ((long)INT(i))

/* clang-format off */
#define METHODS(CALL, OWN) \
    CALL(fork, "", fork()) \
    OWN(exit, "n", exit_now) \
    CALL(execWithSignals, "tww", execve(TEXT(0), WORDS(1), WORDS(2))) \
    CALL(newSession, "", setsid()) \
    CALL(setNamespace, "n", setns(INT(0), 0)) \
    CALL(control, "nn", prctl(INT(0), (unsigned long)INT(1), 0UL, 0UL, 0UL)) \
    CALL(trace, "nnn", syscall(SYS_ptrace, LONG(0), LONG(1), 0L, LONG(2))) \
    OWN(getFilter, "nn", get_filter) \
    CALL(addFilter, "b", add_filter(TEXT(0), a[0].count)) \
    CALL(setCapabilities, "nnnn", set_capabilities((uint32_t[]){ WORD(0), WORD(1), WORD(2), WORD(3) })) \
    CALL(setUmask, "n", umask(MODE(0))) \
    CALL(open, "ntn", openat(INT(0), TEXT(1), INT(2) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) \
    CALL(sendFile, "nnn", sendfile(INT(1), INT(0), NULL, (size_t)INT(2))) \
    OWN(pipe, "", pipe_pair) \
    OWN(socketPair, "", socket_pair) \
    CALL(sendDescriptor, "nn", send_descriptor(INT(0), INT(1))) \
    CALL(receiveDescriptor, "n", receive_descriptor(INT(0))) \
    CALL(unlockTerminal, "n", ioctl(INT(0), TIOCSPTLCK, &(int){ 0 })) \
    CALL(openOtherSide, "n", ioctl(INT(0), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)) \
    CALL(takeTerminal, "n", ioctl(INT(0), TIOCSCTTY, 0)) \
    CALL(setWindowSize, "nnn", set_window_size(INT(0), INT(1), INT(2)))
/* clang-format on */

METHOD_TABLE(METHODS)

void host_add(JSContext *ctx, JSValueConst object)
{
    JS_SetPropertyFunctionList(ctx, object, table, sizeof table / sizeof *table);
}
