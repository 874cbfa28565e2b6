// Tested by src/image/my-init/services/mirror.test.ts, src/image/my-init/services/stopping-service.test.ts.
import { controlPath, SERVICE_CONTROL } from "../../../container/runsv.ts";
import { readRule, STOP_SIGNAL, STOP_TIMEOUT } from "../../../container/stop-rules.ts";
import { SIGNAL, signalName } from "../../../core/signals.ts";
import type { Linux } from "../../../linux/linux.ts";
import { putLink } from "./our-programs.ts";

/**
 * Makes our program the `control/t` of a service with a file `stop-signal`, unless the service has its own. It stays
 * if the file goes: it then has runsv send TERM.
 *
 * @param directory of the mirror
 * @throws SysError
 */
export function putStopControl(linux: Linux, directory: string): void {
  linux.mkdir(`${directory}/control`, 0o755);
  putLink(linux, SERVICE_CONTROL, `${directory}/control/t`);
}

/** How my_init stops a service. */
export interface HowToStop {
  /** What the service gets; undefined: a program of the service decides. */
  readonly signal: number | undefined;
  /** How long after that it is killed; Infinity: it has no time limit of its own. */
  readonly limitMs: number;
  /** What differs from other services, in words: ` (SIGQUIT, at most 3 s)`. */
  readonly words: string;
}

/** What a service says. A file with a mistake has no effect. @see docs/reference/services.md */
export function howToStop(linux: Linux, runsv: number, hasRules: boolean): HowToStop {
  const directory = `/proc/${runsv}/cwd`;
  const isOwn = hasOwnTerm(linux, directory);
  const signal = hasRules && !isOwn ? readRule(linux, directory, STOP_SIGNAL) : undefined;
  const seconds = hasRules ? readRule(linux, directory, STOP_TIMEOUT) : undefined;
  const words = [signal && signalName(signal), seconds && `at most ${seconds} s`].filter(Boolean).join(", ");
  return {
    signal: isOwn ? undefined : (signal ?? SIGNAL.SIGTERM),
    limitMs: (seconds ?? Number.POSITIVE_INFINITY) * 1000,
    words: words && ` (${words})`,
  };
}

/** Whether a program of the service replaces the TERM of its runsv. */
function hasOwnTerm(linux: Linux, directory: string): boolean {
  return linux.access(controlPath(linux, directory), 0) === 0;
}
