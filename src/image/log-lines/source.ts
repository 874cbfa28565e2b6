import { type LogFormat, logFrame, type Printer } from "../../container/log-line.ts";
import type { Linux } from "../../linux/linux.ts";
import { type Cut, Cutter } from "./cutter.ts";
import type { Sink } from "./sink.ts";

/**
 * What is read of one source before others have their turn. With less there are more calls; with more, what is made of it
 * is so large that malloc gives the memory back to the kernel each time: both cost twice as much for each line.
 */
const MAX_BYTES = 16_384;

/** What has begun and does not go on for so long is shown: a prompt, say. */
const SILENCE_MS = 1000;

/** What a look into a FIFO gave; the end is that nobody is left who could write to it. */
export type Got = "some" | "nothing-yet" | "end";

/** What one service prints on one of its outputs. */
export class Source {
  /** Of its FIFO. */
  readonly name: string;
  readonly sink: Sink;
  readonly #linux: Linux;
  readonly #path: string;
  readonly #format: LogFormat;
  readonly #printer: Printer;
  readonly #cutter = new Cutter();
  #fd: number;
  #readMs = 0;
  /** Whether a piece of the line that comes next was shown. */
  #isContinued = false;

  constructor(linux: Linux, directory: string, name: string, format: LogFormat, printer: Printer, sink: Sink) {
    this.#linux = linux;
    this.name = name;
    this.#path = `${directory}/${name}`;
    this.#format = format;
    this.#printer = printer;
    this.sink = sink;
    this.#fd = linux.openToRead(this.#path);
  }

  /** Below 0 where it cannot be read. */
  get fd(): number {
    return this.#fd;
  }

  /** Whether a line has begun and not ended. */
  get hasBegun(): boolean {
    return this.#cutter.hasRest;
  }

  /** When a line that has begun is to be shown, on the clock of monotonicMs(). */
  get dueMs(): number {
    return this.#readMs + SILENCE_MS;
  }

  /** Takes what there is, up to a bound, and shows what is complete of it. */
  read(): Got {
    const chunk = this.#linux.read(this.#fd, MAX_BYTES);
    if (typeof chunk === "number") return "nothing-yet"; // EAGAIN
    if (chunk === "") return "end";
    this.#readMs = this.#linux.monotonicMs();
    this.#show(this.#cutter.take(chunk));
    return "some";
  }

  /** Shows a line that has begun, where there is one. @param canGoOn whether its end may still come */
  showBegun(canGoOn: boolean): void {
    this.#show(this.#cutter.takeRest(canGoOn));
  }

  /** Opens it anew: poll(2) finds a FIFO that has lost its last writer ready for ever. */
  reopen(): void {
    const fd = this.#linux.openToRead(this.#path);
    this.#linux.close(this.#fd);
    this.#fd = fd;
  }

  #show(cuts: readonly Cut[]): void {
    const timeMs = cuts.length > 0 ? this.#linux.realtimeMs() : 0;
    let shown = "";
    for (const { isPartial, text } of cuts) {
      const { after, before, isQuoted } = logFrame(this.#format, this.#printer, timeMs, isPartial);
      // Nothing but the newline is left of a line: only who puts pieces together wants to know.
      const isEnd = this.#isContinued && !isQuoted && text.startsWith("\n");
      shown += this.#linux.frameLines(isEnd ? text.slice(1) : text, before, after, isQuoted);
      this.#isContinued = isPartial;
    }
    if (shown !== "") this.sink.write(shown);
  }
}
