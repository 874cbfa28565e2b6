// Tested by test/e2e/boot-report.test.ts.
import type { Linux } from "../linux/linux.ts";

/** Where my_init leaves the record of its shutdown. */
export const LAST_SHUTDOWN = "/run/my_init/last_shutdown";

/** The kernel allows 64 bytes. @see uname(2) */
const MAX_BYTES = 65;

/** The container's host name, by default its id; empty if it cannot be read. */
export function ownHostName(linux: Linux): string {
  const name = linux.readFile("/proc/sys/kernel/hostname", MAX_BYTES, true);
  return typeof name === "string" ? name.trim() : "";
}
