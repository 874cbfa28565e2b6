import type { Need } from "../../container/needs.ts";
import { isSupervised, readState, SERVICES, SUPERVISE } from "../../container/runsv.ts";
import { CHECK_SECONDS, checkFailure, hasCheck, killCheck, startCheck } from "../../container/service-check.ts";
import { serviceStart } from "../../container/service-start.ts";
import type { Child, Children } from "../../linux/children.ts";
import type { DirectoryWatch } from "../../linux/directory-watch.ts";
import { isDirectory } from "../../linux/files.ts";
import type { Linux } from "../../linux/linux.ts";

const CHECK_MS = CHECK_SECONDS * 1000;

/** How soon to look again, at first; each time it is twice as long, up to one of these. */
const SOONEST_MS = 1;
/** Where only a look tells whether something has changed. */
const OFTEN_MS = 100;
/** Where the kernel tells, too. */
const SELDOM_MS = 1000;

/** A check may take up to a third of the time. */
const PAUSE_PER_CHECK = 2;

const UNANSWERED = "its check has not answered yet";

/** What looking at services takes. */
export interface Look {
  readonly linux: Linux;
  readonly children: Children;
  readonly directories: DirectoryWatch;
}

/** A service that another waits for. */
export class Needed {
  readonly need: Need;
  readonly #look: Look;
  readonly #directory: string;
  #reason: string | undefined = UNANSWERED;
  #lateMs: number;
  #nextMs: number;
  #pauseMs = SOONEST_MS;
  #isWatched = false;
  /** Whether the reason is what its check said. */
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

  /** Whether it is up and its check, if it has one, says yes, and nobody is asking again. */
  get isReady(): boolean {
    return this.#reason === undefined && this.#check === undefined;
  }

  /** Why it is not ready. */
  get reason(): string {
    return this.#reason ?? UNANSWERED;
  }

  /** When to call {@link tend} at the latest, where it is not ready. */
  get nextMs(): number {
    const lateMs = this.#reason === undefined ? Number.POSITIVE_INFINITY : this.#lateMs;
    if (this.#check === undefined) return Math.min(this.#nextMs, lateMs);
    // The end of one that was killed makes an event.
    return Math.min(this.#check.isLate ? Number.POSITIVE_INFINITY : this.#check.startMs + CHECK_MS, lateMs);
  }

  /** Whether it is not ready although its time is up. */
  isLate(nowMs: number): boolean {
    return this.#reason !== undefined && nowMs >= this.#lateMs;
  }

  /** Looks whether it is ready, if it is time for that. */
  tend(nowMs: number): void {
    if (this.#check !== undefined) this.#tendToCheck(this.#check, nowMs);
    else if (nowMs >= this.#nextMs) this.#lookAt(nowMs);
  }

  /** Takes it back that it is ready where it is not up any more. */
  confirm(nowMs: number): void {
    const reason = this.#whyNotUp();
    if (reason !== undefined) this.#judge(reason, nowMs, 0);
  }

  /** Leaves nothing behind. */
  end(): void {
    if (this.#check !== undefined) killCheck(this.#look.linux, this.#check.child);
  }

  #lookAt(nowMs: number): void {
    const { children, linux } = this.#look;
    // First, so that nothing is missed.
    this.#watch();
    const reason = this.#whyNotUp();
    if (reason !== undefined || !hasCheck(linux, this.#directory)) {
      this.#hasAnswered = false;
      this.#judge(reason, nowMs, 0);
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
    // One that was ready has all the time there is to be so again.
    if (this.#reason === undefined) this.#lateMs = nowMs + this.need.limitSeconds * 1000;
    this.#reason = reason;
    if (reason === undefined) {
      this.#nextMs = Number.POSITIVE_INFINITY;
      return;
    }
    const isTold = this.#isWatched && tookMs === 0;
    this.#nextMs = nowMs + Math.min(SELDOM_MS, Math.max(this.#pauseMs, tookMs * PAUSE_PER_CHECK));
    this.#pauseMs = Math.min(this.#pauseMs * 2, isTold ? SELDOM_MS : OFTEN_MS);
  }

  /** runsv makes the directory, and tells of changes there. */
  #watch(): void {
    if (this.#isWatched) return;
    const end = this.#look.directories.add(`${this.#directory}/${SUPERVISE}`, () => {
      this.#nextMs = 0;
      this.#pauseMs = SOONEST_MS;
    });
    this.#isWatched = end !== undefined;
  }

  #whyNotUp(): string | undefined {
    const { linux } = this.#look;
    const supervise = `${this.#directory}/${SUPERVISE}`;
    if (!isDirectory(linux, this.#directory)) {
      const isThere = isDirectory(linux, `${SERVICES}/${this.need.service}`);
      return isThere ? "it is left out" : "there is no such service any more";
    }
    const state = readState(linux, supervise);
    if (typeof state === "number" || !isSupervised(linux, supervise)) return "no runsv looks after it";
    if (state.isDown) return state.isWanted ? "it is down" : "it is down, and nobody has started it";
    if (state.isFinishing) return "it has ended, and its finish script runs";
    if (state.isPaused) return "it is paused";
    const start = serviceStart(linux, supervise, state.pid);
    if (start.kind === "waiting") return `it waits for ${start.forWhom}`;
    return start.kind === "starting" ? "it is about to start" : undefined;
  }
}
