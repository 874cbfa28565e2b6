// Tested by test/e2e/docker-bash.test.ts.
import { exitStatus, stopSignal } from "../../core/child-end.ts";
import { ERRNO } from "../../linux/errno.ts";
import { writeAll } from "../../linux/output.ts";
import { STATUS_FAILED, STDOUT } from "../../linux/program.ts";
import { captureFork } from "../capture.ts";
import { type Host, TRACE } from "../host.ts";

/** A process stops immediately, unless it waits for the disk or the network. */
const PATIENCE_MS = 1000;

/** Bits of a wait status if ptrace stopped the process, and not a signal that arrives. */
const STOPPED_BY_TRACE = 128;

/** The filters of a process, the oldest first; or the errno (above zero) of reading them. */
export type Filters = readonly string[] | { readonly errno: number };

/**
 * Reads a process's filters of system calls (seccomp). Only a tracer can: it stops the process for a moment. The tracer
 * is a fork: when it ends for any reason, the traced process continues.
 */
export function readFilters(host: Host, pid: number): Filters {
  const { end, stdout } = captureFork(host, () => {
    const answer = trace(host, pid);
    if (typeof answer === "number") return Math.min(answer, 255) || STATUS_FAILED;
    // Before each filter its length, in a line.
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
  // A signal that arrived is delivered.
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

/** @returns the wait status; undefined after the time limit */
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
