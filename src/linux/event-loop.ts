import { SIGNAL } from "../core/signals.ts";
import type { Children } from "./children.ts";
import type { Linux } from "./linux.ts";
import type { Output } from "./output.ts";

/** The longest time that poll(2) takes: a wait without a deadline begins again after it. */
const LONGEST_POLL_MS = 2147483647;

/** As many signals, and as many ends of children, in a row: then deadlines and descriptors have their turn. */
const MOST_IN_A_ROW = 64;

/** As many ends of children are a flood of orphans, if they come in {@link FLOOD_MS}. */
const FLOOD = 256;

const FLOOD_MS = 1000;

/** To reap {@link MOST_IN_A_ROW} children takes less, unless waitpid(2) is slow. */
const SLOW_REAPING_MS = 1;

/** In a flood, the pause after a slow reaping is as many times longer. */
const PAUSE_RATIO = 6;

/** The longest pause: signals wait until it is over. */
const LONGEST_PAUSE_MS = 50;

/** An output that may have bytes left to write. */
export type Sink = Pick<Output, "fd" | "isBehind" | "flush">;

/** Called for each signal except SIGCHLD, in the order of arrival. */
export type SignalListener = (signal: number, senderPid: number, value: number, code: number) => void;

/**
 * The only place where a program waits. During every wait, children that have ended are reaped, signals are passed to
 * the listener and kept output is written.
 */
export class EventLoop {
  readonly #linux: Linux;
  readonly #children: Children;
  readonly #outputs: Sink[];
  readonly #onSignal: SignalListener;
  readonly #watched = new Map<number, () => void>();
  readonly #tends = new Set<() => number>();
  /** Ends of children that are counted together, until {@link #countEndMs}. */
  #ends = 0;
  #countEndMs = 0;

  constructor(linux: Linux, children: Children, output: Sink, onSignal: SignalListener) {
    this.#linux = linux;
    this.#children = children;
    this.#outputs = [output];
    this.#onSignal = onSignal;
  }

  /** Milliseconds on the clock of all deadlines. */
  get nowMs(): number {
    return this.#linux.monotonicMs();
  }

  /** Calls `onReady` each time `fd` is readable, until {@link unwatch}. */
  watch(fd: number, onReady: () => void): void {
    this.#watched.set(fd, onReady);
  }

  /** Ends a watch, and leaves its descriptor open. */
  pause(fd: number): void {
    this.#watched.delete(fd);
  }

  /** Adds an output to flush when it has room. */
  addOutput(output: Sink): void {
    this.#outputs.push(output);
  }

  /** Ends a watch and closes its descriptor. */
  unwatch(fd: number): void {
    if (this.#watched.delete(fd)) this.#linux.close(fd);
  }

  /**
   * Calls `tend` after each event, in every wait.
   *
   * @param tend returns when to call it next at the latest, in milliseconds on the clock of {@link nowMs}
   * @returns a function that ends the calls
   */
  tendTo(tend: () => number): () => void {
    this.#tends.add(tend);
    return () => this.#tends.delete(tend);
  }

  /**
   * Waits until `isDone()`, which is called after each event.
   *
   * @param deadlineMs called after each event too, as a signal may bring the deadline nearer; Infinity: none
   * @param pollIntervalMs the longest time between two calls of `isDone`, for a condition that causes no event
   * @returns false if the deadline came first
   */
  waitUntil(isDone: () => boolean, deadlineMs: () => number, pollIntervalMs = LONGEST_POLL_MS): boolean {
    for (;;) {
      // Signals before children: a child that ends after the reaping leaves a pending SIGCHLD, which ends the poll.
      this.#takeSignals();
      const pauseMs = this.#reap();
      let tendMs = Number.POSITIVE_INFINITY;
      for (const tend of this.#tends) tendMs = Math.min(tendMs, tend());
      if (isDone()) return true;
      const { nowMs } = this;
      const leftMs = deadlineMs() - nowMs;
      if (leftMs <= 0) return false;
      if (pauseMs !== undefined) this.#linux.sleep(pauseMs);
      const timeoutMs = pauseMs === undefined ? Math.min(leftMs, pollIntervalMs, tendMs - nowMs) : 0;
      this.#wait(Math.ceil(Math.max(0, timeoutMs)));
    }
  }

  /**
   * Reaps children. waitpid(2) goes through their list from the front until one has ended. While thousands end, that can
   * be a long way each time, and it takes the processor from the children in front. After a pause, more have ended.
   *
   * @returns the pause in milliseconds, after which to reap again; undefined: reap after the next event
   */
  #reap(): number | undefined {
    const beganMs = this.nowMs;
    if (beganMs >= this.#countEndMs) {
      this.#countEndMs = beganMs + FLOOD_MS;
      this.#ends = 0;
    }
    const count = this.#children.reap(MOST_IN_A_ROW);
    this.#ends += count;
    const reapingMs = this.nowMs - beganMs;
    const isSlow = this.#ends >= FLOOD && reapingMs >= SLOW_REAPING_MS;
    if (isSlow) return Math.floor(Math.min(PAUSE_RATIO * reapingMs, LONGEST_PAUSE_MS));
    return count === MOST_IN_A_ROW ? 0 : undefined;
  }

  /** Takes the signals and ends of children that have come since the last wait. */
  turn(): void {
    this.waitUntil(
      () => true,
      () => 0,
    );
  }

  #takeSignals(): void {
    for (let count = 0; count < MOST_IN_A_ROW; count++) {
      const taken = this.#linux.takeSignal();
      if (typeof taken === "number") return;
      if (taken[0] !== SIGNAL.SIGCHLD) this.#onSignal(...taken);
    }
  }

  #wait(timeoutMs: number): void {
    const writes = this.#outputs.filter(({ isBehind }) => isBehind).map(({ fd }) => fd);
    const ready = this.#linux.poll([...this.#watched.keys()], writes, timeoutMs);
    if (typeof ready === "number") return; // EINTR: the caller polls again
    for (const fd of ready) this.#watched.get(fd)?.();
    for (const output of this.#outputs) output.flush();
  }
}
