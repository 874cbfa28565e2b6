/*
 * A PAM module: gives a session the container environment (docs/adr/0007-pam-module.md).
 *
 *     session optional /usr/lib/baseimage/pam_container_environment.so [unattended]
 *
 * With `unattended`, the session has no terminal and no client: variables of one session are given, too.
 *
 * Users that may read the environment get it: root; members of docker_env, as they may read the dumps of all of it; and
 * users that may read the directory, if the image's author has widened its mode. The directory is read as my_init reads
 * it (src/image/my-init/environment.ts). An error is logged to syslog, and keeps no user out. If my_init ignores a file
 * with a message, this module ignores it without one.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <security/pam_modutil.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define DIRECTORY "/etc/container_environment"
#define RUN_DIRECTORY "/run/container_environment"
#define READERS "docker_env"

/* MAX_ARG_STRLEN: NAME=value and a final NUL. With a longer variable, execve fails. */
#define VARIABLE_SIZE (128 * 1024)

/* These belong to the session's user. */
static const char *const of_user[] = {"HOME", "USER", "GROUP", "UID", "GID", "SHELL", "LOGNAME"};

/* These belong to one process, terminal or login. sshd sets some of them, which a variable of ours would replace. */
static const char *const of_one_session[] = {
    "_", "OLDPWD", "PWD", "SHLVL",
    "COLORTERM", "COLUMNS", "LINES", "TERM",
    "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY",
    "SSH_AGENT_PID", "SSH_AUTH_SOCK", "SSH_CLIENT", "SSH_CONNECTION", "SSH_ORIGINAL_COMMAND", "SSH_TTY",
    "SSH_TUNNEL", "SSH_USER_AUTH",
    "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "XDG_SEAT", "XDG_SESSION_CLASS", "XDG_SESSION_DESKTOP",
    "XDG_SESSION_ID", "XDG_SESSION_TYPE", "XDG_VTNR",
    "SUDO_COMMAND", "SUDO_GID", "SUDO_UID", "SUDO_USER",
    "INVOCATION_ID", "JOURNAL_STREAM", "LISTEN_FDNAMES", "LISTEN_FDS", "LISTEN_PID", "NOTIFY_SOCKET",
    "SYSTEMD_EXEC_PID", "WATCHDOG_PID", "WATCHDOG_USEC",
};

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static bool is_one_of(const char *name, const char *const names[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

/* Whether my_init gives such a name to a file while it writes it. If my_init is killed, the file stays. */
static bool is_scratch(const char *name)
{
    return strncmp(name, ".my_init.", strlen(".my_init.")) == 0;
}

/* Reads up to `size` bytes. Returns how many, or -1. */
static ssize_t read_all(int fd, char *bytes, size_t size)
{
    size_t len = 0;
    while (len < size) {
        ssize_t got = read(fd, bytes + len, size - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        len += (size_t)got;
    }
    return (ssize_t)len;
}

/* Adds the variable of this file to the session. Returns what is wrong with it, or NULL. */
static const char *give_file(pam_handle_t *pamh, int fd, const char *name)
{
    char variable[VARIABLE_SIZE + 1]; /* room for a newline that does not count */
    int start = snprintf(variable, sizeof variable, "%s=", name); /* a file's name is short */
    char *value = variable + start;
    size_t room = sizeof variable - (size_t)start;

    ssize_t got = read_all(fd, value, room);
    if (got < 0)
        return strerror(errno);
    size_t len = (size_t)got;
    bool is_whole = len < room;
    if (len > 0 && value[len - 1] == '\n')
        len--; /* from an editor */
    if (!is_whole || len > room - 2)
        return "too long";
    if (memchr(value, '\0', len) != NULL)
        return "a variable cannot hold a NUL byte";
    value[len] = '\0';
    return pam_putenv(pamh, variable) == PAM_SUCCESS ? NULL : "PAM refuses it";
}

/* If /etc is read-only, my_init writes to /run. Other users may write there, too: the directory must be root's. */
static const char *directory_path(void)
{
    struct stat facts;
    bool is_in_run = lstat(RUN_DIRECTORY, &facts) == 0 && S_ISDIR(facts.st_mode) && facts.st_uid == 0;
    return is_in_run ? RUN_DIRECTORY : DIRECTORY;
}

struct rules {
    bool is_reader; /* the user may read all variables: a file that cannot be read is an error */
    bool is_unattended;
};

static void give(pam_handle_t *pamh, int directory, const char *path, const char *name, struct rules rules)
{
    if (is_one_of(name, of_user, LENGTH(of_user)) || is_scratch(name) || strchr(name, '=') != NULL)
        return;
    if (!rules.is_unattended && is_one_of(name, of_one_session, LENGTH(of_one_session)))
        return;

    /* Opening a FIFO would wait for a writer. */
    int fd = openat(directory, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        if (rules.is_reader || errno != EACCES)
            pam_syslog(pamh, LOG_WARNING, "cannot read \"%s/%s\": %m", path, name);
        return;
    }
    struct stat facts;
    if (fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode)) {
        const char *complaint = give_file(pamh, fd, name);
        if (complaint != NULL)
            pam_syslog(pamh, LOG_WARNING, "cannot use \"%s/%s\": %s", path, name, complaint);
    }
    close(fd);
}

static void give_all(pam_handle_t *pamh, struct rules rules)
{
    const char *path = directory_path();
    DIR *directory = opendir(path);
    if (directory == NULL) {
        if (errno != ENOENT && (rules.is_reader || errno != EACCES))
            pam_syslog(pamh, LOG_WARNING, "cannot read \"%s\": %m", path);
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL)
        give(pamh, dirfd(directory), path, entry->d_name, rules);
    closedir(directory);
}

int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)flags;
    struct rules rules = {.is_unattended = argc > 0 && strcmp(argv[0], "unattended") == 0};
    const char *name;
    if (pam_get_user(pamh, &name, NULL) != PAM_SUCCESS)
        return PAM_SUCCESS;
    struct passwd *user = pam_modutil_getpwnam(pamh, name);
    if (user == NULL)
        return PAM_SUCCESS;

    if (user->pw_uid == 0 || pam_modutil_user_in_group_nam_nam(pamh, name, READERS)) {
        rules.is_reader = true;
        give_all(pamh, rules);
        return PAM_SUCCESS;
    }

    /* Other users read with their own rights: the kernel decides. */
    PAM_MODUTIL_DEF_PRIVS(own);
    if (pam_modutil_drop_priv(pamh, &own, user) != 0)
        return PAM_SUCCESS; /* the reason is logged */
    give_all(pamh, rules);
    /* With only a part of root's rights the session must not go on. */
    return pam_modutil_regain_priv(pamh, &own) == 0 ? PAM_SUCCESS : PAM_SESSION_ERR;
}

int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)pamh, (void)flags, (void)argc, (void)argv;
    return PAM_SUCCESS;
}
