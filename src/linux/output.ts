import { ERRNO } from "./errno.ts";
import type { Linux } from "./linux.ts";

/** A pipe takes so much without blocking if poll(2) reports room. @see PIPE_BUF in pipe(7) */
const PIECE_BYTES = 4096;

/** So much text is kept for a slow reader. More is counted and dropped. */
const MAX_BYTES = 262144;

/** Writes all of `text` and waits for the reader: for programs that have nothing else to do. @returns whether it could */
export function writeAll(linux: Linux, fd: number, text: string): boolean {
  for (let rest = text; rest !== ""; ) {
    const taken = linux.write(fd, rest);
    if (taken <= 0) return false;
    rest = rest.slice(taken);
  }
  return true;
}

/** Whether all of these descriptors take bytes now; a pipe takes PIPE_BUF bytes. @see poll(2) */
export function hasRoom(linux: Linux, fds: readonly number[]): boolean {
  const ready = linux.poll([], fds, 0);
  return typeof ready !== "number" && fds.every((fd) => ready.includes(fd));
}

/**
 * Writes the beginning of `text` for which there is room, and never waits for the reader.
 *
 * @returns the rest; undefined: closed or broken, so that no process will ever read it
 */
export function writeIfRoom(linux: Linux, fd: number, text: string): string | undefined {
  let rest = text;
  while (rest !== "" && hasRoom(linux, [fd])) {
    const taken = linux.write(fd, rest.slice(0, PIECE_BYTES));
    if (taken === -ERRNO.EAGAIN) break;
    if (taken < 0) return undefined;
    rest = rest.slice(taken);
  }
  return rest;
}

/** Makes of a line the text that is written, with its newline. */
export type LineFrame = (line: string) => string;

const plain: LineFrame = (line) => `${line}\n`;

/**
 * Lines for a descriptor. Text that finds no room is kept, and written by {@link Output.flush}, which is called from the
 * one place where the program waits.
 */
export class Output {
  #fd: number;
  readonly #linux: Linux;
  #frame = plain;
  #kept = "";
  /** The beginning of the first kept line, if that was written already. */
  #begun = "";
  #lostBytes = 0;

  /** @param fd below 0: all text is kept until {@link moveTo} */
  constructor(linux: Linux, fd: number) {
    this.#linux = linux;
    this.#fd = fd;
  }

  /** The descriptor that it writes to. */
  get fd(): number {
    return this.#fd;
  }

  /** Whether text waits for room. */
  get isBehind(): boolean {
    return this.#kept !== "" && this.#fd >= 0;
  }

  /**
   * From now on writes to another descriptor, in another frame; also the lines that wait for room, each as a whole. Framed
   * lines cannot move again.
   *
   * @param unread text that was written, and is written again before these lines; without its last, incomplete line
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

  /** Writes `line` and a newline, after all earlier lines, as soon as there is room. */
  writeLine(line: string): void {
    if (this.#kept.length + line.length > MAX_BYTES) this.#lostBytes += line.length;
    else this.#kept += this.#frame(line);
    this.flush();
  }

  /** Writes as much of the kept text as there is room for. */
  flush(): void {
    if (!this.isBehind) return;
    const rest = writeIfRoom(this.#linux, this.#fd, this.#kept);
    const written = this.#begun + this.#kept.slice(0, this.#kept.length - (rest ?? "").length);
    this.#begun = written.slice(written.lastIndexOf("\n") + 1);
    this.#kept = rest ?? "";
    if (rest !== "" || this.#lostBytes === 0) return;
    this.#kept = this.#frame(`*** ${this.#lostBytes} bytes of messages were lost: nobody read them in time`);
    this.#lostBytes = 0;
    this.flush();
  }
}
