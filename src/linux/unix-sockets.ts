import type { Linux } from "./linux.ts";

/** Room for a hundred thousand sockets. */
const MAX_BYTES = 1 << 24;

/**
 * Whether a live socket is bound to `path`; a socket's file may outlive it. All sockets of the network namespace count.
 * If that is the machine's namespace, a socket of the machine can have the same path.
 *
 * @see proc(5), /proc/net/unix
 */
export function isBound(linux: Linux, path: string): boolean {
  const sockets = linux.readFile("/proc/net/unix", MAX_BYTES, true);
  return typeof sockets === "string" && sockets.split("\n").some((line) => line.endsWith(` ${path}`));
}
