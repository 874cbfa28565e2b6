import type { Linux } from "../../linux/linux.ts";
import type { Process } from "../../linux/processes.ts";

/** More than the groups of a user, which come before the memory. */
const MAX_BYTES = 1 << 20;

const FIELD = "\nVmRSS:";

/**
 * The memory of a process and of all its descendants, in KiB: the sum of the pages that each has in memory. A page that
 * several processes share counts for each.
 *
 * @param byParent all processes by the pid of their parent
 * @see proc_pid_status(5), VmRSS
 */
export function memoryKib(linux: Linux, byParent: ReadonlyMap<number, readonly Process[]>, pid: number): number {
  let sum = 0;
  const pids = [pid];
  for (const each of pids) {
    for (const child of byParent.get(each) ?? []) pids.push(child.pid);
    const status = linux.readFile(`/proc/${each}/status`, MAX_BYTES, true);
    // A zombie has no such field.
    const value = typeof status === "string" ? status.split(FIELD)[1] : undefined;
    if (value !== undefined) sum += Number.parseInt(value, 10) || 0;
  }
  return sum;
}
