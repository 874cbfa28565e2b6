// Tested by src/image/container-health/main.test.ts.
import { checkFailure, hasCheck, killCheck, startCheck } from "../../container/service-check.ts";
import type { Child, Children } from "../../linux/children.ts";
import type { EventLoop } from "../../linux/event-loop.ts";
import type { Linux } from "../../linux/linux.ts";
import type { ServiceHealth } from "./report.ts";

/** How long a killed check may take to end. */
const KILLED_MS = 1000;

/** No environment is larger. */
const MAX_BYTES = 1 << 24;

/** What is needed to run checks. */
export interface Checker {
  readonly linux: Linux;
  readonly children: Children;
  readonly loop: EventLoop;
  readonly wasInterrupted: () => boolean;
}

/**
 * Runs the `check` of each service that runs and has one, all at the same time, with the environment of the services. Its
 * status decides, also in a service's first second: 0 is success.
 *
 * @param deadlineMs when checks that still run are killed, on the clock of the event loop
 * @see sv(8)
 */
export function runChecks(
  checker: Checker,
  runsvdir: { readonly pid: number; readonly directory: string },
  services: readonly ServiceHealth[],
  deadlineMs: number,
): ServiceHealth[] {
  const { children, linux, loop, wasInterrupted } = checker;
  const environ = environOf(linux, runsvdir.pid);
  const checks = services.map((service): Child | number | undefined => {
    const directory = `${runsvdir.directory}/${service.name}`;
    const mayCheck = service.state === "up" || service.state === "just-started";
    return mayCheck && hasCheck(linux, directory) ? startCheck(children, directory, environ, true) : undefined;
  });
  const isOver = () => checks.every((check) => typeof check !== "object" || check.end !== undefined);
  loop.waitUntil(
    () => isOver() || wasInterrupted(),
    () => deadlineMs,
  );
  const late = new Set(checks.filter((check) => typeof check === "object" && check.end === undefined));
  for (const check of late) if (typeof check === "object") killCheck(linux, check);
  const killedMs = loop.nowMs + KILLED_MS;
  loop.waitUntil(isOver, () => killedMs);
  return services.map((service, index) => judge(service, checks[index], late.has(checks[index])));
}

function judge(service: ServiceHealth, check: Child | number | undefined, isLate: boolean): ServiceHealth {
  if (check === undefined) return service;
  const detail = checkFailure(check, isLate);
  if (detail === undefined) return { ...service, state: "up", detail: "" };
  return { ...service, state: isLate ? "check-timed-out" : "check-failed", detail };
}

/** The environment with which a process was started; if this user may not read it, that of this process. */
function environOf(linux: Linux, pid: number): readonly string[] {
  const bytes = linux.readFile(`/proc/${pid}/environ`, MAX_BYTES, false);
  return typeof bytes === "string" ? bytes.split("\0").filter((variable) => variable !== "") : linux.environ;
}
