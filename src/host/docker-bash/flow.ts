import { ERRNO } from "../../linux/errno.ts";
import type { EventLoop, Sink } from "../../linux/event-loop.ts";
import type { Linux } from "../../linux/linux.ts";
import { writeIfRoom } from "../../linux/output.ts";

/** How much is read at a time. */
const PIECE_BYTES = 4096;

/** With so many bytes on their way, no more are read. */
const MAX_BYTES = 65536;

/** Bytes on their way from one descriptor to another. It never waits for the reader. */
export class Flow implements Sink {
  readonly fd: number;
  readonly #linux: Linux;
  readonly #loop: EventLoop;
  readonly #from: number;
  readonly #onEnd: () => void;
  #kept = "";
  #isOpen = false;

  /** @param onEnd called when no more bytes will come, or no process will read them */
  constructor(linux: Linux, loop: EventLoop, from: number, to: number, onEnd: () => void) {
    this.#linux = linux;
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

  /** Begins to read, or continues after {@link close}. */
  open(): void {
    this.#isOpen = true;
    this.#watch();
  }

  /** Reads no more. Bytes that were read are still written. */
  close(): void {
    this.#isOpen = false;
    this.#loop.pause(this.#from);
  }

  /** Reads all bytes that are there, up to `maxBytes`, without waiting for more. */
  drain(maxBytes: number): void {
    for (let left = maxBytes; left > 0 && this.#read(); left -= PIECE_BYTES);
  }

  /** Writes as many bytes as there is room for. */
  flush(): void {
    const rest = writeIfRoom(this.#linux, this.fd, this.#kept);
    this.#kept = rest ?? "";
    if (rest === undefined) this.#end();
    else if (rest === "" && this.#isOpen) this.#watch();
  }

  #watch(): void {
    this.#loop.watch(this.#from, () => {
      this.#read();
      if (this.#kept.length >= MAX_BYTES) this.#loop.pause(this.#from);
    });
  }

  /** @returns whether there was something to read */
  #read(): boolean {
    const piece = this.#linux.read(this.#from, PIECE_BYTES);
    if (piece === -ERRNO.EAGAIN) return false;
    // EIO: no process has the other side of the terminal open.
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
