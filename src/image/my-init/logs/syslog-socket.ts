// Tested by src/image/my-init/logs/syslog.test.ts.
import { ERRNO, errorWords } from "../../../linux/errno.ts";
import { fileFacts, isExecutable, linkFacts, MAKE_FILES } from "../../../linux/files.ts";
import type { Linux } from "../../../linux/linux.ts";
import { isBound } from "../../../linux/unix-sockets.ts";
import type { Context } from "../context.ts";

/** Where programs send their messages. @see syslog(3) */
export const SOCKET = "/dev/log";
/** A watch on it notices the socket. */
export const SOCKET_DIRECTORY = "/dev";
const PID_FILE = "/run/syslog-ng.pid";
/** Where the daemon keeps what it needs while it runs. */
const RUN_DIRECTORY = "/run";

/** An image's own service for the daemon, as phusion/baseimage had one until 2016. */
const OWN_SERVICE = "/etc/service/syslog-ng";

const FORBIDDEN: readonly number[] = [-ERRNO.EACCES, -ERRNO.EROFS];

/** Whether a daemon has made the socket. */
export function hasSocket(linux: Linux): boolean {
  const facts = fileFacts(linux, SOCKET);
  return typeof facts !== "number" && facts.type === "socket";
}

/** Removes what a daemon that was killed leaves: another process can get its pid, and would get a signal meant for the daemon. */
export function removeTraces(linux: Linux): void {
  linux.unlink(SOCKET);
  linux.unlink(PID_FILE);
}

/**
 * Makes room for the socket, or logs why a daemon cannot have it.
 *
 * @param hasServices whether services are going to be run
 * @returns whether there is room
 */
export function makeRoom({ linux, log, unavailable }: Context, hasServices: boolean): boolean {
  if (
    hasServices &&
    isExecutable(linux, `${OWN_SERVICE}/run`) &&
    fileFacts(linux, `${OWN_SERVICE}/down`) === ERRNO.ENOENT
  ) {
    log.info(`"${OWN_SERVICE}" runs the system log daemon: no other is started`);
    return false;
  }
  // By another my_init in this container, say.
  if (fileFacts(linux, SOCKET) !== ERRNO.ENOENT && isBound(linux, SOCKET)) {
    log.info(`"${SOCKET}" is in use: no system log daemon is started`);
    return false;
  }
  // Left by a daemon that is gone: programs must not take it for the new one's. On a read-only file system the kernel
  // refuses to remove a file that is not there, too: the access below finds that.
  const errno = linkFacts(linux, SOCKET) === ERRNO.ENOENT ? ERRNO.ENOENT : -linux.unlink(SOCKET);
  if (errno !== 0 && errno !== ERRNO.ENOENT) {
    log.info(`"${SOCKET}" is not ours (${errorWords(errno)}): no system log daemon is started`);
    return false;
  }
  for (const directory of [SOCKET_DIRECTORY, RUN_DIRECTORY]) {
    const answer = linux.access(directory, MAKE_FILES);
    if (!FORBIDDEN.includes(answer)) continue;
    unavailable.add("the system log", `${directory}: ${errorWords(-answer)}`);
    return false;
  }
  return true;
}
