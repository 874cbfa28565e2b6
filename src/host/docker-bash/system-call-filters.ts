import { exitStatus, stopSignal } from "../../core/child-end.ts";
import { ERRNO } from "../../linux/errno.ts";
import { writeAll } from "../../linux/output.ts";
import { STATUS_FAILED, STDOUT } from "../../linux/program.ts";
import { captureFork } from "../capture.ts";
import { type Host, TRACE } from "../host.ts";

/** A process stops at once, unless the disk or the network holds it. */
const PATIENCE_MS = 1000;

/** Bits of a wait status that tell that ptrace stopped the process, and no signal that is on its way to it. */
const STOPPED_BY_TRACE = 128;

/** The filters of a process, the oldest first; the errno (above zero) for which they cannot be known. */
export type Filters = readonly string[] | { readonly errno: number };

/**
 * Reads which system calls a process may make (seccomp), as only a debugger can: the process is stopped for a moment.
 * A process of its own does it, whose end sets the other going again, whatever happens.
 */
export function readFilters(host: Host, pid: number): Filters {
  const { end, stdout } = captureFork(host, () => {
    const answer = trace(host, pid);
    if (typeof answer === "number") return Math.min(answer, 255) || STATUS_FAILED;
    // Each with its length before it, in a line.
    return writeAll(host, STDOUT, answer.map((filter) => `${filter.length}\n${filter}`).join("")) ? 0 : STATUS_FAILED;
  });
  const status = exitStatus(end);
  if (status !== 0) return { errno: status };
  const filters: string[] = [];
  for (let at = 0; at < stdout.length; ) {
    const line = stdout.indexOf("\n", at);
    const length = Number(stdout.slice(at, line));
    filters.push(stdout.slice(line + 1, line + 1 + length));
    at = line + 1 + length;
  }
  return filters;
}

/** @returns the filters, or an errno above zero */
function trace(host: Host, pid: number): string[] | number {
  const seized = host.trace(TRACE.seize, pid, 0);
  if (seized < 0) return -seized;
  host.trace(TRACE.interrupt, pid, 0);
  const status = waitForStop(host);
  if (status === undefined) return ERRNO.EBUSY;
  const filters = allFilters(host, pid);
  // A signal that was on its way goes on.
  const isOnItsWay = status >> 16 !== STOPPED_BY_TRACE;
  host.trace(TRACE.detach, pid, isOnItsWay ? (stopSignal(status) ?? 0) : 0);
  return filters;
}

function allFilters(host: Host, pid: number): string[] | number {
  const filters: string[] = [];
  for (;;) {
    const answer = host.getFilter(pid, filters.length);
    if (answer === -ERRNO.ENOENT) return filters;
    if (typeof answer === "number") return -answer;
    filters.push(answer);
  }
}

/** @returns the wait status, undefined where the time is up */
function waitForStop(host: Host): number | undefined {
  const endMs = host.monotonicMs() + PATIENCE_MS;
  for (;;) {
    const answer = host.waitAny();
    if (typeof answer !== "number") return answer[1];
    const leftMs = endMs - host.monotonicMs();
    if (leftMs <= 0) return undefined;
    host.poll([], [], Math.ceil(leftMs)); // ends at SIGCHLD
    while (typeof host.takeSignal() !== "number");
  }
}
