// Tested by src/image/service-run/needs.test.ts, src/image/service-run/delay.test.ts.
import { SIGNAL } from "../../core/signals.ts";
import { Children } from "../../linux/children.ts";
import { DirectoryWatch } from "../../linux/directory-watch.ts";
import { EventLoop } from "../../linux/event-loop.ts";
import type { Linux } from "../../linux/linux.ts";
import { Output } from "../../linux/output.ts";
import { STDERR } from "../../linux/program.ts";

/** Signals that end the wait, as the stop signal does. Other signals are for the service, which does not run yet. */
const ENDING: readonly number[] = [SIGNAL.SIGTERM, SIGNAL.SIGINT, SIGNAL.SIGQUIT];

/** What a program waits with before it becomes the service. */
export class Wait {
  readonly children: Children;
  readonly loop: EventLoop;
  readonly directories: DirectoryWatch;
  #endedBy: number | undefined;

  /** @param stopSignal of the service; undefined: TERM */
  constructor(linux: Linux, stopSignal?: number) {
    this.children = new Children(linux);
    this.loop = new EventLoop(linux, this.children, new Output(linux, STDERR), (signal) => {
      if (ENDING.includes(signal) || signal === stopSignal) this.#endedBy ??= signal;
    });
    this.directories = new DirectoryWatch(linux, this.loop);
  }

  /**
   * Waits until `isOver()`, which is called after each event.
   *
   * @param untilMs when the wait ends in any case, on the clock of the loop
   * @param pollIntervalMs the longest time between two calls of `isOver`, for a condition that causes no event
   * @returns the exit status of a service that a signal has ended meanwhile; undefined: the wait is over
   */
  until(isOver: () => boolean, untilMs = Number.POSITIVE_INFINITY, pollIntervalMs?: number): number | undefined {
    this.loop.waitUntil(
      () => this.#endedBy !== undefined || isOver(),
      () => untilMs,
      pollIntervalMs,
    );
    return this.#endedBy === undefined ? undefined : 128 + this.#endedBy;
  }
}
