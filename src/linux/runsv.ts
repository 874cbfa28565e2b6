import { wholeNumber } from "../core/args.ts";
import type { EventLoop } from "./event-loop.ts";
import type { Linux } from "./linux.ts";

/** Where in supervise/status the state stands, and its value for "down, and no finish script runs". @see runsv(8) */
const STATUS_BYTES = 20;
const STATE_INDEX = 19;
const STATE_DOWN = 0;

/** The folder in which the runsv with this pid keeps its files. */
function superviseFolder(runsv: number): string {
  return `/proc/${runsv}/cwd/supervise`;
}

/** Whether runsv says that its service, finish script included, is not running. */
export function isServiceDown(linux: Linux, runsv: number): boolean {
  const status = linux.readFile(`${superviseFolder(runsv)}/status`, STATUS_BYTES, true);
  return typeof status === "string" && status.charCodeAt(STATE_INDEX) === STATE_DOWN;
}

/** The pid of the service's log service, or undefined where it has none. */
export function logServicePid(linux: Linux, runsv: number): number | undefined {
  const line = linux.readFile(`/proc/${runsv}/cwd/log/supervise/pid`, 32, true);
  return typeof line === "string" ? wholeNumber(line.trim()) : undefined;
}

/**
 * Calls `onChange` with the pid of a runsv each time it has written a new state of its service.
 *
 * @returns ends it; where the kernel has no more watches to give, some or all changes are not told
 */
export function watchServices(
  linux: Linux,
  loop: EventLoop,
  runsvs: readonly number[],
  onChange: (runsv: number) => void,
): () => void {
  const fd = linux.inotifyOpen();
  if (fd < 0) return () => {};
  const byWatch = new Map(runsvs.map((runsv) => [linux.inotifyAdd(fd, superviseFolder(runsv)), runsv]));
  loop.watch(fd, () => {
    const watches = linux.inotifyRead(fd);
    if (typeof watches === "number") return;
    for (const watch of new Set(watches)) {
      const runsv = byWatch.get(watch);
      if (runsv !== undefined) onChange(runsv);
    }
  });
  return () => loop.unwatch(fd);
}
