// Tested by src/image/service-run/needs.test.ts, test/process/needs.test.ts.
import type { Need } from "../../container/needs.ts";
import { restartRulesOf } from "../../container/restart.ts";
import { SERVICES, SUPERVISE } from "../../container/runsv.ts";
import { CHECK_SECONDS, checkFailure, hasCheck, killCheck, startCheck } from "../../container/service-check.ts";
import { type ServiceStatus, serviceStatus, unknownStatus } from "../../container/service-status.ts";
import type { Child, Children } from "../../linux/children.ts";
import type { DirectoryWatch } from "../../linux/directory-watch.ts";
import { isDirectory } from "../../linux/files.ts";
import type { Linux } from "../../linux/linux.ts";

const CHECK_MS = CHECK_SECONDS * 1000;

/** How soon to look again, at first. The interval doubles with each look, up to one of the next two. */
const FIRST_INTERVAL_MS = 1;
/** Without a notification of the kernel. */
const POLL_INTERVAL_MS = 100;
/** With notifications. */
const WATCHED_INTERVAL_MS = 1000;

/** How many times as long as a check the pause after it is: checks take at most a third of the time. */
const PAUSE_PER_CHECK = 2;

const UNANSWERED = "its check has not answered yet";

/** What is needed to look at services. */
export interface Look {
  readonly linux: Linux;
  readonly children: Children;
  readonly directories: DirectoryWatch;
}

/** A service that another service waits for. */
export class Needed {
  readonly need: Need;
  readonly #look: Look;
  readonly #directory: string;
  #reason: string | undefined = UNANSWERED;
  #lateMs: number;
  #nextMs: number;
  #intervalMs = FIRST_INTERVAL_MS;
  #isWatched = false;
  /** Whether the reason is a result of its check. */
  #hasAnswered = false;
  #check: { readonly child: Child; readonly startMs: number; isLate: boolean } | undefined;

  /** @param services the directory where the services are */
  constructor(look: Look, services: string, need: Need, nowMs: number) {
    this.need = need;
    this.#look = look;
    this.#directory = `${services}/${need.service}`;
    this.#nextMs = nowMs;
    this.#lateMs = nowMs + need.limitSeconds * 1000;
  }

  /** Whether it is up and its check, if it has one, succeeded and is not running again. */
  get isReady(): boolean {
    return this.#reason === undefined && this.#check === undefined;
  }

  /** Why it is not ready. */
  get reason(): string {
    return this.#reason ?? UNANSWERED;
  }

  /** When to call {@link tend} at the latest, if it is not ready. */
  get nextMs(): number {
    const lateMs = this.#reason === undefined ? Number.POSITIVE_INFINITY : this.#lateMs;
    if (this.#check === undefined) return Math.min(this.#nextMs, lateMs);
    // The end of a killed check is an event.
    return Math.min(this.#check.isLate ? Number.POSITIVE_INFINITY : this.#check.startMs + CHECK_MS, lateMs);
  }

  /** Whether it is not ready at its deadline. */
  isLate(nowMs: number): boolean {
    return this.#reason !== undefined && nowMs >= this.#lateMs;
  }

  /** Looks whether it is ready, if a look is due. */
  tend(nowMs: number): void {
    if (this.#check !== undefined) this.#tendToCheck(this.#check, nowMs);
    else if (nowMs >= this.#nextMs) this.#lookAt(nowMs);
  }

  /** Looks again at a service that was ready: it is no longer ready if it is not up. */
  confirm(nowMs: number): void {
    const { reason, state } = this.#status();
    if (reason !== "") this.#judge(this.#whyNotReady(reason, state), nowMs, 0);
  }

  /** Kills the check that runs. */
  end(): void {
    if (this.#check !== undefined) killCheck(this.#look.linux, this.#check.child);
  }

  #lookAt(nowMs: number): void {
    const { children, linux } = this.#look;
    // Watch before the look, so that no change is missed.
    this.#watch();
    const { reason, state } = this.#status();
    if (reason !== "" || state === "done" || !hasCheck(linux, this.#directory)) {
      this.#hasAnswered = false;
      this.#judge(this.#whyNotReady(reason, state), nowMs, 0);
      return;
    }
    if (this.#reason !== undefined && !this.#hasAnswered) this.#reason = UNANSWERED;
    const child = startCheck(children, this.#directory, linux.environ, false);
    if (typeof child === "number") this.#judge(checkFailure(child, false), nowMs, 0);
    else this.#check = { child, startMs: nowMs, isLate: false };
  }

  #tendToCheck(check: { readonly child: Child; readonly startMs: number; isLate: boolean }, nowMs: number): void {
    if (check.child.end !== undefined) {
      this.#check = undefined;
      this.#hasAnswered = true;
      this.#judge(checkFailure(check.child, check.isLate), nowMs, nowMs - check.startMs);
    } else if (!check.isLate && nowMs >= check.startMs + CHECK_MS) {
      check.isLate = true;
      killCheck(this.#look.linux, check.child);
    }
  }

  #judge(reason: string | undefined, nowMs: number, tookMs: number): void {
    // A service that was ready gets the whole time limit again.
    if (this.#reason === undefined) this.#lateMs = nowMs + this.need.limitSeconds * 1000;
    this.#reason = reason;
    if (reason === undefined) {
      this.#nextMs = Number.POSITIVE_INFINITY;
      return;
    }
    const isNotified = this.#isWatched && tookMs === 0;
    this.#nextMs = nowMs + Math.min(WATCHED_INTERVAL_MS, Math.max(this.#intervalMs, tookMs * PAUSE_PER_CHECK));
    this.#intervalMs = Math.min(this.#intervalMs * 2, isNotified ? WATCHED_INTERVAL_MS : POLL_INTERVAL_MS);
  }

  /** runsv makes the directory, and replaces a file in it at each change. */
  #watch(): void {
    if (this.#isWatched) return;
    const end = this.#look.directories.add(`${this.#directory}/${SUPERVISE}`, () => {
      this.#nextMs = 0;
      this.#intervalMs = FIRST_INTERVAL_MS;
    });
    this.#isWatched = end !== undefined;
  }

  /** Without a check. A service that is to end with exit code 0 is ready when it has. */
  #whyNotReady(reason: string, state: ServiceStatus["state"]): string | undefined {
    if (reason !== "") return `it ${reason}`;
    if (state === "done") return undefined;
    const policy = restartRulesOf(this.#look.linux, this.#directory)?.policy ?? "always";
    return policy === "always" ? undefined : "it is not done";
  }

  #status(): ServiceStatus {
    const { linux } = this.#look;
    if (isDirectory(linux, this.#directory)) return serviceStatus(linux, this.#directory);
    const isThere = isDirectory(linux, `${SERVICES}/${this.need.service}`);
    return unknownStatus(isThere ? "is left out" : "is no longer there");
  }
}
