// Tested by src/image/log-lines/main.test.ts.
import type { Stream } from "../../container/log-line.ts";
import { ERRNO } from "../../linux/errno.ts";
import { S_IFCHR, S_IFIFO, S_IFMT } from "../../linux/files.ts";
import type { Linux } from "../../linux/linux.ts";
import { hasRoom } from "../../linux/output.ts";
import { STDERR, STDOUT } from "../../linux/program.ts";

/** A pipe takes so much whole or not at all, and without blocking if poll(2) reports room. @see PIPE_BUF in pipe(7) */
const PIECE_BYTES = 4096;

/** An empty pipe usually takes so much. */
const WRITE_BYTES = 65_536;

/**
 * One of the two outputs of the container. While lines wait for room, their sources are not read. Unlike writeIfRoom(), it
 * writes whole lines if it can, and reports a torn line before it writes it.
 */
export class Sink {
  /** For poll(2), which waits until there is room. */
  readonly fd: number;
  readonly #linux: Linux;
  /** Whether a write returns when there is no room. */
  readonly #canBeFull: boolean;
  /** Whole lines. Their first {@link #written} bytes were written. */
  #kept = "";
  #written = 0;
  #isTorn = false;
  readonly #onTorn: (isTorn: boolean) => void;

  /** @param onTorn called before a write that may end in the middle of a line, and when the output ends with a line again */
  constructor(linux: Linux, fd: number, onTorn: (isTorn: boolean) => void) {
    this.#linux = linux;
    this.#onTorn = onTorn;
    // A description of our own for O_NONBLOCK: other processes use the inherited one. A socket cannot be opened. Two
    // descriptions of a file would overwrite each other's text; but a file is never full.
    const own = isStream(linux, fd) ? linux.openToAppend(`/proc/self/fd/${fd}`) : -1;
    this.#canBeFull = own >= 0;
    this.fd = own >= 0 ? own : fd;
  }

  /** Whether text waits for room. */
  get isFull(): boolean {
    return this.#written < this.#kept.length;
  }

  /** Writes `text`, whole lines, as soon as there is room. */
  write(text: string): void {
    this.#kept = this.isFull ? this.#kept.slice(this.#written) + text : text;
    this.#written = 0;
    this.flush();
  }

  /** Writes as much of the kept text as there is room for. */
  flush(): void {
    while (this.isFull) {
      if (!this.#canBeFull && !hasRoom(this.#linux, [this.fd])) return;
      const wholeBytes = this.#wholeBytes();
      const end = this.#endOfPiece(wholeBytes);
      const wasTorn = this.#isTorn;
      if (end - this.#written > wholeBytes || this.#kept[end - 1] !== "\n") this.#setTorn(true);
      const taken = this.#linux.write(this.fd, this.#kept.slice(this.#written, end));
      if (taken > 0) this.#written += taken;
      // Closed or broken: no process will ever read it, and services must not wait for that.
      else if (taken !== -ERRNO.EAGAIN) this.#written = this.#kept.length;
      this.#setTorn(taken > 0 ? this.#kept[this.#written - 1] !== "\n" : wasTorn);
      if (taken === -ERRNO.EAGAIN) return;
    }
    this.#kept = "";
    this.#written = 0;
  }

  /** How many bytes are written whole or not at all. */
  #wholeBytes(): number {
    const isSmall = this.#kept.length - this.#written <= PIECE_BYTES;
    return isSmall || !this.#canBeFull || this.#linux.unread(this.fd) !== 0 ? PIECE_BYTES : WRITE_BYTES;
  }

  /** The end of the lines that are written whole or not at all; a longer line is written alone. */
  #endOfPiece(wholeBytes: number): number {
    const [text, start] = [this.#kept, this.#written];
    if (text.length - start <= wholeBytes) return text.length;
    const end = text.lastIndexOf("\n", start + wholeBytes - 1) + 1;
    if (end > start) return end;
    const line = text.indexOf("\n", start + wholeBytes) + 1;
    return Math.min(line > 0 ? line : text.length, start + (this.#canBeFull ? WRITE_BYTES : PIECE_BYTES));
  }

  #setTorn(isTorn: boolean): void {
    if (this.#isTorn !== isTorn) this.#onTorn(isTorn);
    this.#isTorn = isTorn;
  }
}

/**
 * The two outputs of this process. If both descriptors lead to one pipe or terminal, they are one sink, so that no line is
 * torn.
 *
 * @param onTorn called with the streams whose output may end in the middle of a line: before it may, and when it no longer
 * does
 */
export function standardSinks(linux: Linux, onTorn: (torn: readonly Stream[]) => void): Readonly<Record<Stream, Sink>> {
  const torn = new Set<Stream>();
  const note = (stream: Stream) => (isTorn: boolean) => {
    if (isTorn) torn.add(stream);
    else torn.delete(stream);
    onTorn([...torn]);
  };
  const stdout = new Sink(linux, STDOUT, note("stdout"));
  const [out, err] = [STDOUT, STDERR].map((fd) => linux.stat(`/proc/self/fd/${fd}`));
  const isSame = typeof out === "object" && typeof err === "object" && out[0] === err[0] && out[4] === err[4];
  return { stdout, stderr: isSame && isStream(linux, STDERR) ? stdout : new Sink(linux, STDERR, note("stderr")) };
}

/** Whether it is a pipe or a terminal. */
function isStream(linux: Linux, fd: number): boolean {
  const facts = linux.stat(`/proc/self/fd/${fd}`);
  return typeof facts !== "number" && [S_IFIFO, S_IFCHR].includes(facts[0] & S_IFMT);
}
