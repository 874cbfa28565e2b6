// Tested by src/image/container-health/main.test.ts.
import { errorWords } from "../linux/errno.ts";
import { fileFacts } from "../linux/files.ts";
import type { Linux } from "../linux/linux.ts";
import { Failure } from "../linux/sys-error.ts";
import { switchToUserOf } from "./own-init.ts";
import { BOOT_IS_OVER } from "./phase-record.ts";

/** More than the record of a thousand scripts. */
export const MAX_RECORD_BYTES = 1 << 20;

/**
 * Reads the record of the boot, a file in my_init's memory, as my_init's user: no other user can have written it.
 *
 * @param init the pid of my_init
 * @returns its text; undefined until the boot is over
 * @throws Failure without permission to read it
 * @see memfd_create(2), proc_pid_fd(5)
 */
export function readBootRecord(linux: Linux, init: number): string | undefined {
  switchToUserOf(linux, init);
  const directory = `/proc/${init}/fd`;
  const descriptors = linux.listDir(directory);
  if (typeof descriptors === "number") {
    throw new Failure(`cannot look into my_init (PID ${init}): ${errorWords(-descriptors)}; root and its own user may`);
  }
  for (const fd of descriptors) {
    const facts = fileFacts(linux, `${directory}/${fd}`);
    if (typeof facts === "number" || facts.type !== "file" || facts.size > MAX_RECORD_BYTES) continue;
    // my_init may have inherited a descriptor of another user's file.
    if (facts.uid !== linux.getEuid()) continue;
    const text = linux.readFile(`${directory}/${fd}`, MAX_RECORD_BYTES, true);
    if (typeof text === "string" && text.startsWith(BOOT_IS_OVER)) return text;
  }
  return undefined;
}
