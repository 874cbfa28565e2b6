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

/* How long a wait lasts that cannot be ended by a signal, as there is no descriptor left to see one. */
enum { WITHOUT_SIGNALS_MS = 10 };

sigset_t blocked_signals;

/* The bits of spawn's options: SPAWN in src/linux/linux.ts. */
enum { SPAWN_SESSION = 1, SPAWN_GROUP = 2, SPAWN_FOREGROUND = 4, SPAWN_NO_INPUT = 8 };

void signals_block(void)
{
    /* Through the bytes of the set: musl's sigaddset refuses 32 to 34, of which 34 is SIGRTMIN elsewhere.
     * Also SIGSEGV and its like: one's own fault kills all the same, and one that is sent can be passed on. */
    memset(&blocked_signals, 0xFF, sizeof blocked_signals);
#ifdef SANITIZED /* whose reports are made by handlers */
    const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        sigdelset(&blocked_signals, faults[i]);
#endif
    sigprocmask(SIG_SETMASK, &blocked_signals, NULL);
    /* An inherited SIG_IGN here would make the kernel reap children behind our back. */
    signal(SIGCHLD, SIG_DFL);
}

/* Undoes signals_block, and whatever was ignored, for the program that follows. Not by sigaction(3): musl's
 * refuses 32 to 34, and who started us may have ignored those too. */
static void signals_restore(void)
{
    const char default_action[64] = { 0 }; /* larger than the kernel's struct; SIG_DFL is 0 */
    for (int number = 1; number <= 64; number++)
        syscall(SYS_rt_sigaction, number, default_action, NULL, 8);
    sigset_t none;
    memset(&none, 0, sizeof none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

JSValue result(JSContext *ctx, int returned)
{
    return JS_NewInt32(ctx, returned < 0 ? -errno : returned);
}

JSValue refused(JSContext *ctx, int error)
{
    return error != 0 ? JS_NewInt32(ctx, -error) : JS_EXCEPTION;
}

JSValue int_array(JSContext *ctx, const int64_t *numbers, uint32_t count)
{
    JSValue array = JS_NewArray(ctx);
    if (JS_IsException(array))
        return array;
    for (uint32_t i = 0; i < count; i++) {
        if (JS_SetPropertyUint32(ctx, array, i, JS_NewInt64(ctx, numbers[i])) < 0) {
            JS_FreeValue(ctx, array);
            return JS_EXCEPTION;
        }
    }
    return array;
}

int int_arguments(JSContext *ctx, JSValueConst *argv, int32_t *numbers, int count)
{
    for (int i = 0; i < count; i++)
        if (JS_ToInt32(ctx, &numbers[i], argv[i]))
            return -1;
    return 0;
}

/* -- children ------------------------------------------------------------------------------------ */

void program_free(JSContext *ctx, struct program *program)
{
    free_text(ctx, program->file);
    free_text_array(ctx, program->argv);
    free_text_array(ctx, program->env);
}

bool program_read(JSContext *ctx, struct program *program, int *error, JSValueConst *argv)
{
    *program = (struct program){ 0 };
    program->file = text_to_c(ctx, error, argv[0]);
    if (program->file != NULL)
        program->argv = text_to_c_array(ctx, error, argv[1]);
    if (program->argv != NULL)
        program->env = text_to_c_array(ctx, error, argv[2]);
    if (program->env != NULL)
        return true;
    program_free(ctx, program);
    return false;
}

/* What a child needs from its first instruction to execve, on a page that it shares with us. Its stack is the rest of the
 * page: it shares our memory, but we do not sleep meanwhile, as after vfork(2). So it touches nothing else of ours. */
struct start {
    struct program program;
    int32_t options, terminal, out, err;
    int error;  /* of execve */
    int is_set; /* the kernel writes 0 when the child has left our memory: CLONE_CHILD_CLEARTID in clone(2) */
};
enum { START_BYTES = 8192 };

/* Children that may still use their page, or have something to tell by it. */
static struct starting {
    struct starting *next;
    pid_t pid;
    struct program program;
    struct start *start;
} *all_starting;

/* A system call that leaves no trace in errno, which is ours. */
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
    if (start->options & SPAWN_FOREGROUND) { /* SIGTTOU is blocked still: a background group may do this */
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
    if (start->out > 2) /* one below is standard already */
        bare_call(SYS_dup3, start->out, 1, 0, 0);
    if (start->err > 2)
        bare_call(SYS_dup3, start->err, 2, 0, 0);
    for (int number = 1; number <= 64; number++)
        bare_call(SYS_rt_sigaction, number, (long)zeros, 0, 8);
    bare_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)zeros, 0, 8);
    const struct program *program = &start->program;
    start->error = (int)-bare_call(SYS_execve, (long)program->file, (long)program->argv, (long)program->env, 0);
    bare_call(SYS_exit_group, 126, 0, 0, 0);
    return 0;
}

static void starting_free(JSContext *ctx, struct starting **link)
{
    struct starting *starting = *link;
    *link = starting->next;
    munmap(starting->start, START_BYTES);
    program_free(ctx, &starting->program);
    js_free(ctx, starting);
}

/* Takes back what children do not need any more that now run their program. */
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

static JSValue linux_spawn(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    struct program program;
    int error;
    int32_t numbers[4];
    starting_sweep(ctx);
    if (int_arguments(ctx, argv + 3, numbers, 4))
        return JS_EXCEPTION;
    struct starting *starting = js_mallocz(ctx, sizeof *starting);
    if (starting == NULL)
        return JS_EXCEPTION;
    if (!program_read(ctx, &program, &error, argv)) {
        js_free(ctx, starting);
        return refused(ctx, error);
    }
    struct start *start = mmap(NULL, START_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) {
        JSValue answer = result(ctx, -1);
        program_free(ctx, &program);
        js_free(ctx, starting);
        return answer;
    }
    *start = (struct start){ program, numbers[0], numbers[1], numbers[2], numbers[3], 0, 1 };
    *starting = (struct starting){ all_starting, 0, program, start };
    all_starting = starting;
    char *stack = (char *)start + START_BYTES;
#ifdef SANITIZED /* which follow no stack of ours */
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

static JSValue linux_start_error(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t pid;
    if (int_arguments(ctx, argv, &pid, 1))
        return JS_EXCEPTION;
    for (struct starting **link = &all_starting; *link != NULL; link = &(*link)->next) {
        if ((*link)->pid != pid)
            continue;
        int error = (*link)->start->error;
        starting_free(ctx, link);
        return JS_NewInt32(ctx, error);
    }
    return JS_NewInt32(ctx, 0);
}

static JSValue linux_exec(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    struct program program;
    int error;
    if (!program_read(ctx, &program, &error, argv))
        return refused(ctx, error);
    signals_restore();
    execve(program.file, program.argv, program.env);
    JSValue answer = JS_NewInt32(ctx, -errno);
    sigprocmask(SIG_SETMASK, &blocked_signals, NULL);
    program_free(ctx, &program);
    return answer;
}

static JSValue linux_wait_any(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED, (void)argv;
    int status;
    pid_t pid = waitpid(-1, &status, WNOHANG | WUNTRACED);
    if (pid <= 0)
        return result(ctx, pid);
    return int_array(ctx, (int64_t[]){ pid, status }, 2);
}

static JSValue linux_kill(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t numbers[2];
    if (int_arguments(ctx, argv, numbers, 2))
        return JS_EXCEPTION;
    return result(ctx, kill(numbers[0], numbers[1]));
}

static JSValue linux_queue_signal(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t numbers[3];
    if (int_arguments(ctx, argv, numbers, 3))
        return JS_EXCEPTION;
    return result(ctx, sigqueue(numbers[0], numbers[1], (union sigval){ .sival_int = numbers[2] }));
}

static JSValue linux_pidfd_open(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t pid;
    if (int_arguments(ctx, argv, &pid, 1))
        return JS_EXCEPTION;
    return result(ctx, (int)syscall(SYS_pidfd_open, pid, 0)); /* close-on-exec by itself */
}

static JSValue linux_pidfd_kill(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t numbers[2];
    if (int_arguments(ctx, argv, numbers, 2))
        return JS_EXCEPTION;
    return result(ctx, (int)syscall(SYS_pidfd_send_signal, numbers[0], numbers[1], NULL, 0));
}

static JSValue linux_become_subreaper(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED, (void)argv;
    return result(ctx, prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
}

/* A limit is up to 2^64 - 1, which no number of JavaScript holds: that one is -1. */
static JSValue linux_get_limit(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t numbers[2];
    struct rlimit limit;
    if (int_arguments(ctx, argv, numbers, 2))
        return JS_EXCEPTION;
    if (prlimit(numbers[0], numbers[1], NULL, &limit) < 0)
        return result(ctx, -1);
    return int_array(ctx, (int64_t[]){ (int64_t)limit.rlim_cur, (int64_t)limit.rlim_max }, 2);
}

static JSValue linux_set_limit(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t resource;
    int64_t soft, hard;
    if (int_arguments(ctx, argv, &resource, 1) || JS_ToInt64(ctx, &soft, argv[1]) || JS_ToInt64(ctx, &hard, argv[2]))
        return JS_EXCEPTION;
    struct rlimit limit = { (rlim_t)soft, (rlim_t)hard };
    return result(ctx, setrlimit(resource, &limit));
}

static JSValue linux_get_pid(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED, (void)argv;
    return result(ctx, getpid());
}

/* -- signals, clock ------------------------------------------------------------------------------- */

static JSValue linux_take_signal(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED, (void)argv;
    siginfo_t info;
    struct timespec now = { 0, 0 };
    int number = sigtimedwait(&blocked_signals, &info, &now);
    if (number < 0)
        return result(ctx, number);
    int value = info.si_code == SI_QUEUE ? info.si_value.sival_int : 0;
    return int_array(ctx, (int64_t[]){ number, info.si_pid, value, info.si_code }, 4);
}

static JSValue linux_poll(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    starting_sweep(ctx);
    static int signals = -1; /* made by the first wait, so that a program that never waits pays nothing */
    static bool is_last;     /* of the descriptors that this process may have: others need it between two waits */
    if (signals < 0 && (signals = signalfd(-1, &blocked_signals, SFD_CLOEXEC)) >= 0) {
        struct rlimit limit;
        is_last = getrlimit(RLIMIT_NOFILE, &limit) == 0 && (rlim_t)signals + 1 >= limit.rlim_cur;
    }
    if (signals < 0 && errno != EMFILE)
        return result(ctx, -1);

    uint32_t counts[2];
    int32_t timeout;
    for (int side = 0; side < 2; side++) {
        JSValue length = JS_GetPropertyStr(ctx, argv[side], "length");
        if (JS_ToUint32(ctx, &counts[side], length))
            return JS_EXCEPTION;
    }
    if (JS_ToInt32(ctx, &timeout, argv[2]))
        return JS_EXCEPTION;
    if (signals < 0 && (timeout < 0 || timeout > WITHOUT_SIGNALS_MS))
        timeout = WITHOUT_SIGNALS_MS;
    uint32_t count = counts[0] + counts[1];
    struct pollfd *fds = js_mallocz(ctx, sizeof *fds * ((size_t)count + 1));
    int64_t *ready = js_malloc(ctx, sizeof *ready * ((size_t)count + 1));
    JSValue answer = JS_EXCEPTION;
    if (fds == NULL || ready == NULL)
        goto done;
    fds[count] = (struct pollfd){ .fd = signals, .events = POLLIN };
    for (uint32_t i = 0; i < count; i++) {
        bool reads = i < counts[0];
        JSValue number = JS_GetPropertyUint32(ctx, argv[reads ? 0 : 1], reads ? i : i - counts[0]);
        if (JS_ToInt32(ctx, &fds[i].fd, number))
            goto done;
        fds[i].events = reads ? POLLIN : POLLOUT;
    }
    if (poll(fds, (nfds_t)count + 1, timeout) < 0) {
        answer = result(ctx, -1);
        goto done;
    }
    uint32_t ready_count = 0;
    for (uint32_t i = 0; i < count; i++)
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

static JSValue clock_ms(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv, int clock)
{
    UNUSED, (void)argv;
    struct timespec now;
    clock_gettime(clock, &now);
    return JS_NewFloat64(ctx, (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6);
}

/* -- identity -------------------------------------------------------------------------------------- */

static JSValue linux_get_euid(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED, (void)argv;
    return JS_NewInt64(ctx, geteuid());
}

static JSValue linux_set_groups(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    uint32_t count;
    JSValue length = JS_GetPropertyStr(ctx, argv[0], "length");
    if (JS_ToUint32(ctx, &count, length))
        return JS_EXCEPTION;
    gid_t *groups = js_malloc(ctx, sizeof *groups * ((size_t)count + 1));
    if (groups == NULL)
        return JS_EXCEPTION;
    for (uint32_t i = 0; i < count; i++) {
        JSValue number = JS_GetPropertyUint32(ctx, argv[0], i);
        if (JS_ToUint32(ctx, &groups[i], number)) {
            js_free(ctx, groups);
            return JS_EXCEPTION;
        }
    }
    JSValue answer = result(ctx, (int)syscall(SYS_setgroups, (size_t)count, groups));
    js_free(ctx, groups);
    return answer;
}

static JSValue linux_set_gid(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    uint32_t gid;
    if (JS_ToUint32(ctx, &gid, argv[0]))
        return JS_EXCEPTION;
    return result(ctx, setresgid(gid, gid, gid));
}

static JSValue linux_set_uid(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    uint32_t uid;
    if (JS_ToUint32(ctx, &uid, argv[0]))
        return JS_EXCEPTION;
    return result(ctx, setresuid(uid, uid, uid));
}

/* -- files ------------------------------------------------------------------------------------------ */

static JSValue linux_read_file(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int error;
    int64_t max;
    bool is_cut = JS_ToBool(ctx, argv[2]);
    if (JS_ToInt64(ctx, &max, argv[1]))
        return JS_EXCEPTION;
    char *path = text_to_c(ctx, &error, argv[0]);
    if (path == NULL)
        return refused(ctx, error);
    /* Not by open(3): musl's sets close-on-exec a second time, for kernels of long ago. */
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | O_LARGEFILE, 0);
    error = errno;
    free_text(ctx, path);
    if (fd < 0)
        return JS_NewInt32(ctx, -error);

    struct stat facts;
    if (fstat(fd, &facts) < 0 || !S_ISREG(facts.st_mode)) {
        close(fd);
        return JS_NewInt32(ctx, S_ISDIR(facts.st_mode) ? -EISDIR : -EINVAL);
    }

    /* Most files are small: those never touch malloc. One byte more than allowed is asked for, so that too much shows. */
    char start[4096];
    size_t limit = (size_t)max + 1, capacity = sizeof start, len = 0;
    char *bytes = start, *larger = NULL;
    JSValue answer = JS_EXCEPTION;
    for (;;) {
        ssize_t got = read(fd, bytes + len, (capacity < limit ? capacity : limit) - len);
        if (got < 0) {
            answer = result(ctx, -1);
            break;
        }
        len += (size_t)got;
        /* A file of /proc has no size; of others the size spares the read that tells the end. */
        if (got == 0 || len == limit || (off_t)len == facts.st_size) {
            if (len == limit && is_cut)
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

static JSValue linux_write_file(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int error;
    size_t len;
    int is_new = JS_ToBool(ctx, argv[2]);
    char *path = text_to_c(ctx, &error, argv[0]);
    if (path == NULL)
        return refused(ctx, error);
    char *bytes = text_to_bytes(ctx, &len, argv[1]);
    if (bytes == NULL) {
        free_text(ctx, path);
        return JS_EXCEPTION;
    }
    int flags = is_new ? O_CREAT | O_EXCL | O_NOFOLLOW : O_TRUNC;
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | flags, 0600);
    error = fd < 0 ? errno : 0;
    for (size_t done = 0; error == 0 && done < len;) {
        ssize_t put = write(fd, bytes + done, len - done);
        if (put < 0)
            error = errno;
        else
            done += (size_t)put;
    }
    if (fd >= 0) {
        if (close(fd) < 0 && error == 0)
            error = errno;
        if (error != 0 && is_new)
            unlink(path);
    }
    free_text(ctx, bytes);
    free_text(ctx, path);
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

static JSValue linux_list_dir(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int error;
    char *path = text_to_c(ctx, &error, argv[0]);
    if (path == NULL)
        return refused(ctx, error);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    error = errno;
    free_text(ctx, path);
    if (fd < 0)
        return JS_NewInt32(ctx, -error);

    /* Not by readdir(3): what it allocates costs more than the whole look at a small folder. */
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

static JSValue stat_call(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv, int flags)
{
    UNUSED;
    int error;
    char *path = text_to_c(ctx, &error, argv[0]);
    if (path == NULL)
        return refused(ctx, error);
    struct stat status;
    int returned = fstatat(AT_FDCWD, path, &status, flags);
    error = errno;
    free_text(ctx, path);
    if (returned < 0)
        return JS_NewInt32(ctx, -error);
    return int_array(ctx,
                     (int64_t[]){ status.st_mode, status.st_uid, status.st_gid, status.st_size,
                                  (int64_t)status.st_ino, status.st_mtim.tv_sec },
                     6);
}

/* The calls that take one path and up to two numbers differ in one line: `call` is that line. */
enum path_call { CALL_ACCESS, CALL_CHMOD, CALL_CHOWN, CALL_UNLINK, CALL_MKDIR, CALL_RMDIR, CALL_SYNC, CALL_LOCK,
                 CALL_LOCK_FOLDER, CALL_MEMORY_FILE, CALL_APPEND, CALL_SET_MODIFIED, CALL_READ, CALL_SHARE, CALL_WRITE,
                 CALL_FIFO };

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

static int lock_folder(const char *path)
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

static JSValue path_call(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv, int call)
{
    UNUSED;
    int error;
    int64_t numbers[2] = { 0, 0 };
    bool takes_one = call == CALL_ACCESS || call == CALL_CHMOD || call == CALL_MKDIR || call == CALL_SET_MODIFIED
                     || call == CALL_FIFO;
    int count = call == CALL_CHOWN ? 2 : takes_one;
    for (int i = 0; i < count; i++)
        if (JS_ToInt64(ctx, &numbers[i], argv[i + 1]))
            return JS_EXCEPTION;
    char *path = text_to_c(ctx, &error, argv[0]);
    if (path == NULL)
        return refused(ctx, error);
    int returned = call == CALL_ACCESS  ? faccessat(AT_FDCWD, path, (int)numbers[0], AT_EACCESS)
                   : call == CALL_CHMOD ? chmod(path, (mode_t)numbers[0])
                   : call == CALL_CHOWN ? chown(path, (uid_t)numbers[0], (gid_t)numbers[1])
                   : call == CALL_MKDIR ? mkdir(path, (mode_t)numbers[0])
                   : call == CALL_RMDIR ? rmdir(path)
                   : call == CALL_SYNC  ? sync_file(path)
                   : call == CALL_LOCK  ? lock_file(path)
                   : call == CALL_LOCK_FOLDER
                       ? lock_folder(path)
                   : call == CALL_SET_MODIFIED
                       ? set_modified(path, (time_t)numbers[0])
                   : call == CALL_MEMORY_FILE
                       ? (int)syscall(SYS_memfd_create, path, MFD_CLOEXEC)
                   : call == CALL_APPEND
                       ? open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
                   : call == CALL_READ  ? open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
                   : call == CALL_SHARE ? open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
                   : call == CALL_WRITE ? open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC)
                   : call == CALL_FIFO  ? mkfifo(path, (mode_t)numbers[0])
                                        : unlink(path);
    JSValue answer = result(ctx, returned);
    free_text(ctx, path);
    return answer;
}

/* The calls that take two paths: `flags` are those of renameat2(2), or CALL_SYMLINK. */
enum { CALL_SYMLINK = -1 };

static JSValue two_paths_call(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv, int flags)
{
    UNUSED;
    int error;
    char *from = text_to_c(ctx, &error, argv[0]);
    if (from == NULL)
        return refused(ctx, error);
    char *to = text_to_c(ctx, &error, argv[1]);
    JSValue answer = to == NULL              ? refused(ctx, error)
                     : flags == CALL_SYMLINK ? result(ctx, symlink(from, to))
                     : flags == 0
                         ? result(ctx, rename(from, to))
                         : result(ctx, (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags));
    free_text(ctx, from);
    free_text(ctx, to);
    return answer;
}

static JSValue linux_real_path(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int error;
    char *path = text_to_c(ctx, &error, argv[0]);
    if (path == NULL)
        return refused(ctx, error);
    char real[PATH_MAX];
    JSValue answer = realpath(path, real) == NULL ? result(ctx, -1) : text_from_bytes(ctx, real, strlen(real));
    free_text(ctx, path);
    return answer;
}

static JSValue linux_inotify_open(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED, (void)argv;
    return result(ctx, inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
}

static JSValue linux_inotify_add(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t fd;
    int error;
    if (int_arguments(ctx, argv, &fd, 1))
        return JS_EXCEPTION;
    char *folder = text_to_c(ctx, &error, argv[1]);
    if (folder == NULL)
        return refused(ctx, error);
    JSValue answer = result(ctx, inotify_add_watch(fd, folder, IN_CREATE | IN_DELETE | IN_MOVE));
    free_text(ctx, folder);
    return answer;
}

static JSValue linux_inotify_remove(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t numbers[2];
    if (int_arguments(ctx, argv, numbers, 2))
        return JS_EXCEPTION;
    return result(ctx, inotify_rm_watch(numbers[0], numbers[1]));
}

static JSValue linux_inotify_read(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t fd;
    if (int_arguments(ctx, argv, &fd, 1))
        return JS_EXCEPTION;
    char bytes[8192] __attribute__((aligned(__alignof__(struct inotify_event))));
    ssize_t got = read(fd, bytes, sizeof bytes);
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

static JSValue linux_write(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t fd;
    size_t len;
    if (int_arguments(ctx, argv, &fd, 1))
        return JS_EXCEPTION;
    char *bytes = text_to_bytes(ctx, &len, argv[1]);
    if (bytes == NULL)
        return JS_EXCEPTION;
    JSValue answer = result(ctx, (int)write(fd, bytes, len));
    free_text(ctx, bytes);
    return answer;
}

static JSValue linux_read(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t numbers[2];
    if (int_arguments(ctx, argv, numbers, 2))
        return JS_EXCEPTION;
    char *bytes = js_malloc(ctx, (size_t)numbers[1]);
    if (bytes == NULL)
        return JS_EXCEPTION;
    ssize_t got = read(numbers[0], bytes, (size_t)numbers[1]);
    JSValue answer = got < 0 ? result(ctx, -1) : text_from_bytes(ctx, bytes, (size_t)got);
    js_free(ctx, bytes);
    return answer;
}

static JSValue linux_duplicate(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t numbers[2];
    return int_arguments(ctx, argv, numbers, 2) ? JS_EXCEPTION : result(ctx, dup2(numbers[0], numbers[1]));
}

static JSValue linux_unread(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t fd;
    int count = 0;
    if (int_arguments(ctx, argv, &fd, 1))
        return JS_EXCEPTION;
    return ioctl(fd, FIONREAD, &count) < 0 ? result(ctx, -1) : JS_NewInt32(ctx, count);
}

static JSValue linux_close(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t fd;
    return int_arguments(ctx, argv, &fd, 1) ? JS_EXCEPTION : result(ctx, close(fd));
}

static JSValue linux_is_terminal(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t fd;
    return int_arguments(ctx, argv, &fd, 1) ? JS_EXCEPTION : JS_NewBool(ctx, isatty(fd));
}

static JSValue linux_get_foreground(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t fd;
    return int_arguments(ctx, argv, &fd, 1) ? JS_EXCEPTION : result(ctx, tcgetpgrp(fd));
}

static JSValue linux_set_foreground(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    int32_t numbers[2];
    return int_arguments(ctx, argv, numbers, 2) ? JS_EXCEPTION : result(ctx, tcsetpgrp(numbers[0], numbers[1]));
}

static JSValue linux_get_group(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED, (void)argv;
    return result(ctx, getpgrp());
}

/* -- text -------------------------------------------------------------------------------------------- */

static JSValue linux_frame_lines(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    UNUSED;
    char *parts[3] = { NULL, NULL, NULL };
    size_t lengths[3];
    bool is_quoted = JS_ToBool(ctx, argv[3]);
    JSValue answer = JS_EXCEPTION;
    for (int i = 0; i < 3; i++) {
        parts[i] = text_to_bytes(ctx, &lengths[i], argv[i]);
        if (parts[i] == NULL)
            goto done;
    }
    answer = text_from_lines(ctx, parts[0], lengths[0], parts[1], lengths[1], parts[2], lengths[2], is_quoted);
done:
    for (int i = 0; i < 3; i++)
        free_text(ctx, parts[i]);
    return answer;
}

/* -- the table --------------------------------------------------------------------------------------- */

static const JSCFunctionListEntry table[] = {
    JS_CFUNC_DEF("spawn", 7, linux_spawn),
    JS_CFUNC_DEF("startError", 1, linux_start_error),
    JS_CFUNC_DEF("exec", 3, linux_exec),
    JS_CFUNC_DEF("waitAny", 0, linux_wait_any),
    JS_CFUNC_DEF("kill", 2, linux_kill),
    JS_CFUNC_DEF("queueSignal", 3, linux_queue_signal),
    JS_CFUNC_DEF("pidfdOpen", 1, linux_pidfd_open),
    JS_CFUNC_DEF("pidfdKill", 2, linux_pidfd_kill),
    JS_CFUNC_DEF("becomeSubreaper", 0, linux_become_subreaper),
    JS_CFUNC_DEF("getPid", 0, linux_get_pid),
    JS_CFUNC_DEF("getLimit", 2, linux_get_limit),
    JS_CFUNC_DEF("setLimit", 3, linux_set_limit),
    JS_CFUNC_DEF("takeSignal", 0, linux_take_signal),
    JS_CFUNC_DEF("poll", 3, linux_poll),
    JS_CFUNC_MAGIC_DEF("monotonicMs", 0, clock_ms, CLOCK_MONOTONIC),
    JS_CFUNC_MAGIC_DEF("realtimeMs", 0, clock_ms, CLOCK_REALTIME),
    JS_CFUNC_DEF("getEuid", 0, linux_get_euid),
    JS_CFUNC_DEF("setGroups", 1, linux_set_groups),
    JS_CFUNC_DEF("setGid", 1, linux_set_gid),
    JS_CFUNC_DEF("setUid", 1, linux_set_uid),
    JS_CFUNC_DEF("readFile", 3, linux_read_file),
    JS_CFUNC_DEF("writeFile", 3, linux_write_file),
    JS_CFUNC_DEF("listDir", 1, linux_list_dir),
    JS_CFUNC_MAGIC_DEF("stat", 1, stat_call, 0),
    JS_CFUNC_MAGIC_DEF("lstat", 1, stat_call, AT_SYMLINK_NOFOLLOW),
    JS_CFUNC_MAGIC_DEF("access", 2, path_call, CALL_ACCESS),
    JS_CFUNC_MAGIC_DEF("chmod", 2, path_call, CALL_CHMOD),
    JS_CFUNC_MAGIC_DEF("setModified", 2, path_call, CALL_SET_MODIFIED),
    JS_CFUNC_MAGIC_DEF("chown", 3, path_call, CALL_CHOWN),
    JS_CFUNC_MAGIC_DEF("rename", 2, two_paths_call, 0),
    JS_CFUNC_MAGIC_DEF("exchange", 2, two_paths_call, RENAME_EXCHANGE),
    JS_CFUNC_MAGIC_DEF("unlink", 1, path_call, CALL_UNLINK),
    JS_CFUNC_MAGIC_DEF("mkdir", 2, path_call, CALL_MKDIR),
    JS_CFUNC_MAGIC_DEF("rmdir", 1, path_call, CALL_RMDIR),
    JS_CFUNC_MAGIC_DEF("symlink", 2, two_paths_call, CALL_SYMLINK),
    JS_CFUNC_DEF("realPath", 1, linux_real_path),
    JS_CFUNC_MAGIC_DEF("sync", 1, path_call, CALL_SYNC),
    JS_CFUNC_MAGIC_DEF("lock", 1, path_call, CALL_LOCK),
    JS_CFUNC_MAGIC_DEF("lockFolder", 1, path_call, CALL_LOCK_FOLDER),
    JS_CFUNC_MAGIC_DEF("memoryFile", 1, path_call, CALL_MEMORY_FILE),
    JS_CFUNC_DEF("inotifyOpen", 0, linux_inotify_open),
    JS_CFUNC_DEF("inotifyAdd", 2, linux_inotify_add),
    JS_CFUNC_DEF("inotifyRemove", 2, linux_inotify_remove),
    JS_CFUNC_DEF("inotifyRead", 1, linux_inotify_read),
    JS_CFUNC_DEF("write", 2, linux_write),
    JS_CFUNC_MAGIC_DEF("openToAppend", 1, path_call, CALL_APPEND),
    JS_CFUNC_MAGIC_DEF("openToWrite", 1, path_call, CALL_WRITE),
    JS_CFUNC_MAGIC_DEF("openToRead", 1, path_call, CALL_READ),
    JS_CFUNC_MAGIC_DEF("openToShare", 1, path_call, CALL_SHARE),
    JS_CFUNC_MAGIC_DEF("makeFifo", 2, path_call, CALL_FIFO),
    JS_CFUNC_DEF("read", 2, linux_read),
    JS_CFUNC_DEF("unread", 1, linux_unread),
    JS_CFUNC_DEF("duplicate", 2, linux_duplicate),
    JS_CFUNC_DEF("close", 1, linux_close),
    JS_CFUNC_DEF("isTerminal", 1, linux_is_terminal),
    JS_CFUNC_DEF("getForeground", 1, linux_get_foreground),
    JS_CFUNC_DEF("setForeground", 2, linux_set_foreground),
    JS_CFUNC_DEF("getGroup", 0, linux_get_group),
    JS_CFUNC_DEF("frameLines", 4, linux_frame_lines),
};

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

JSValue linux_new(JSContext *ctx)
{
    JSValue object = JS_NewObject(ctx);
    if (!JS_IsException(object))
        JS_SetPropertyFunctionList(ctx, object, table, sizeof table / sizeof *table);
    return object;
}

/* Sets what differs from process to process. Below zero with an exception pending. */
int linux_set_process(JSContext *ctx, JSValueConst object, int argc, char **argv, char **env)
{
    int env_count = 0;
    while (env[env_count] != NULL)
        env_count++;
    JSValue words = text_array(ctx, argv, argc);
    if (JS_IsException(words) || JS_SetPropertyStr(ctx, object, "argv", words) < 0)
        return -1;
    JSValue variables = text_array(ctx, env, env_count);
    return JS_IsException(variables) ? -1 : JS_SetPropertyStr(ctx, object, "environ", variables);
}
