import { SIGNAL } from "../core/signals.ts";
import type { Children } from "./children.ts";
import type { Linux } from "./linux.ts";
import type { Output } from "./output.ts";

/** The longest time that poll(2) can be given: a wait without a deadline simply begins again. */
const LONGEST_POLL_MS = 2147483647;

/** What has bytes to write as soon as there is room for them. */
export type Sink = Pick<Output, "fd" | "isBehind" | "flush">;

/** Told of each signal that arrives, but SIGCHLD, in the order of arrival. */
export type SignalListener = (signal: number, senderPid: number, value: number, code: number) => void;

/**
 * The only place where a program waits. Whatever it waits for, every child that has ended is reaped,
 * every signal is handed on and kept output is written.
 */
export class EventLoop {
  readonly #linux: Linux;
  readonly #children: Children;
  readonly #outputs: Sink[];
  readonly #onSignal: SignalListener;
  readonly #watched = new Map<number, () => void>();
  readonly #tends = new Set<() => number>();

  constructor(linux: Linux, children: Children, output: Sink, onSignal: SignalListener) {
    this.#linux = linux;
    this.#children = children;
    this.#outputs = [output];
    this.#onSignal = onSignal;
  }

  /** Milliseconds on the clock that deadlines are told in. */
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

  /** Flushes one output more whenever there is room. */
  addOutput(output: Sink): void {
    this.#outputs.push(output);
  }

  /** Ends a watch and closes its descriptor. */
  unwatch(fd: number): void {
    if (this.#watched.delete(fd)) this.#linux.close(fd);
  }

  /**
   * Calls `tend` after each event too, whatever is waited for: somebody who is to be looked after all the time.
   *
   * @param tend answers when it wants to be called at the latest, in milliseconds on the clock of {@link nowMs}
   * @returns ends it
   */
  tendTo(tend: () => number): () => void {
    this.#tends.add(tend);
    return () => this.#tends.delete(tend);
  }

  /**
   * Waits until `isDone()`, which is asked after each event.
   *
   * @param deadlineMs asked after each event too, as a signal may bring it nearer; Infinity: none
   * @param pollIntervalMs for what makes no event: how long to wait at most before asking again
   * @returns whether it is done; false: the time was up first
   */
  waitUntil(isDone: () => boolean, deadlineMs: () => number, pollIntervalMs = LONGEST_POLL_MS): boolean {
    for (;;) {
      // Signals before children: a child that ends after the look leaves its SIGCHLD for poll to see.
      this.#takeSignals();
      this.#children.reap();
      let tendMs = Number.POSITIVE_INFINITY;
      for (const tend of this.#tends) tendMs = Math.min(tendMs, tend());
      if (isDone()) return true;
      const { nowMs } = this;
      const leftMs = deadlineMs() - nowMs;
      if (leftMs <= 0) return false;
      this.#wait(Math.ceil(Math.max(0, Math.min(leftMs, pollIntervalMs, tendMs - nowMs))));
    }
  }

  /** Takes the signals and ends of children that have come since the last wait. */
  turn(): void {
    this.waitUntil(
      () => true,
      () => 0,
    );
  }

  #takeSignals(): void {
    for (;;) {
      const taken = this.#linux.takeSignal();
      if (typeof taken === "number") return;
      if (taken[0] !== SIGNAL.SIGCHLD) this.#onSignal(...taken);
    }
  }

  #wait(timeoutMs: number): void {
    const writes = this.#outputs.filter(({ isBehind }) => isBehind).map(({ fd }) => fd);
    const ready = this.#linux.poll([...this.#watched.keys()], writes, timeoutMs);
    if (typeof ready === "number") return; // EINTR: looked at again by the caller
    for (const fd of ready) this.#watched.get(fd)?.();
    for (const output of this.#outputs) output.flush();
  }
}
