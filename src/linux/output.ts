import { ERRNO } from "./errno.ts";
import type { Linux } from "./linux.ts";

/** What a pipe takes in one piece where poll(2) says that there is room. @see PIPE_BUF in pipe(7) */
const PIECE_BYTES = 4096;

/** Text kept for a reader that is behind; what comes on top of it is counted and dropped. */
const MAX_BYTES = 262144;

/** Writes all of `text`, waiting for the reader: for programs that have nothing else to do. @returns whether it could */
export function writeAll(linux: Linux, fd: number, text: string): boolean {
  for (let rest = text; rest !== ""; ) {
    const taken = linux.write(fd, rest);
    if (taken <= 0) return false;
    rest = rest.slice(taken);
  }
  return true;
}

/** Whether all of these descriptors take some more now, PIPE_BUF bytes where they are pipes. @see poll(2) */
export function hasRoom(linux: Linux, fds: readonly number[]): boolean {
  const ready = linux.poll([], fds, 0);
  return typeof ready !== "number" && fds.every((fd) => ready.includes(fd));
}

/** What becomes of a line that is written, its newline included. */
export type LineFrame = (line: string) => string;

const plain: LineFrame = (line) => `${line}\n`;

/**
 * A descriptor that is written to without ever waiting for its reader: what finds no room is kept
 * and goes out with {@link Output.flush}, called from the one place where the program waits.
 */
export class Output {
  #fd: number;
  readonly #linux: Linux;
  #frame = plain;
  #kept = "";
  /** The beginning of the first kept line, where that was written already. */
  #begun = "";
  #lostBytes = 0;

  /** @param fd below 0: all is kept until {@link moveTo} */
  constructor(linux: Linux, fd: number) {
    this.#linux = linux;
    this.#fd = fd;
  }

  /** Where it is written to. */
  get fd(): number {
    return this.#fd;
  }

  /** Whether text waits for room. */
  get isBehind(): boolean {
    return this.#kept !== "" && this.#fd >= 0;
  }

  /**
   * From now on writes to another descriptor, in another frame; so is what waits for room, whole lines of it. Once framed,
   * lines cannot move on.
   *
   * @param unread what was written and is to be written again before all that; of a line that has only begun, nothing
   */
  moveTo(fd: number, frame = plain, unread = ""): void {
    const again = unread.slice(0, unread.lastIndexOf("\n") + 1);
    const lines = (again + this.#begun + this.#kept).split("\n").slice(0, -1);
    this.#fd = fd;
    this.#frame = frame;
    this.#begun = "";
    this.#kept = lines.map((line) => frame(line)).join("");
    this.flush();
  }

  /** Writes `line` and a newline, now or as soon as there is room, after all that was written before. */
  writeLine(line: string): void {
    if (this.#kept.length + line.length > MAX_BYTES) this.#lostBytes += line.length;
    else this.#kept += this.#frame(line);
    this.flush();
  }

  /** Writes as much of the kept text as there is room for. */
  flush(): void {
    while (this.isBehind) {
      if (!hasRoom(this.#linux, [this.#fd])) return;
      const taken = this.#linux.write(this.#fd, this.#kept.slice(0, PIECE_BYTES));
      if (taken === -ERRNO.EAGAIN) return;
      if (taken < 0) {
        this.#kept = ""; // closed or broken: nobody will ever read it
        return;
      }
      const written = this.#begun + this.#kept.slice(0, taken);
      this.#begun = written.slice(written.lastIndexOf("\n") + 1);
      this.#kept = this.#kept.slice(taken);
      if (this.#kept === "" && this.#lostBytes > 0) {
        this.#kept = this.#frame(`*** ${this.#lostBytes} bytes of messages were lost: nobody read them in time`);
        this.#lostBytes = 0;
      }
    }
  }
}
