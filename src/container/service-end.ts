import { isAllDigits } from "../core/ascii.ts";
import type { ChildEnd } from "../core/child-end.ts";
import { signalName } from "../core/signals.ts";
import { writeAnew, writeInPlace } from "../linux/files.ts";
import type { Linux } from "../linux/linux.ts";

/** In a service's directory `supervise`: how the service has ended. Our finish program replaces it at each end. */
const ENDS = "ends";
const MAX_BYTES = 256;

/** After so many quick ends with exit code 0 in a row, a line explains them. */
export const QUICK_SUCCESSES = 5;

/** The words of the file. */
const WORDS = 10;

/** At most one line for failures of a service in this time. */
const LINE_INTERVAL_MS = 60_000;

/** How a service has ended since the boot. */
export interface ServiceEnds {
  /** How often. */
  readonly count: number;
  /** How often by itself and not with exit code 0: neither `sv` nor the shutdown had asked for the end. */
  readonly failures: number;
  /** How it ended last. */
  readonly last: ChildEnd;
  /** Whether the kernel killed it last because memory had run out. */
  readonly isOutOfMemory: boolean;
  /** When it ended last, in milliseconds since 1970, and how long it had run. */
  readonly endedMs: number;
  readonly ranMs: number;
  /** How often it last ended in a row with exit code 0 and soon after its start. */
  readonly quickSuccesses: number;
  /** When the first of these starts was, in milliseconds since 1970; 0: there was none. */
  readonly quickSinceMs: number;
  /** Of the last line in the log: its time, in milliseconds since 1970, and the number of failures in it; 0: none. */
  readonly loggedMs: number;
  readonly loggedFailures: number;
}

/** Reads how a service has ended. @param supervise its directory `supervise` @returns undefined: it has not */
export function readEnds(linux: Linux, supervise: string): ServiceEnds | undefined {
  const text = linux.readFile(`${supervise}/${ENDS}`, MAX_BYTES, true);
  return typeof text === "string" ? parseEnds(text) : undefined;
}

/** Replaces the record of a service's ends. @returns 0, or a negated errno: there is no room, or no permission */
export function writeEnds(linux: Linux, supervise: string, ends: ServiceEnds): number {
  return writeInPlace(linux, `${supervise}/${ENDS}`, formatEnds(ends));
}

/**
 * Whether the last end has a line: the first, second, fourth, eighth and so on failure has one. In the minute after a
 * line no failure has; then the next has.
 */
export function isLineDue({ endedMs, failures, loggedFailures, loggedMs }: ServiceEnds): boolean {
  if (failures === loggedFailures || (loggedMs !== 0 && Math.abs(endedMs - loggedMs) < LINE_INTERVAL_MS)) return false;
  let next = 1;
  while (next <= loggedFailures) next *= 2;
  return failures >= next;
}

/** How a service ended last, after its name: `ended with exit code 3`, `was killed by SIGSEGV`. */
export function endWords({ last, isOutOfMemory }: Pick<ServiceEnds, "last" | "isOutOfMemory">): string {
  if (last.how === "exited") return `ended with exit code ${last.code}`;
  return `was killed by ${signalName(last.signal)}${isOutOfMemory ? " (out of memory)" : ""}`;
}

/**
 * Why a service ends with exit code 0 soon after each start.
 *
 * @param times how often in a row
 * @param left how many processes the service has left
 */
export function quickSuccessWords(times: number, left = 0): string {
  const processes =
    left === 0 ? "" : `, and has left ${left} ${left === 1 ? "process" : "processes"} in the background`;
  return (
    `ended with exit code 0 soon after its start, ${times} times in a row${processes}: ` +
    "a service has to stay in the foreground; most daemons have an option for that"
  );
}

/** The record as text: numbers with a space between them. A signal S is 256 + S. */
export function formatEnds(ends: ServiceEnds): string {
  const { last } = ends;
  const how = last.how === "exited" ? last.code : 256 + last.signal;
  const numbers = [ends.count, ends.failures, how, ends.isOutOfMemory ? 1 : 0, ends.endedMs, ends.ranMs];
  const quick = [ends.quickSuccesses, ends.quickSinceMs];
  return `${[...numbers, ...quick, ends.loggedMs, ends.loggedFailures].join(" ")}\n`;
}

/** Reads what {@link formatEnds} has written; undefined: it is something else. */
export function parseEnds(text: string): ServiceEnds | undefined {
  const words = text.trim().split(" ");
  if (words.length !== WORDS || !words.every(isAllDigits)) return undefined;
  const numbers = words.map(Number);
  const [count = 0, failures = 0, how = 0, outOfMemory, endedMs = 0, ranMs = 0] = numbers;
  const [quickSuccesses = 0, quickSinceMs = 0, loggedMs = 0, loggedFailures = 0] = numbers.slice(6);
  const last: ChildEnd = how < 256 ? { how: "exited", code: how } : { how: "killed", signal: how - 256 };
  const isOutOfMemory = outOfMemory === 1;
  const quick = { quickSuccesses, quickSinceMs };
  return { count, failures, last, isOutOfMemory, endedMs, ranMs, ...quick, loggedMs, loggedFailures };
}

/** In a service's directory `supervise`: the start, as in runsv's status, whose end `sv` or an administrator asked for. */
const ASKED = "asked";
/** The status begins with the time of the start. @see runsv(8) */
const START_BYTES = 12;

/** When runsv started the service last, in its own form; undefined: runsv has written no status. */
function presentStart(linux: Linux, supervise: string): string | undefined {
  const start = linux.readFile(`${supervise}/status`, START_BYTES, true);
  return typeof start === "string" ? start : undefined;
}

/** Records that the end of a service's present start was asked for. @param supervise its directory `supervise` */
export function recordAsked(linux: Linux, supervise: string): void {
  const start = presentStart(linux, supervise);
  if (start !== undefined) writeAnew(linux, `${supervise}/${ASKED}`, start);
}

/** Whether the end of the service's present start was asked for. */
export function wasAsked(linux: Linux, supervise: string): boolean {
  const asked = linux.readFile(`${supervise}/${ASKED}`, START_BYTES, true);
  return asked === presentStart(linux, supervise);
}

/** In a service's directory `supervise`: the present start as in runsv's status, and when its own `run` was executed. */
const BEGAN = "began";

/** Records that the service's own `run` is executed now: after a wait, which is no part of the service's life. */
export function recordBegan(linux: Linux, supervise: string): void {
  const start = presentStart(linux, supervise);
  if (start !== undefined) writeAnew(linux, `${supervise}/${BEGAN}`, `${start}${Math.floor(linux.monotonicMs())}`);
}

/** When the service's own `run` was executed, on the clock of Linux.monotonicMs; undefined: at its start, without a wait. */
export function beganMs(linux: Linux, supervise: string): number | undefined {
  const began = linux.readFile(`${supervise}/${BEGAN}`, MAX_BYTES, true);
  if (typeof began !== "string" || !isAllDigits(began.slice(START_BYTES))) return undefined;
  const isPresent = began.slice(0, START_BYTES) === presentStart(linux, supervise);
  return isPresent ? Number(began.slice(START_BYTES)) : undefined;
}

/** Removes what is recorded here: an earlier start of the container may have left it. */
export function forgetEnds(linux: Linux, supervise: string): void {
  for (const name of [ENDS, ASKED, BEGAN]) linux.unlink(`${supervise}/${name}`);
}
