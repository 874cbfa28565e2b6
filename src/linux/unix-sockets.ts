import type { Linux } from "./linux.ts";

/** Room for a hundred thousand sockets. */
const MAX_BYTES = 1 << 24;

/**
 * Whether a living socket is bound to `path`; the file of one that is gone may be there still. The sockets are those of
 * the network namespace, so where that is the machine's, one of the machine's can have the same path.
 *
 * @see proc(5), /proc/net/unix
 */
export function isBound(linux: Linux, path: string): boolean {
  const sockets = linux.readFile("/proc/net/unix", MAX_BYTES, true);
  return typeof sockets === "string" && sockets.split("\n").some((line) => line.endsWith(` ${path}`));
}
