import { isAllDigits } from "../../core/ascii.ts";
import type { Linux } from "../../linux/linux.ts";
import type { Process } from "../../linux/processes.ts";

/** More than the groups of a user, which come before the memory. */
const MAX_BYTES = 1 << 20;

const FIELD = "\nVmRSS:";
const UNIT = " kB";

/**
 * The memory of a process and of all its descendants, in KiB: the sum of the pages that each has in memory. A page that
 * several processes share counts for each.
 *
 * @param byParent all processes by the pid of their parent
 * @see proc_pid_status(5), VmRSS
 */
export function memoryKib(linux: Linux, byParent: ReadonlyMap<number, readonly Process[]>, pid: number): number {
  const pids = [pid];
  for (const each of pids) for (const child of byParent.get(each) ?? []) pids.push(child.pid);
  return pids.reduce((sum, each) => sum + residentKib(linux, each), 0);
}

function residentKib(linux: Linux, pid: number): number {
  const status = linux.readFile(`/proc/${pid}/status`, MAX_BYTES, true);
  const from = typeof status === "string" ? status.indexOf(FIELD) : -1;
  if (typeof status === "number" || from < 0) return 0; // it is gone, or a zombie
  const text = status.slice(from + FIELD.length, status.indexOf(UNIT, from)).trim();
  return isAllDigits(text) ? Number(text) : 0;
}
