/** The environment of the container: name to value, both byte strings. @see docs/reference/environment.md */
export type Environment = ReadonlyMap<string, string>;

/** Names that belong to one user. They are never written to the directory or the dumps. */
export const PERSONAL: readonly string[] = ["HOME", "USER", "GROUP", "UID", "GID", "SHELL", "LOGNAME"];

/** Names that each shell sets for itself. */
export const OF_ONE_SHELL: readonly string[] = ["_", "OLDPWD", "PWD", "SHLVL"];

/**
 * Names that belong to one process, terminal or login. A variable of the process that has such a name is not the
 * container's: only a file of the directory makes it so. native/pam.c and profile.d/container_environment.sh have the
 * same list; container-env.judge.test.ts compares them. @see docs/reference/environment.md
 */
export const OF_ONE_SESSION: readonly string[] = [
  ...OF_ONE_SHELL,
  // A terminal.
  ...["COLORTERM", "COLUMNS", "LINES", "TERM"],
  // A display. @see X(7)
  ...["DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY"],
  // @see ssh(1), ENVIRONMENT, and ssh-agent(1)
  ...["SSH_AGENT_PID", "SSH_AUTH_SOCK", "SSH_CLIENT", "SSH_CONNECTION", "SSH_ORIGINAL_COMMAND", "SSH_TTY"],
  ...["SSH_TUNNEL", "SSH_USER_AUTH"],
  // A login. @see pam_systemd(8)
  ...["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "XDG_SEAT", "XDG_SESSION_CLASS", "XDG_SESSION_DESKTOP"],
  ...["XDG_SESSION_ID", "XDG_SESSION_TYPE", "XDG_VTNR"],
  // @see sudo(8)
  ...["SUDO_COMMAND", "SUDO_GID", "SUDO_UID", "SUDO_USER"],
  // One service of systemd, which may be the container engine. @see systemd.exec(5)
  ...["INVOCATION_ID", "JOURNAL_STREAM", "LISTEN_FDNAMES", "LISTEN_FDS", "LISTEN_PID", "NOTIFY_SOCKET"],
  ...["SYSTEMD_EXEC_PID", "WATCHDOG_PID", "WATCHDOG_USEC"],
];

/** Nevertheless in the directory and the dumps, as in phusion/baseimage. Sessions have their own. */
const SHOWN = "TERM";

function isOfOneSession(name: string): boolean {
  return name !== SHOWN && OF_ONE_SESSION.includes(name);
}

/** The longest `NAME=value` that execve(2) takes, without its final NUL: MAX_ARG_STRLEN less one. */
const MAX_VARIABLE_BYTES = 131071;

/** The longest content of a file that can be the value of `name`, in bytes: a newline at its end does not count. */
export function longestContent(name: string): number {
  return MAX_VARIABLE_BYTES - name.length;
}

/** Whether execve(2) takes a variable of this name and value. */
export function isShortEnough(name: string, value: string): boolean {
  return name.length + 1 + value.length <= MAX_VARIABLE_BYTES;
}

/** Reads `NAME=value` strings. Without a name they are dropped; of equal names the first counts, as for getenv(3). */
export function parseEnviron(environ: readonly string[]): Map<string, string> {
  const env = new Map<string, string>();
  for (const entry of environ) {
    const equals = entry.indexOf("=");
    const name = entry.slice(0, equals);
    if (equals > 0 && !env.has(name)) env.set(name, entry.slice(equals + 1));
  }
  return env;
}

/** The environment for execve(2). */
export function toEnviron(env: Environment): string[] {
  return [...env].map(([name, value]) => `${name}=${value}`);
}

/**
 * What the image's own Dockerfile sets for RUN lines and `docker exec`. A file in the directory is an author's or a
 * user's wish, and this value is none. container-env.judge.test.ts compares it with the Dockerfile.
 */
export const SET_BY_IMAGE: Environment = new Map([["LANG", "C.UTF-8"]]);

/** At start a file only adds a missing variable: `docker run --env` wins. It also replaces what the image itself sets. */
export function mergeAtStart(given: Environment, files: Environment): Map<string, string> {
  const isWish = (name: string, value: string) => !files.has(name) || SET_BY_IMAGE.get(name) !== value;
  return new Map([...files, ...[...given].filter(([name, value]) => isWish(name, value))]);
}

/**
 * After a startup script the directory is the environment. Variables without a file there have the value from `given`.
 *
 * @param given the variables that my_init was started with
 */
export function mergeAfterScript(given: Environment, files: Environment): Map<string, string> {
  const isKept = (name: string) => PERSONAL.includes(name) || isOfOneSession(name) || !isFileName(name);
  return new Map([...[...given].filter(([name]) => isKept(name)), ...files]);
}

/**
 * The part of the environment that belongs to the container, for the directory and the dumps.
 *
 * @param files the content of the directory
 */
export function shared(env: Environment, files: Environment): Map<string, string> {
  const isShared = (name: string) => {
    // A value from a secret stays secret if another my_init started this one.
    if (PERSONAL.includes(name) || env.has(SECRET_START + name)) return false;
    return files.has(name) || !isOfOneSession(name);
  };
  return new Map([...env].filter(([name]) => isShared(name)));
}

/** `FILE__NAME=/run/secrets/x`: the content of that file is the variable NAME. @see docs/reference/environment.md */
const SECRET_START = "FILE__";

/** The variables whose values are in files, and the paths of the files. */
export function secretFiles(env: Environment): Map<string, string> {
  const secrets = [...env].filter(([name]) => name.startsWith(SECRET_START) && name !== SECRET_START);
  return new Map(secrets.map(([name, path]) => [name.slice(SECRET_START.length), path]));
}

/** Whether both have the same names with the same values. */
export function isSame(one: Environment, other: Environment): boolean {
  return one.size === other.size && [...one].every(([name, value]) => other.get(name) === value);
}

/** Whether a variable of this name can be a file in the directory. */
export function isFileName(name: string): boolean {
  return name.length <= 255 && !name.includes("/") && name !== "." && name !== ".." && !isScratchName(name);
}

const SCRATCH_START = ".my_init.";

/** The name of a file while the my_init with this pid writes it. */
export function scratchName(pid: number): string {
  return `${SCRATCH_START}${pid}.tmp`;
}

/** Whether a file with this name is unfinished: a my_init writes it, or was killed while writing. Never a variable. */
export function isScratchName(name: string): boolean {
  return name.startsWith(SCRATCH_START);
}

/** The value in a file: without one trailing newline, which editors add. */
export function valueOfContent(content: string): string {
  return content.endsWith("\n") ? content.slice(0, -1) : content;
}

/** The content of a file with `value`. */
export function contentOfValue(value: string): string {
  return value.endsWith("\n") ? `${value}\n` : value;
}
