import type { RestartRules } from "../../container/restart.ts";
import type { RestartRecord } from "../../container/restart-record.ts";
import type { ChildEnd } from "../../core/child-end.ts";

/** After it has run for so long, the delay of a service is the first again. */
const STEADY_MS = 60_000;

/** The end of a service by itself. */
export interface OwnEnd {
  readonly last: ChildEnd;
  readonly ranMs: number;
  /** On the clock of Linux.monotonicMs. */
  readonly nowMs: number;
}

/** What follows the end of a service, by the rules of its file `restart`. @see docs/reference/services.md */
export function nextStart(rules: RestartRules, before: RestartRecord | undefined, end: OwnEnd): RestartRecord {
  const nowMs = Math.floor(end.nowMs);
  // After it gave up or was done, an administrator has started it.
  const earlier = before?.next === "again" ? before : undefined;
  const { delay, giveUp, policy } = rules;
  const counted = (earlier?.endsMs ?? []).filter((each) => giveUp !== undefined && each > nowMs - giveUp.withinMs);
  const endsMs = [...counted, nowMs].slice(-(giveUp?.ends ?? 1));
  const isSuccess = end.last.how === "exited" && end.last.code === 0;
  if (policy !== "always" && isSuccess) return { next: "done", delayMs: 0, endsMs };
  if (policy === "never" || endsMs.length === giveUp?.ends) return { next: "gave-up", delayMs: 0, endsMs };
  if (delay === undefined) return { next: "again", delayMs: 0, endsMs };
  const doubledMs = end.ranMs >= STEADY_MS ? 0 : (earlier?.delayMs ?? 0) * 2;
  return { next: "again", delayMs: Math.min(Math.max(doubledMs, delay.firstMs), delay.mostMs), endsMs };
}

/** Why a service that gave up is not started again: follows the words about its end. */
export function gaveUpWords({ giveUp, policy }: RestartRules): string {
  const reason =
    policy === "never" || giveUp === undefined
      ? "its policy is never"
      : `it ended ${giveUp.ends} times within ${giveUp.withinMs / 1000} s`;
  return `and is not started again: ${reason}`;
}
