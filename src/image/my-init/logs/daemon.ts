// Tested by src/image/my-init/logs/log-writer.test.ts, src/image/my-init/logs/syslog.test.ts.
import { SIGNAL } from "../../../core/signals.ts";
import type { Child } from "../../../linux/children.ts";
import type { Context } from "../context.ts";
import { forceToExit, waitForKilled } from "../shutdown/force.ts";

/** The pause after the first failure; it doubles with each further one. */
const FIRST_PAUSE_MS = 1000;

/** What differs between the daemons that my_init keeps running for itself. */
export interface DaemonKind {
  /**
   * Starts it.
   *
   * @param pauseMs above 0: the last one had not done its work
   * @returns the child, or the errno (above zero) with which it could not be started
   */
  readonly start: (pauseMs: number, isFirst: boolean) => Child | number;
  /** Whether a daemon that was started at `startedMs` and has ended did its work: it is started again without a pause. */
  readonly hasWorked: (startedMs: number) => boolean;
  /** Logs its end. @returns whether it is started again, after `pauseMs` */
  readonly onEnd: (child: Child, pauseMs: number) => boolean;
  readonly longestPauseMs: number;
  /** How long to wait after a start that failed with an errno. */
  readonly retryMs: number;
}

/** A daemon that is started again when it has ended: immediately if it did its work, else after longer and longer pauses. */
export class Daemon {
  readonly #context: Context;
  readonly #kind: DaemonKind;
  #child: Child | undefined;
  #startedMs = 0;
  #pauseMs = 0;
  /** When to start it again. */
  #dueMs = Number.POSITIVE_INFINITY;

  constructor(context: Context, kind: DaemonKind) {
    this.#context = context;
    this.#kind = kind;
  }

  /** The last that was started, until {@link tend} has seen its end. */
  get child(): Child | undefined {
    return this.#child;
  }

  /** Its pid while it runs. */
  get pid(): number | undefined {
    return this.#child?.end === undefined ? this.#child?.pid : undefined;
  }

  /** @returns 0, or the errno (above zero) with which it could not be started */
  start(): number {
    const { nowMs } = this.#context.loop;
    const child = this.#kind.start(this.#pauseMs, this.#startedMs === 0);
    const isStarted = typeof child !== "number";
    this.#startedMs = nowMs;
    this.#dueMs = isStarted ? Number.POSITIVE_INFINITY : nowMs + this.#kind.retryMs;
    this.#child = isStarted ? child : undefined;
    return isStarted ? 0 : child;
  }

  /** Starts it again if it is time for it. @returns when to be called at the latest */
  tend(): number {
    const { nowMs } = this.#context.loop;
    const child = this.#child;
    if (child?.end !== undefined) {
      this.#child = undefined;
      const nextMs = Math.min(this.#kind.longestPauseMs, Math.max(FIRST_PAUSE_MS, this.#pauseMs * 2));
      this.#pauseMs = this.#kind.hasWorked(this.#startedMs) ? 0 : nextMs;
      if (this.#kind.onEnd(child, this.#pauseMs)) this.#dueMs = nowMs + this.#pauseMs;
    }
    if (nowMs >= this.#dueMs) this.start();
    return this.#dueMs;
  }

  /** Kills it: without a warning if it `isDone`, has nothing left to do. */
  end(isDone: boolean): void {
    const child = this.#child;
    if (child === undefined || child.end !== undefined) return;
    if (!isDone) forceToExit(this.#context, child);
    else if (this.#context.children.signal(child, SIGNAL.SIGKILL)) {
      waitForKilled(this.#context, () => child.end !== undefined);
    }
  }
}
