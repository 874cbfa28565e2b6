// Tested by src/image/log-lines/main.test.ts.
import { type LogFormat, logFrame, type Printer } from "../../container/log-line.ts";
import type { Linux } from "../../linux/linux.ts";
import { type Cut, Cutter } from "./cutter.ts";
import type { Sink } from "./sink.ts";

/**
 * The size of one read before the next source. With less there are more calls; with more, the result is so large that
 * malloc returns its memory to the kernel each time. Both cost twice as much for each line.
 */
const MAX_BYTES = 16_384;

/** A line that does not continue for this long is written unfinished: a prompt, for example. */
const SILENCE_MS = 1000;

/** The result of a read; "end": the FIFO has no writer. */
export type Got = "some" | "nothing-yet" | "end";

/** One output of one service. */
export class Source {
  /** The name of its FIFO. */
  readonly name: string;
  readonly sink: Sink;
  readonly #linux: Linux;
  readonly #path: string;
  readonly #format: LogFormat;
  readonly #printer: Printer;
  readonly #cutter = new Cutter();
  #fd: number;
  #readMs = 0;
  /** Whether a piece of the next line was written. */
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

  /** Below 0 if it cannot be opened. */
  get fd(): number {
    return this.#fd;
  }

  /** Whether a line has begun and not ended. */
  get hasBegun(): boolean {
    return this.#cutter.hasRest;
  }

  /** When to write an unfinished line, on the clock of monotonicMs(). */
  get dueMs(): number {
    return this.#readMs + SILENCE_MS;
  }

  /** Reads up to MAX_BYTES and writes the complete lines. */
  read(): Got {
    const chunk = this.#linux.read(this.#fd, MAX_BYTES);
    if (typeof chunk === "number") return "nothing-yet"; // EAGAIN
    if (chunk === "") return "end";
    this.#readMs = this.#linux.monotonicMs();
    this.#show(this.#cutter.take(chunk));
    return "some";
  }

  /** Writes an unfinished line, if there is one. @param canGoOn whether its end may still come */
  showBegun(canGoOn: boolean): void {
    this.#show(this.#cutter.takeRest(canGoOn));
  }

  /** Opens it again: poll(2) always reports a FIFO that has lost its last writer as ready. */
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
      // Only the newline of a line is left: it matters only to a reader that joins pieces.
      const isEnd = this.#isContinued && !isQuoted && text.startsWith("\n");
      shown += this.#linux.frameLines(isEnd ? text.slice(1) : text, before, after, isQuoted);
      this.#isContinued = isPartial;
    }
    if (shown !== "") this.sink.write(shown);
  }
}
