/* The table behind interface Linux: src/linux/linux.ts has the units, answers and man pages.
 * One method, one call (or one bundle that cannot be divided, as in spawn). Nothing is decided here. */
#include "native.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#ifndef RENAME_EXCHANGE /* not in every libc's headers */
#define RENAME_EXCHANGE 2
#endif

/* The longest wait if no descriptor is left for a signalfd, so that a signal cannot end it. */
enum { WITHOUT_SIGNALS_MS = 10 };

sigset_t blocked_signals;

/* The bits of spawn's options: SPAWN in src/linux/linux.ts. */
enum { SPAWN_SESSION = 1, SPAWN_GROUP = 2, SPAWN_FOREGROUND = 4, SPAWN_NO_INPUT = 8 };

void signals_block(void)
{
    /* By the bytes of the set: musl's sigaddset refuses 32 to 34, and 34 is SIGRTMIN elsewhere. SIGSEGV and the like,
     * too: a real fault kills all the same, and a signal that was sent can be passed on. */
    memset(&blocked_signals, 0xFF, sizeof blocked_signals);
#ifdef SANITIZED /* the sanitizers report from handlers */
    const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        sigdelset(&blocked_signals, faults[i]);
#endif
    sigprocmask(SIG_SETMASK, &blocked_signals, NULL);
    /* With an inherited SIG_IGN, the kernel would reap our children. */
    signal(SIGCHLD, SIG_DFL);
}

/* Before exec: blocks and ignores no signal. musl's sigaction(3) refuses 32 to 34, which may have been ignored. */
static void signals_restore(void)
{
    const char default_action[64] = { 0 }; /* larger than the kernel's struct; SIG_DFL is 0 */
    for (int number = 1; number <= 64; number++)
        syscall(SYS_rt_sigaction, number, default_action, NULL, 8);
    sigset_t none;
    memset(&none, 0, sizeof none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* -- children ------------------------------------------------------------------------------------ */

/* What a child needs until execve, at the start of memory for it alone; the rest is its stack. The child shares all our
 * memory, but we do not sleep as after vfork(2). So it writes to nothing else (docs/adr/0016-start.md). */
struct start {
    const char *file;
    char **argv, **env;
    int options, terminal, out, err;
    int error;  /* of execve */
    int is_set; /* the kernel writes 0 when the child has left our memory: CLONE_CHILD_CLEARTID in clone(2) */
};
enum { START_BYTES = 8192 };

/* Children that may still use their memory, or whose execve failed. */
static struct starting {
    struct starting *next;
    pid_t pid;
    struct argument program[3]; /* file, argv and env */
    struct start *start;
} *all_starting;

/* A system call that does not set errno, which is the parent's. */
static long bare_call(long number, long a, long b, long c, long d)
{
#if defined __x86_64__
    register long r10 __asm__("r10") = d;
    __asm__ volatile("syscall" : "+a"(number) : "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return number;
#elif defined __aarch64__
    register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
#else
#error "no system calls for this architecture"
#endif
}

__attribute__((no_sanitize("address", "undefined"))) static int start_child(void *argument)
{
    struct start *start = argument;
    const char zeros[64] = { 0 }; /* as in signals_restore */
    bare_call(SYS_set_tid_address, (long)&start->is_set, 0, 0, 0);
    if (start->options & SPAWN_SESSION)
        bare_call(SYS_setsid, 0, 0, 0, 0);
    if (start->options & (SPAWN_GROUP | SPAWN_FOREGROUND))
        bare_call(SYS_setpgid, 0, 0, 0, 0);
    if (start->options & SPAWN_FOREGROUND) { /* SIGTTOU is still blocked: a background group may do this */
        int group = (int)bare_call(SYS_getpid, 0, 0, 0, 0);
        bare_call(SYS_ioctl, start->terminal, TIOCSPGRP, (long)&group, 0);
    }
    if (start->options & SPAWN_NO_INPUT) {
        long null = bare_call(SYS_openat, AT_FDCWD, (long)"/dev/null", O_RDONLY, 0);
        if (null > 0) {
            bare_call(SYS_dup3, null, 0, 0, 0);
            bare_call(SYS_close, null, 0, 0, 0);
        }
    }
    if (start->out > 2) /* a lower number is a standard stream already */
        bare_call(SYS_dup3, start->out, 1, 0, 0);
    if (start->err > 2)
        bare_call(SYS_dup3, start->err, 2, 0, 0);
    for (int number = 1; number <= 64; number++)
        bare_call(SYS_rt_sigaction, number, (long)zeros, 0, 8);
    bare_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)zeros, 0, 8);
    start->error = (int)-bare_call(SYS_execve, (long)start->file, (long)start->argv, (long)start->env, 0);
    bare_call(SYS_exit_group, 126, 0, 0, 0);
    return 0;
}

static void starting_free(JSContext *ctx, struct starting **link)
{
    struct starting *starting = *link;
    *link = starting->next;
    munmap(starting->start, START_BYTES);
    arguments_free(ctx, starting->program, 3);
    js_free(ctx, starting);
}

/* Frees the memory of children that now run their program. */
static void starting_sweep(JSContext *ctx)
{
    for (struct starting **link = &all_starting; *link != NULL;) {
        const struct start *start = (*link)->start;
        if (__atomic_load_n(&start->is_set, __ATOMIC_ACQUIRE) == 0 && start->error == 0)
            starting_free(ctx, link);
        else
            link = &(*link)->next;
    }
}

static JSValue spawn(JSContext *ctx, struct argument *a)
{
    starting_sweep(ctx);
    struct starting *starting = js_mallocz(ctx, sizeof *starting);
    if (starting == NULL)
        return JS_EXCEPTION;
    struct start *start = mmap(NULL, START_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) {
        JSValue answer = result(ctx, -1);
        js_free(ctx, starting);
        return answer;
    }
    *start = (struct start){ TEXT(0), WORDS(1), WORDS(2), INT(3), INT(4), INT(5), INT(6), 0, 1 };
    *starting = (struct starting){ all_starting, 0, { a[0], a[1], a[2] }, start };
    memset(a, 0, 3 * sizeof *a); /* the child needs them until execve */
    all_starting = starting;
    char *stack = (char *)start + START_BYTES;
#ifdef SANITIZED /* the sanitizers cannot follow such a stack */
    const int flags = SIGCHLD;
#else
    const int flags = SIGCHLD | CLONE_VM;
#endif
    starting->pid = clone(start_child, stack, flags, start);
    if (starting->pid < 0 && errno == EINVAL) /* emulators (qemu) cannot share memory between processes */
        starting->pid = clone(start_child, stack, SIGCHLD, start);
    JSValue answer = result(ctx, starting->pid);
    if (starting->pid < 0)
        starting_free(ctx, &all_starting);
    return answer;
}

static JSValue start_error(JSContext *ctx, struct argument *a)
{
    for (struct starting **link = &all_starting; *link != NULL; link = &(*link)->next) {
        if ((*link)->pid != INT(0))
            continue;
        int error = (*link)->start->error;
        starting_free(ctx, link);
        return JS_NewInt32(ctx, error);
    }
    return JS_NewInt32(ctx, 0);
}

static JSValue exec(JSContext *ctx, struct argument *a)
{
    signals_restore();
    execve(TEXT(0), WORDS(1), WORDS(2));
    JSValue answer = result(ctx, -1);
    sigprocmask(SIG_SETMASK, &blocked_signals, NULL);
    return answer;
}

static JSValue wait_any(JSContext *ctx, struct argument *a)
{
    (void)a;
    int status;
    pid_t pid = waitpid(-1, &status, WNOHANG | WUNTRACED);
    return pid <= 0 ? result(ctx, pid) : int_array(ctx, (int64_t[]){ pid, status }, 2);
}

/* No number of JavaScript holds 2^64 - 1, which is no limit: it becomes -1. */
static JSValue get_limit(JSContext *ctx, struct argument *a)
{
    struct rlimit limit;
    if (prlimit(INT(0), INT(1), NULL, &limit) < 0)
        return result(ctx, -1);
    return int_array(ctx, (int64_t[]){ (int64_t)limit.rlim_cur, (int64_t)limit.rlim_max }, 2);
}

static int set_limit(int resource, int64_t soft, int64_t hard)
{
    return setrlimit(resource, &(struct rlimit){ (rlim_t)soft, (rlim_t)hard });
}

/* -- signals, clock ------------------------------------------------------------------------------- */

static JSValue take_signal(JSContext *ctx, struct argument *a)
{
    (void)a;
    siginfo_t info;
    struct timespec now = { 0, 0 };
    int number = sigtimedwait(&blocked_signals, &info, &now);
    if (number < 0)
        return result(ctx, number);
    int value = info.si_code == SI_QUEUE ? info.si_value.sival_int : 0;
    return int_array(ctx, (int64_t[]){ number, info.si_pid, value, info.si_code }, 4);
}

/* poll(2). Before a wait, a process needs more stack than in the wait. A long wait gives the unused pages back. */
static int poll_with_small_stack(struct pollfd *fds, nfds_t count, int timeout)
{
    enum { SHORT_MS = 1000, PAGE = 4096, BELOW = 16 * PAGE };
    if (timeout >= 0 && timeout <= SHORT_MS)
        return poll(fds, count, timeout);
    int ready = poll(fds, count, SHORT_MS);
    if (ready != 0)
        return ready;
    char *frame = __builtin_frame_address(0);
    char *end = frame - PAGE - (uintptr_t)frame % PAGE; /* the page below has the end of this frame */
    madvise(end - BELOW, BELOW, MADV_DONTNEED);
    return poll(fds, count, timeout < 0 ? timeout : timeout - SHORT_MS);
}

static JSValue wait_ready(JSContext *ctx, struct argument *a)
{
    starting_sweep(ctx);
    static int signals = -1; /* opened by the first wait: a program that never waits pays nothing */
    static bool is_last;     /* it is the last descriptor of the limit: between two waits, other files need it */
    if (signals < 0 && (signals = signalfd(-1, &blocked_signals, SFD_CLOEXEC)) >= 0) {
        struct rlimit limit;
        is_last = getrlimit(RLIMIT_NOFILE, &limit) == 0 && (rlim_t)signals + 1 >= limit.rlim_cur;
    }
    if (signals < 0 && errno != EMFILE)
        return result(ctx, -1);

    int timeout = INT(2);
    if (signals < 0 && (timeout < 0 || timeout > WITHOUT_SIGNALS_MS))
        timeout = WITHOUT_SIGNALS_MS;
    size_t read_count = a[0].count, count = read_count + a[1].count;
    struct pollfd *fds = js_mallocz(ctx, sizeof *fds * (count + 1));
    int64_t *ready = js_malloc(ctx, sizeof *ready * (count + 1));
    JSValue answer = JS_EXCEPTION;
    if (fds == NULL || ready == NULL)
        goto done;
    for (size_t i = 0; i < count; i++) {
        bool reads = i < read_count;
        fds[i].fd = (int)(reads ? a[0].numbers[i] : a[1].numbers[i - read_count]);
        fds[i].events = reads ? POLLIN : POLLOUT;
    }
    fds[count] = (struct pollfd){ .fd = signals, .events = POLLIN };
    if (poll_with_small_stack(fds, (nfds_t)count + 1, timeout) < 0) {
        answer = result(ctx, -1);
        goto done;
    }
    uint32_t ready_count = 0;
    for (size_t i = 0; i < count; i++)
        if (fds[i].revents != 0)
            ready[ready_count++] = fds[i].fd;
    answer = int_array(ctx, ready, ready_count);
done:
    js_free(ctx, fds);
    js_free(ctx, ready);
    if (is_last && signals >= 0) {
        close(signals);
        signals = -1;
    }
    return answer;
}

static JSValue clock_ms(JSContext *ctx, clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return JS_NewFloat64(ctx, (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6);
}

static JSValue monotonic_ms(JSContext *ctx, struct argument *a)
{
    (void)a;
    return clock_ms(ctx, CLOCK_MONOTONIC);
}

static JSValue realtime_ms(JSContext *ctx, struct argument *a)
{
    (void)a;
    return clock_ms(ctx, CLOCK_REALTIME);
}

/* -- identity -------------------------------------------------------------------------------------- */

static JSValue get_euid(JSContext *ctx, struct argument *a)
{
    (void)a;
    return JS_NewInt64(ctx, geteuid());
}

static JSValue set_groups(JSContext *ctx, struct argument *a)
{
    gid_t *groups = js_malloc(ctx, sizeof *groups * (a[0].count + 1));
    if (groups == NULL)
        return JS_EXCEPTION;
    for (size_t i = 0; i < a[0].count; i++)
        groups[i] = (gid_t)a[0].numbers[i];
    JSValue answer = result(ctx, (int)syscall(SYS_setgroups, a[0].count, groups));
    js_free(ctx, groups);
    return answer;
}

/* -- files ------------------------------------------------------------------------------------------ */

static JSValue read_file(JSContext *ctx, struct argument *a)
{
    /* musl's open(3) would set close-on-exec a second time, for old kernels. */
    int fd = (int)syscall(SYS_openat, AT_FDCWD, TEXT(0), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | O_LARGEFILE, 0);
    if (fd < 0)
        return result(ctx, -1);
    struct stat facts;
    int error = fstat(fd, &facts) < 0 ? errno : S_ISREG(facts.st_mode) ? 0 : S_ISDIR(facts.st_mode) ? EISDIR : EINVAL;
    if (error != 0) {
        close(fd);
        return JS_NewInt32(ctx, -error);
    }

    /* Small files need no malloc. One byte more than allowed is read, to notice a file that is too large. */
    char start[4096];
    size_t limit = (size_t)a[1].number + 1, capacity = sizeof start, len = 0;
    char *bytes = start, *larger = NULL;
    JSValue answer = JS_EXCEPTION;
    for (;;) {
        ssize_t got = read(fd, bytes + len, (capacity < limit ? capacity : limit) - len);
        if (got < 0) {
            answer = result(ctx, -1);
            break;
        }
        len += (size_t)got;
        /* The size spares the read that returns 0; a file of /proc has no size. */
        if (got == 0 || len == limit || (off_t)len == facts.st_size) {
            if (len == limit && FLAG(2))
                len--;
            answer = len == limit ? JS_NewInt32(ctx, -EFBIG) : text_from_bytes(ctx, bytes, len);
            break;
        }
        if (len == capacity) {
            capacity *= 2;
            char *grown = js_realloc(ctx, larger, capacity);
            if (grown == NULL)
                break;
            if (larger == NULL)
                memcpy(grown, start, len);
            bytes = larger = grown;
        }
    }
    js_free(ctx, larger);
    close(fd);
    return answer;
}

static JSValue write_file(JSContext *ctx, struct argument *a)
{
    int flags = FLAG(2) ? O_CREAT | O_EXCL | O_NOFOLLOW : O_TRUNC;
    int fd = open(TEXT(0), O_WRONLY | O_CLOEXEC | O_NOCTTY | flags, 0600);
    if (fd < 0)
        return result(ctx, -1);
    int error = 0;
    for (size_t done = 0; error == 0 && done < a[1].count;) {
        ssize_t put = write(fd, TEXT(1) + done, a[1].count - done);
        if (put < 0)
            error = errno;
        else
            done += (size_t)put;
    }
    if (close(fd) < 0 && error == 0)
        error = errno;
    if (error != 0 && FLAG(2))
        unlink(TEXT(0));
    return JS_NewInt32(ctx, -error);
}

/* What getdents64(2) writes. */
struct linux_dirent64 {
    uint64_t d_ino;
    int64_t d_off;
    unsigned short d_reclen;
    unsigned char d_type;
    char d_name[];
};

static JSValue list_dir(JSContext *ctx, struct argument *a)
{
    int fd = (int)syscall(SYS_openat, AT_FDCWD, TEXT(0), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0)
        return result(ctx, -1);

    /* The memory that readdir(3) allocates would cost more than all of this, for a small directory. */
    char entries[4096] __attribute__((aligned(8)));
    JSValue names = JS_NewArray(ctx);
    uint32_t count = 0;
    ssize_t got;
    while ((got = syscall(SYS_getdents64, fd, entries, sizeof entries)) > 0) {
        for (ssize_t at = 0; at < got;) {
            const struct linux_dirent64 *entry = (const struct linux_dirent64 *)(void *)(entries + at);
            at += entry->d_reclen;
            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                continue;
            JSValue name = text_from_bytes(ctx, entry->d_name, strlen(entry->d_name));
            if (JS_IsException(name) || JS_SetPropertyUint32(ctx, names, count++, name) < 0) {
                JS_FreeValue(ctx, names);
                close(fd);
                return JS_EXCEPTION;
            }
        }
    }
    if (got < 0) {
        JS_FreeValue(ctx, names);
        names = result(ctx, -1);
    }
    close(fd);
    return names;
}

static JSValue stat_with(JSContext *ctx, const char *path, int flags)
{
    struct stat status;
    if (fstatat(AT_FDCWD, path, &status, flags) < 0)
        return result(ctx, -1);
    return int_array(ctx,
                     (int64_t[]){ status.st_mode, status.st_uid, status.st_gid, status.st_size,
                                  (int64_t)status.st_ino, status.st_mtim.tv_sec },
                     6);
}

static JSValue stat_target(JSContext *ctx, struct argument *a)
{
    return stat_with(ctx, TEXT(0), 0);
}

static JSValue stat_link(JSContext *ctx, struct argument *a)
{
    return stat_with(ctx, TEXT(0), AT_SYMLINK_NOFOLLOW);
}

static int sync_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return -1;
    int returned = fsync(fd), error = errno;
    close(fd);
    errno = error;
    return returned;
}

static int lock_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return -1;
    struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    if (fcntl(fd, F_SETLK, &whole) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static int lock_directory(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static int set_modified(const char *path, time_t seconds)
{
    return utimensat(AT_FDCWD, path, (struct timespec[]){ { 0, UTIME_OMIT }, { seconds, 0 } }, 0);
}

static JSValue real_path(JSContext *ctx, struct argument *a)
{
    char real[PATH_MAX];
    return realpath(TEXT(0), real) == NULL ? result(ctx, -1) : text_from_bytes(ctx, real, strlen(real));
}

static JSValue read_link(JSContext *ctx, struct argument *a)
{
    char target[PATH_MAX];
    ssize_t length = readlink(TEXT(0), target, sizeof target);
    return length < 0 ? result(ctx, -1) : text_from_bytes(ctx, target, (size_t)length);
}

static JSValue inotify_take(JSContext *ctx, struct argument *a)
{
    char bytes[8192] __attribute__((aligned(__alignof__(struct inotify_event))));
    ssize_t got = read(INT(0), bytes, sizeof bytes);
    if (got < 0)
        return result(ctx, -1);
    int64_t watches[sizeof bytes / sizeof(struct inotify_event)];
    uint32_t count = 0;
    for (char *at = bytes; at < bytes + got;) {
        const struct inotify_event *event = (const struct inotify_event *)(void *)at;
        watches[count++] = event->wd;
        at += sizeof *event + event->len;
    }
    return int_array(ctx, watches, count);
}

/* -- descriptors ------------------------------------------------------------------------------------ */

static JSValue read_bytes(JSContext *ctx, struct argument *a)
{
    size_t max = (size_t)a[1].number;
    char *bytes = js_malloc(ctx, max);
    if (bytes == NULL)
        return JS_EXCEPTION;
    ssize_t got = read(INT(0), bytes, max);
    JSValue answer = got < 0 ? result(ctx, -1) : text_from_bytes(ctx, bytes, (size_t)got);
    js_free(ctx, bytes);
    return answer;
}

static int unread(int fd)
{
    int count = 0;
    return ioctl(fd, FIONREAD, &count) < 0 ? -1 : count;
}

static JSValue is_terminal(JSContext *ctx, struct argument *a)
{
    return JS_NewBool(ctx, isatty(INT(0)));
}

static JSValue get_terminal_mode(JSContext *ctx, struct argument *a)
{
    struct termios mode = { 0 };
    return tcgetattr(INT(0), &mode) < 0 ? result(ctx, -1) : text_from_bytes(ctx, (const char *)&mode, sizeof mode);
}

static int set_terminal_mode(int fd, const char *bytes, size_t len, bool is_raw)
{
    struct termios mode;
    if (len != sizeof mode) {
        errno = EINVAL;
        return -1;
    }
    memcpy(&mode, bytes, sizeof mode);
    if (is_raw)
        cfmakeraw(&mode);
    return tcsetattr(fd, TCSANOW, &mode);
}

static JSValue get_window_size(JSContext *ctx, struct argument *a)
{
    struct winsize size;
    if (ioctl(INT(0), TIOCGWINSZ, &size) < 0)
        return result(ctx, -1);
    return int_array(ctx, (int64_t[]){ size.ws_row, size.ws_col }, 2);
}

/* -- text -------------------------------------------------------------------------------------------- */

static JSValue frame_lines(JSContext *ctx, struct argument *a)
{
    return text_from_lines(ctx, TEXT(0), a[0].count, TEXT(1), a[1].count, TEXT(2), a[2].count, FLAG(3));
}

/* -- the table --------------------------------------------------------------------------------------- */

/* clang-format off */
#define METHODS(CALL, OWN) \
    OWN(spawn, "twwnnnn", spawn) \
    OWN(startError, "n", start_error) \
    OWN(exec, "tww", exec) \
    OWN(waitAny, "", wait_any) \
    CALL(kill, "nn", kill(INT(0), INT(1))) \
    CALL(queueSignal, "nnn", sigqueue(INT(0), INT(1), (union sigval){ .sival_int = INT(2) })) \
    CALL(pidfdOpen, "n", syscall(SYS_pidfd_open, INT(0), 0)) /* always close-on-exec */ \
    CALL(pidfdKill, "nn", syscall(SYS_pidfd_send_signal, INT(0), INT(1), NULL, 0)) \
    CALL(becomeSubreaper, "", prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)) \
    CALL(getPid, "", getpid()) \
    OWN(getLimit, "nn", get_limit) \
    CALL(setLimit, "nnn", set_limit(INT(0), a[1].number, a[2].number)) \
    OWN(takeSignal, "", take_signal) \
    OWN(poll, "aan", wait_ready) \
    CALL(sleep, "n", poll(NULL, 0, INT(0))) /* all signals are blocked */ \
    OWN(monotonicMs, "", monotonic_ms) \
    OWN(realtimeMs, "", realtime_ms) \
    OWN(getEuid, "", get_euid) \
    OWN(setGroups, "a", set_groups) \
    CALL(setGid, "n", setresgid(GID(0), GID(0), GID(0))) \
    CALL(setUid, "n", setresuid(UID(0), UID(0), UID(0))) \
    OWN(readFile, "tnf", read_file) \
    OWN(writeFile, "tbf", write_file) \
    OWN(listDir, "t", list_dir) \
    OWN(stat, "t", stat_target) \
    OWN(lstat, "t", stat_link) \
    CALL(access, "tn", faccessat(AT_FDCWD, TEXT(0), INT(1), AT_EACCESS)) \
    CALL(chmod, "tn", chmod(TEXT(0), MODE(1))) \
    CALL(setModified, "tn", set_modified(TEXT(0), (time_t)a[1].number)) \
    CALL(chown, "tnn", chown(TEXT(0), UID(1), GID(2))) \
    CALL(rename, "tt", rename(TEXT(0), TEXT(1))) \
    CALL(exchange, "tt", syscall(SYS_renameat2, AT_FDCWD, TEXT(0), AT_FDCWD, TEXT(1), RENAME_EXCHANGE)) \
    CALL(unlink, "t", unlink(TEXT(0))) \
    CALL(mkdir, "tn", mkdir(TEXT(0), MODE(1))) \
    CALL(rmdir, "t", rmdir(TEXT(0))) \
    CALL(symlink, "tt", symlink(TEXT(0), TEXT(1))) \
    OWN(realPath, "t", real_path) \
    OWN(readLink, "t", read_link) \
    CALL(changeDirectory, "t", chdir(TEXT(0))) \
    CALL(sync, "t", sync_file(TEXT(0))) \
    CALL(lock, "t", lock_file(TEXT(0))) \
    CALL(lockDirectory, "t", lock_directory(TEXT(0))) \
    CALL(memoryFile, "t", syscall(SYS_memfd_create, TEXT(0), MFD_CLOEXEC)) \
    CALL(inotifyOpen, "", inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) \
    CALL(inotifyAdd, "nt", inotify_add_watch(INT(0), TEXT(1), IN_CREATE | IN_DELETE | IN_MOVE)) \
    CALL(inotifyRemove, "nn", inotify_rm_watch(INT(0), INT(1))) \
    OWN(inotifyRead, "n", inotify_take) \
    CALL(write, "nb", write(INT(0), TEXT(1), a[1].count)) \
    CALL(openToAppend, "t", open(TEXT(0), O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)) \
    CALL(openToWrite, "t", open(TEXT(0), O_WRONLY | O_NOCTTY | O_CLOEXEC)) \
    CALL(openToRead, "t", open(TEXT(0), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)) \
    CALL(openToShare, "t", open(TEXT(0), O_RDWR | O_NOCTTY | O_CLOEXEC)) \
    CALL(makeFifo, "tn", mkfifo(TEXT(0), MODE(1))) \
    OWN(read, "nn", read_bytes) \
    CALL(unread, "n", unread(INT(0))) \
    CALL(duplicate, "nn", dup2(INT(0), INT(1))) \
    CALL(close, "n", close(INT(0))) \
    OWN(isTerminal, "n", is_terminal) \
    CALL(getForeground, "n", tcgetpgrp(INT(0))) \
    CALL(setForeground, "nn", tcsetpgrp(INT(0), INT(1))) \
    CALL(getGroup, "", getpgrp()) \
    OWN(getTerminalMode, "n", get_terminal_mode) \
    CALL(setTerminalMode, "nbf", set_terminal_mode(INT(0), TEXT(1), a[1].count, FLAG(2))) \
    OWN(getWindowSize, "n", get_window_size) \
    OWN(frameLines, "bbbf", frame_lines)
/* clang-format on */

METHOD_TABLE(METHODS)

static JSValue text_array(JSContext *ctx, char **words, int count)
{
    JSValue array = JS_NewArray(ctx);
    for (int i = 0; i < count && !JS_IsException(array); i++) {
        JSValue word = text_from_bytes(ctx, words[i], strlen(words[i]));
        if (JS_IsException(word) || JS_SetPropertyUint32(ctx, array, (uint32_t)i, word) < 0) {
            JS_FreeValue(ctx, array);
            array = JS_EXCEPTION;
        }
    }
    return array;
}

JSValue linux_methods(JSContext *ctx)
{
    JSValue methods = JS_NewObject(ctx);
    if (!JS_IsException(methods))
        JS_SetPropertyFunctionList(ctx, methods, table, sizeof table / sizeof *table);
    return methods;
}

/* False with an exception pending. */
static bool define(JSContext *ctx, JSValueConst object, const char *name, JSValue value)
{
    return !JS_IsException(value) && JS_DefinePropertyValueStr(ctx, object, name, value, JS_PROP_ENUMERABLE) >= 0;
}

JSValue linux_of_process(JSContext *ctx, JSValueConst methods, int argc, char **argv, char **env)
{
    JSValue object = JS_NewObjectProto(ctx, methods);
    const char *path = (const char *)getauxval(AT_EXECFN);
    int env_count = 0;
    while (env[env_count] != NULL)
        env_count++;
    if (!JS_IsException(object) && define(ctx, object, "argv", text_array(ctx, argv, argc)) &&
        define(ctx, object, "programPath", text_from_bytes(ctx, path, path != NULL ? strlen(path) : 0)) &&
        define(ctx, object, "environ", text_array(ctx, env, env_count)))
        return object;
    JS_FreeValue(ctx, object);
    return JS_EXCEPTION;
}
