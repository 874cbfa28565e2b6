import type { ServiceEnds } from "../../container/service-end.ts";
import { durationWords } from "../../core/duration.ts";

/** A service that ended sooner after its start was quick. */
const QUICK_MS = 5000;

/** The end of a service. */
export interface End extends Pick<ServiceEnds, "last" | "isOutOfMemory" | "endedMs" | "ranMs"> {
  /** Whether an administrator or the shutdown has asked for it. */
  readonly isAsked: boolean;
}

/** Adds an end to the ends before. */
export function addEnd(before: ServiceEnds | undefined, { isAsked, ...end }: End): ServiceEnds {
  const isSuccess = end.last.how === "exited" && end.last.code === 0;
  const isQuickSuccess = isSuccess && !isAsked && end.ranMs < QUICK_MS;
  const quickSuccesses = isQuickSuccess ? (before?.quickSuccesses ?? 0) + 1 : 0;
  return {
    ...end,
    count: (before?.count ?? 0) + 1,
    failures: (before?.failures ?? 0) + (isSuccess || isAsked ? 0 : 1),
    quickSuccesses,
    quickSinceMs: quickSuccesses > 1 ? (before?.quickSinceMs ?? 0) : isQuickSuccess ? end.endedMs - end.ranMs : 0,
    loggedMs: before?.loggedMs ?? 0,
    loggedFailures: before?.loggedFailures ?? 0,
  };
}

/** `ended with exit code 127 after 0.1 s (3rd time)`. */
export function failureLine({ failures, ranMs }: ServiceEnds, words: string): string {
  return `${words} after ${lifeWords(ranMs)}${failures > 1 ? ` (${ordinal(failures)} time)` : ""}`;
}

/** How long a service ran: below ten seconds the tenths matter. */
function lifeWords(ms: number): string {
  const tenths = Math.floor(ms / 100);
  return tenths < 100 ? `${Math.floor(tenths / 10)}.${tenths % 10} s` : durationWords(ms);
}

/** `1st`, `2nd`, `3rd`, `4th`, `11th`. */
function ordinal(number: number): string {
  const isTeen = Math.floor(number / 10) % 10 === 1;
  return `${number}${isTeen ? "th" : (["th", "st", "nd", "rd"][number % 10] ?? "th")}`;
}
