// Tested by src/image/container-health/main.test.ts.
import { SIGNAL } from "../core/signals.ts";
import type { Child, Children } from "../linux/children.ts";
import { errorWords } from "../linux/errno.ts";
import { type Linux, SPAWN } from "../linux/linux.ts";
import { SERVICE_CHECK } from "./applets.ts";

/** How long the check of a service may take. The container engine's default limit for a health check is 30 s. */
export const CHECK_SECONDS = 5;

/** A service's own check, in its directory. @see sv(8) */
const CHECK = "check";

/** A word for our program {@link SERVICE_CHECK}: the output of the check goes nowhere. */
export const CHECK_HIDDEN = "hidden";

/** How each answer of {@link checkFailure} begins. */
export const ITS_CHECK = "its check ";

/** Whether a service has a check. */
export function hasCheck(linux: Linux, directory: string): boolean {
  return linux.access(`${directory}/${CHECK}`, 0) === 0;
}

/**
 * Starts the check of a service, in a session of its own.
 *
 * @param isShown true: its output goes to standard error; false: nowhere
 * @returns the child, or the errno (above zero) with which it could not be started
 */
export function startCheck(
  children: Children,
  directory: string,
  environ: readonly string[],
  isShown: boolean,
): Child | number {
  const argv = [SERVICE_CHECK, directory, ...(isShown ? [] : [CHECK_HIDDEN])];
  return children.spawn({ file: "/proc/self/exe", argv, environ }, SPAWN.session | SPAWN.noInput);
}

/** Kills a check that took too long, and its children. */
export function killCheck(linux: Linux, check: Child): void {
  linux.kill(-check.pid, SIGNAL.SIGKILL);
  linux.kill(check.pid, SIGNAL.SIGKILL); // it may be stopped before it has a session
}

/** Why a check failed, if it has ended or was killed as too slow; undefined: it succeeded. */
export function checkFailure(check: Child | number, isLate: boolean): string | undefined {
  if (typeof check === "number") return `${ITS_CHECK}cannot be run: ${errorWords(check)}`;
  if (check.startError !== undefined) return checkFailure(check.startError, isLate);
  if (isLate || check.end === undefined) return `${ITS_CHECK}did not end in time, and was killed`;
  if (check.end.how === "killed") return `${ITS_CHECK}was killed by signal ${check.end.signal}`;
  return check.end.code === 0 ? undefined : `${ITS_CHECK}failed (exit status ${check.end.code})`;
}
