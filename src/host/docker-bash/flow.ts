import { ERRNO } from "../../linux/errno.ts";
import type { EventLoop, Sink } from "../../linux/event-loop.ts";
import type { Host } from "../host.ts";

/** What is read and written at a time. */
const PIECE_BYTES = 4096;

/** With so much on its way nothing more is read. */
const MAX_BYTES = 65536;

/** Bytes on their way from one descriptor to another, which never waits for its reader. */
export class Flow implements Sink {
  readonly fd: number;
  readonly #host: Host;
  readonly #loop: EventLoop;
  readonly #from: number;
  readonly #onEnd: () => void;
  #kept = "";
  #isOpen = false;

  /**
   * @param to never waits: opened with O_NONBLOCK, or poll tells of enough room
   * @param onEnd nothing more will come, or nobody reads it any more
   */
  constructor(host: Host, loop: EventLoop, from: number, to: number, onEnd: () => void) {
    this.#host = host;
    this.#loop = loop;
    this.#from = from;
    this.fd = to;
    this.#onEnd = onEnd;
    loop.addOutput(this);
  }

  /** Whether bytes wait for room. */
  get isBehind(): boolean {
    return this.#kept !== "";
  }

  /** Begins to read, or goes on after {@link close}. */
  open(): void {
    this.#isOpen = true;
    this.#watch();
  }

  /** Reads no more; what was read is still written. */
  close(): void {
    this.#isOpen = false;
    this.#loop.pause(this.#from);
  }

  /** Reads what is there, up to `maxBytes`, though nobody may have written to the end of it yet. */
  drain(maxBytes: number): void {
    for (let left = maxBytes; left > 0 && this.#read(); left -= PIECE_BYTES);
  }

  /** Writes as much as there is room for. */
  flush(): void {
    while (this.#kept !== "") {
      const taken = this.#host.write(this.fd, this.#kept.slice(0, PIECE_BYTES));
      if (taken === -ERRNO.EAGAIN) return;
      if (taken < 0) {
        this.#kept = "";
        this.#end();
        return;
      }
      this.#kept = this.#kept.slice(taken);
    }
    if (this.#isOpen) this.#watch();
  }

  #watch(): void {
    this.#loop.watch(this.#from, () => {
      this.#read();
      if (this.#kept.length >= MAX_BYTES) this.#loop.pause(this.#from);
    });
  }

  /** @returns whether there was something */
  #read(): boolean {
    const piece = this.#host.read(this.#from, PIECE_BYTES);
    if (piece === -ERRNO.EAGAIN) return false;
    // EIO: nobody has the other side of the terminal open.
    if (typeof piece === "number" || piece === "") {
      this.#end();
      return false;
    }
    this.#kept += piece;
    return true;
  }

  #end(): void {
    this.close();
    this.#onEnd();
  }
}
