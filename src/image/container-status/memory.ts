import type { Linux } from "../../linux/linux.ts";
import type { Process } from "../../linux/processes.ts";

/** A page has 4 KiB, but for some kernels on arm64. */
const USUAL_KIB = 4;

/** In the auxiliary vector: AT_PAGESZ, 6, as a number of eight bytes; its value follows. @see getauxval(3) */
const PAGE_SIZE = "\x06\0\0\0\0\0\0\0";
const MAX_BYTES = 4096;

/** The size of a page in KiB. */
export function pageKib(linux: Linux): number {
  const vector = linux.readFile("/proc/self/auxv", MAX_BYTES, true);
  const at = typeof vector === "string" ? vector.indexOf(PAGE_SIZE) + PAGE_SIZE.length : 0;
  if (typeof vector === "number" || at < PAGE_SIZE.length) return USUAL_KIB;
  return vector.charCodeAt(at + 1) / 4 + vector.charCodeAt(at + 2) * 64;
}

/**
 * How many pages of memory are resident of a process and of all its descendants. A page that several processes share
 * counts for each.
 *
 * @param byParent all processes by the pid of their parent
 * @see proc_pid_statm(5); the figure in /proc/PID/stat is inaccurate
 */
export function treePages(linux: Linux, byParent: ReadonlyMap<number, readonly Process[]>, pid: number): number {
  let pages = 0;
  const tree = pid === 0 ? [] : [pid];
  for (const each of tree) {
    const sizes = linux.readFile(`/proc/${each}/statm`, MAX_BYTES, true);
    if (typeof sizes === "string") pages += Number(sizes.split(" ")[1]);
    for (const child of byParent.get(each) ?? []) tree.push(child.pid);
  }
  return pages;
}
