import type { Stream } from "../../container/log-line.ts";
import { ERRNO } from "../../linux/errno.ts";
import { S_IFCHR, S_IFIFO, S_IFMT } from "../../linux/files.ts";
import type { Linux } from "../../linux/linux.ts";
import { hasRoom } from "../../linux/output.ts";
import { STDERR, STDOUT } from "../../linux/program.ts";

/** What a pipe takes whole or not at all; and without waiting where poll(2) says that there is room. @see PIPE_BUF in pipe(7) */
const PIECE_BYTES = 4096;

/** What an empty pipe takes, mostly. */
const WRITE_BYTES = 65_536;

/** One of the two outputs of the container. What finds no room is kept, and its sources are not read meanwhile. */
export class Sink {
  /** To be waited for until there is room. */
  readonly fd: number;
  readonly #linux: Linux;
  /** Whether a write to it comes back when there is no room. */
  readonly #canBeFull: boolean;
  /** Whole lines, of which the first {@link #written} bytes were written. */
  #kept = "";
  #written = 0;
  #isTorn = false;
  readonly #onTorn: (isTorn: boolean) => void;

  /** @param onTorn called before what is written may end in the middle of a line, and when it does no more */
  constructor(linux: Linux, fd: number, onTorn: (isTorn: boolean) => void) {
    this.#linux = linux;
    this.#onTorn = onTorn;
    // A description of our own, as that of others has to stay as it is. A socket cannot be opened, and of a file two
    // descriptions would write over each other; but a file is never full.
    const own = isStream(linux, fd) ? linux.openToAppend(`/proc/self/fd/${fd}`) : -1;
    this.#canBeFull = own >= 0;
    this.fd = own >= 0 ? own : fd;
  }

  /** Whether something waits for room. */
  get isFull(): boolean {
    return this.#written < this.#kept.length;
  }

  /** Writes `text`, whole lines, now or when there is room. */
  write(text: string): void {
    this.#kept = this.isFull ? this.#kept.slice(this.#written) + text : text;
    this.#written = 0;
    this.flush();
  }

  /** Writes what waits for room, as far as there is. */
  flush(): void {
    while (this.isFull) {
      if (!this.#canBeFull && !hasRoom(this.#linux, [this.fd])) return;
      const wholeBytes = this.#wholeBytes();
      const end = this.#endOfPiece(wholeBytes);
      const wasTorn = this.#isTorn;
      if (end - this.#written > wholeBytes || this.#kept[end - 1] !== "\n") this.#setTorn(true);
      const taken = this.#linux.write(this.fd, this.#kept.slice(this.#written, end));
      if (taken > 0) this.#written += taken;
      // Closed or broken: nobody will ever read it. Who prints must not wait for that.
      else if (taken !== -ERRNO.EAGAIN) this.#written = this.#kept.length;
      this.#setTorn(taken > 0 ? this.#kept[this.#written - 1] !== "\n" : wasTorn);
      if (taken === -ERRNO.EAGAIN) return;
    }
    this.#kept = "";
    this.#written = 0;
  }

  /** How much is written whole or not at all. */
  #wholeBytes(): number {
    const isSmall = this.#kept.length - this.#written <= PIECE_BYTES;
    return isSmall || !this.#canBeFull || this.#linux.unread(this.fd) !== 0 ? PIECE_BYTES : WRITE_BYTES;
  }

  /** As many lines as are written whole or not at all; a line that is longer than that alone. */
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
 * The two outputs of this process: one and the same where both descriptors lead to one pipe or terminal, so that no line
 * is torn.
 *
 * @param onTorn called with the streams in which what was written may end in the middle of a line: before it may, and when
 * it does so no more
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
