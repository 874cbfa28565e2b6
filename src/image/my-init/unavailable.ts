import type { Linux } from "../../linux/linux.ts";
import type { Log } from "./logs/log.ts";

/** What this container does without, as its user or its file system does not allow it: told in one line. @see docs/reference/anywhere.md */
export class Unavailable {
  readonly #linux: Linux;
  readonly #log: Log;
  #things: string[] = [];
  #isReported = false;

  constructor(linux: Linux, log: Log) {
    this.#linux = linux;
    this.#log = log;
  }

  /** Takes note of a thing. @param reason told to root only: to others it is that they are not root */
  add(thing: string, reason: string): void {
    this.#things.push(this.#linux.getEuid() === 0 ? `${thing} (${reason})` : thing);
    if (this.#isReported) this.report();
  }

  /** Tells what was noted up to now; what is noted later is told at once. */
  report(): void {
    this.#isReported = true;
    if (this.#things.length === 0) return;
    const uid = this.#linux.getEuid();
    const reason = uid === 0 ? "" : `, as uid ${uid} is not root`;
    this.#log.warn(`left out${reason}: ${this.#things.join(", ")}`);
    this.#things = [];
  }
}
