// Tested by src/image/container-health/main.test.ts.
import { isEnding } from "../core/signals.ts";
import { type Child, Children } from "../linux/children.ts";
import { EventLoop } from "../linux/event-loop.ts";
import type { Linux } from "../linux/linux.ts";
import { Output } from "../linux/output.ts";
import type { Progress } from "./boot-progress.ts";
import { CHECK_SECONDS, checkFailure, hasCheck, killCheck, startCheck } from "./service-check.ts";
import type { ServiceHealth } from "./service-health.ts";

/** How long a killed check may take to end. */
const KILLED_MS = 1000;

/** No environment is larger. */
const MAX_BYTES = 1 << 24;

/** How the check of a service has ended. */
export type CheckResult = Required<Pick<ServiceHealth, "state" | "detail" | "check">>;

/** Runs checks, for a program that a signal ends. */
export class Checker {
  readonly linux: Linux;
  readonly loop: EventLoop;
  /** Lines that may be written while checks run. */
  readonly output: Output;
  /** The signal that asked the program to end; 0: something else did. */
  endedBy: number | undefined;
  readonly #children: Children;

  readonly #areShown: boolean;

  /**
   * @param fd of `output`
   * @param areShown whether what checks print goes to standard error; otherwise it goes nowhere
   * @param onSignal is called for the other signals
   */
  constructor(linux: Linux, fd: number, areShown: boolean, onSignal: (signal: number) => void = () => {}) {
    this.linux = linux;
    this.#areShown = areShown;
    this.output = new Output(linux, fd);
    this.#children = new Children(linux);
    this.loop = new EventLoop(linux, this.#children, this.output, (signal) => {
      if (isEnding(signal)) this.endedBy ??= signal;
      else onSignal(signal);
    });
  }

  /**
   * Runs the `check` of each service that runs and has one, all at the same time, with the environment of the services.
   * Its status decides, also in a service's first second: 0 is success.
   *
   * @param progress unless the boot is over, no check is run
   * @param deadlineMs when checks that still run are killed, on the clock of the event loop
   * @returns the results by the name of the service
   * @see sv(8)
   */
  run(
    progress: Progress,
    services: readonly ServiceHealth[],
    deadlineMs = this.loop.nowMs + CHECK_SECONDS * 1000,
  ): ReadonlyMap<string, CheckResult> {
    const { linux, loop } = this;
    const checks = new Map<string, Child | number>();
    let environ: readonly string[] | undefined;
    const { boot, services: supervision } = progress;
    for (const service of boot === "over" ? services : []) {
      const path = `${supervision?.directory}/${service.name}`;
      if (!mayCheck(service) || !hasCheck(linux, path)) continue;
      environ ??= environOf(linux, supervision?.pid ?? 0);
      checks.set(service.name, startCheck(this.#children, path, environ, this.#areShown));
    }
    const isOver = () => {
      for (const check of checks.values()) if (isRunning(check)) return false;
      return true;
    };
    loop.waitUntil(
      () => isOver() || this.endedBy !== undefined,
      () => deadlineMs,
    );
    const results = new Map<string, CheckResult>();
    for (const [name, check] of checks) {
      const isLate = isRunning(check);
      if (isLate) killCheck(linux, check);
      const detail = checkFailure(check, isLate) ?? "";
      const state = detail === "" ? "up" : isLate ? "check-timed-out" : "check-failed";
      results.set(name, { state, detail, check: detail });
    }
    const killedMs = loop.nowMs + KILLED_MS;
    loop.waitUntil(isOver, () => killedMs);
    return results;
  }
}

/** The services with what their checks say about them. */
export function withChecks(
  services: readonly ServiceHealth[],
  results: ReadonlyMap<string, CheckResult>,
): ServiceHealth[] {
  return services.map((service) => (mayCheck(service) ? { ...service, ...results.get(service.name) } : service));
}

function isRunning(check: Child | number): check is Child {
  return typeof check === "object" && check.end === undefined;
}

/** Also if an earlier check has changed the service's health. */
function mayCheck({ now }: ServiceHealth): boolean {
  return now.isWanted && (now.state === "up" || now.state === "starting");
}

/** The environment with which a process was started; if this user may not read it, that of this process. */
function environOf(linux: Linux, pid: number): readonly string[] {
  const bytes = linux.readFile(`/proc/${pid}/environ`, MAX_BYTES, false);
  return typeof bytes === "string" ? bytes.split("\0").filter((variable) => variable !== "") : linux.environ;
}
