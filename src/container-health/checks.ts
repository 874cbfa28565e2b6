import { SIGNAL } from "../core/signals.ts";
import type { Child, Children } from "../linux/children.ts";
import { errorWords } from "../linux/errno.ts";
import type { EventLoop } from "../linux/event-loop.ts";
import { type Linux, SPAWN } from "../linux/linux.ts";
import type { ServiceHealth } from "./report.ts";

/** How long a check may take. The engine's own limit for a health check is 30 s where it is given none. */
export const CHECK_SECONDS = 5;

/** How long one that was killed may take to go. */
const KILLED_MS = 1000;

const SHELL = "/bin/sh";
/** In the service's folder, as the service itself; what it prints is for people, on standard error. */
const RUN_CHECK = 'cd "$1" && exec ./check >&2';

/** More than any environment has. */
const MOST_BYTES = 1 << 24;

/** What running checks takes. */
export interface Checker {
  readonly linux: Linux;
  readonly children: Children;
  readonly loop: EventLoop;
  readonly wasInterrupted: () => boolean;
}

/**
 * Runs the `check` of each service that runs and has one, all at once, with the environment of the services. Its status
 * decides, also in a service's first second: 0 is good.
 *
 * @param untilMs when the last of them is killed, on the clock of the event loop
 * @see sv(8)
 */
export function runChecks(
  checker: Checker,
  runsvdir: { readonly pid: number; readonly folder: string },
  services: readonly ServiceHealth[],
  untilMs: number,
): ServiceHealth[] {
  const { children, linux, loop, wasInterrupted } = checker;
  const environ = environOf(linux, runsvdir.pid);
  const checks = services.map((service): Child | number | undefined => {
    const folder = `${runsvdir.folder}/${service.name}`;
    const mayCheck = service.state === "up" || service.state === "just-started";
    if (!mayCheck || linux.access(`${folder}/check`, 0) < 0) return undefined;
    const program = { file: SHELL, argv: [SHELL, "-c", RUN_CHECK, SHELL, folder], environ };
    return children.spawn(program, SPAWN.session | SPAWN.noInput);
  });
  const isOver = () => checks.every((check) => typeof check !== "object" || check.end !== undefined);
  loop.waitUntil(
    () => isOver() || wasInterrupted(),
    () => untilMs,
  );
  const late = new Set(checks.filter((check) => typeof check === "object" && check.end === undefined));
  for (const check of late) if (typeof check === "object") linux.kill(-check.pid, SIGNAL.SIGKILL);
  const goneMs = loop.nowMs + KILLED_MS;
  loop.waitUntil(isOver, () => goneMs);
  return services.map((service, index) => judge(service, checks[index], late.has(checks[index])));
}

function judge(service: ServiceHealth, check: Child | number | undefined, isLate: boolean): ServiceHealth {
  if (check === undefined) return service;
  const { name } = service;
  if (typeof check === "number") {
    return { name, state: "check-failed", detail: `its check cannot be run: ${errorWords(check)}` };
  }
  if (isLate || check.end === undefined) {
    return { name, state: "check-timed-out", detail: "its check did not end in time, and was killed" };
  }
  if (check.end.how === "killed") {
    return { name, state: "check-failed", detail: `its check was killed by signal ${check.end.signal}` };
  }
  if (check.end.code === 0) return { name, state: "up", detail: "" };
  return { name, state: "check-failed", detail: `its check says no (status ${check.end.code})` };
}

/** What a process was started with, or where that may not be seen what this one was. */
function environOf(linux: Linux, pid: number): readonly string[] {
  const bytes = linux.readFile(`/proc/${pid}/environ`, MOST_BYTES, false);
  return typeof bytes === "string" ? bytes.split("\0").filter((variable) => variable !== "") : linux.environ;
}
