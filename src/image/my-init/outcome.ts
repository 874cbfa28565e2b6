import { type ChildEnd, exitStatus } from "../../core/child-end.ts";
import { signalName } from "../../core/signals.ts";
import type { StopRequest } from "./stop-request.ts";

/** What ended the boot or the running of a container. */
export type Outcome =
  | { readonly kind: "stop-requested"; readonly signal: number }
  | { readonly kind: "exit-requested"; readonly status: number }
  | { readonly kind: "script-failed"; readonly status: number }
  | { readonly kind: "command-ended"; readonly status: number }
  | { readonly kind: "cannot-go-on" };

/** What a request to stop makes of the boot or the run; undefined where there was none. */
export function stopRequested({ signal }: Pick<StopRequest, "signal">): Outcome | undefined {
  return signal === undefined ? undefined : { kind: "stop-requested", signal };
}

/** The exit status of my_init. @see docs/reference/my_init.md, exit status */
export function statusOf(outcome: Outcome, hasCommand: boolean, commandEnd: ChildEnd | undefined): number {
  switch (outcome.kind) {
    case "exit-requested":
    case "script-failed":
    case "command-ended":
      return outcome.status;
    case "cannot-go-on":
      return 1;
    case "stop-requested":
      if (commandEnd !== undefined) return exitStatus(commandEnd);
      // A command that was never started did not succeed.
      return hasCommand ? 128 + outcome.signal : 0;
  }
}

/** `failed with status 3` or `was killed by signal 9 (SIGKILL)`. */
export function failureWords(end: ChildEnd): string {
  return end.how === "exited" ? `failed with status ${end.code}` : killedWords(end.signal);
}

/** `was killed by signal 9 (SIGKILL)`. */
export function killedWords(signal: number): string {
  return `was killed by signal ${signal} (${signalName(signal)})`;
}
