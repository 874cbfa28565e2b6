// Tested by src/image/service-finish/restart.test.ts.
import { isAllDigits } from "../core/ascii.ts";
import { writeInPlace } from "../linux/files.ts";
import type { Linux } from "../linux/linux.ts";

/** In a service's directory `supervise`: what its file `restart` means for the next start. Replaced at each end. */
const RECORD = "restarts";
const MAX_BYTES = 4096;

const NEXT = ["again", "done", "gave-up"] as const;

/** What follows the last end of a service that has a file `restart`. */
export interface RestartRecord {
  /** `again`: a start; `done`: none, it has done its task; `gave-up`: none, it has failed. */
  readonly next: (typeof NEXT)[number];
  /** The delay before that start; 0: runit's own. */
  readonly delayMs: number;
  /** The ends that count for `give-up`, the last of all last: in milliseconds on the clock of Linux.monotonicMs. */
  readonly endsMs: readonly number[];
}

/** Reads the record of a service. @param supervise its directory `supervise` @returns undefined: its next start is as its first */
export function readRestartRecord(linux: Linux, supervise: string): RestartRecord | undefined {
  const text = linux.readFile(`${supervise}/${RECORD}`, MAX_BYTES, true);
  if (typeof text === "number") return undefined;
  const [word, delay = "", ...ends] = text.trim().split(" ");
  const next = NEXT.find((each) => each === word);
  if (next === undefined || ends.length === 0 || ![delay, ...ends].every(isAllDigits)) return undefined;
  return { next, delayMs: Number(delay), endsMs: ends.map(Number) };
}

/** Replaces the record of a service. @returns 0, or a negated errno: there is no room, or no permission */
export function writeRestartRecord(linux: Linux, supervise: string, record: RestartRecord): number {
  const text = `${[record.next, record.delayMs, ...record.endsMs].join(" ")}\n`;
  return writeInPlace(linux, `${supervise}/${RECORD}`, text);
}

/** Removes the record of a service: its next start is as its first. A start that waits notices it. */
export function forgetRestarts(linux: Linux, supervise: string): void {
  linux.unlink(`${supervise}/${RECORD}`);
}

/** When the service is to be started, on the clock of Linux.monotonicMs. */
export function nextStartMs({ delayMs, endsMs }: RestartRecord): number {
  return (endsMs.at(-1) ?? 0) + delayMs;
}
