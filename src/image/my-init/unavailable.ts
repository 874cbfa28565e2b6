import type { Linux } from "../../linux/linux.ts";
import type { Log } from "./logs/log.ts";

/** Logs in one line what the container's user or file system does not allow. @see docs/reference/anywhere.md */
export class Unavailable {
  readonly #linux: Linux;
  readonly #log: Log;
  #things: string[] = [];
  #isReported = false;

  constructor(linux: Linux, log: Log) {
    this.#linux = linux;
    this.#log = log;
  }

  /** Adds a thing. @param reason logged for root only: for other users the reason is that they are not root */
  add(thing: string, reason: string): void {
    this.#things.push(this.#linux.getEuid() === 0 ? `${thing} (${reason})` : thing);
    if (this.#isReported) this.report();
  }

  /** Logs the things so far; later things are logged immediately. */
  report(): void {
    this.#isReported = true;
    if (this.#things.length === 0) return;
    const uid = this.#linux.getEuid();
    const reason = uid === 0 ? "" : `, as uid ${uid} is not root`;
    this.#log.warn(`left out${reason}: ${this.#things.join(", ")}`);
    this.#things = [];
  }
}
