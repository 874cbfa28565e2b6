import { ERRNO } from "./errno.ts";
import type { Linux } from "./linux.ts";

/** What a pipe takes in one piece where poll(2) says that there is room. @see PIPE_BUF in pipe(7) */
const PIECE_BYTES = 4096;

/** Text kept for a reader that is behind; what comes on top of it is counted and dropped. */
const MOST_BYTES = 262144;

/** Writes all of `text`, waiting for the reader: for programs that have nothing else to do. @returns whether it could */
export function writeAll(linux: Linux, fd: number, text: string): boolean {
  for (let rest = text; rest !== ""; ) {
    const taken = linux.write(fd, rest);
    if (taken <= 0) return false;
    rest = rest.slice(taken);
  }
  return true;
}

/**
 * A descriptor that is written to without ever waiting for its reader: what finds no room is kept
 * and goes out with {@link Output.flush}, called from the one place where the program waits.
 */
export class Output {
  readonly fd: number;
  readonly #linux: Linux;
  #kept = "";
  #lostBytes = 0;

  constructor(linux: Linux, fd: number) {
    this.#linux = linux;
    this.fd = fd;
  }

  /** Whether text waits for room. */
  get isBehind(): boolean {
    return this.#kept !== "";
  }

  /** Writes `line` and a newline, now or as soon as there is room, after all that was written before. */
  writeLine(line: string): void {
    if (this.#kept.length + line.length > MOST_BYTES) this.#lostBytes += line.length;
    else this.#kept += `${line}\n`;
    this.flush();
  }

  /** Writes as much of the kept text as there is room for. */
  flush(): void {
    while (this.#kept !== "") {
      const ready = this.#linux.poll([], [this.fd], 0);
      if (typeof ready === "number" || ready.length === 0) return;
      const taken = this.#linux.write(this.fd, this.#kept.slice(0, PIECE_BYTES));
      if (taken === -ERRNO.EAGAIN) return;
      if (taken < 0) {
        this.#kept = ""; // closed or broken: nobody will ever read it
        return;
      }
      this.#kept = this.#kept.slice(taken);
      if (this.#kept === "" && this.#lostBytes > 0) {
        this.#kept = `*** ${this.#lostBytes} bytes of messages were lost: nobody read them in time\n`;
        this.#lostBytes = 0;
      }
    }
  }
}
