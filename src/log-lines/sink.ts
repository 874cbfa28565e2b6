import type { Stream } from "../core/log-line.ts";
import { ERRNO } from "../linux/errno.ts";
import { S_IFCHR, S_IFIFO, S_IFMT } from "../linux/files.ts";
import type { Linux } from "../linux/linux.ts";
import { hasRoom } from "../linux/output.ts";
import { STDERR, STDOUT } from "../linux/program.ts";

/** What a pipe takes without waiting where poll(2) says that there is room. @see PIPE_BUF in pipe(7) */
const PIECE_BYTES = 4096;

/** As much as a pipe takes, mostly. */
const WRITE_BYTES = 65_536;

/** One of the two outputs of the container. What finds no room is kept, and its sources are not read meanwhile. */
export class Sink {
  /** To be waited for until there is room. */
  readonly fd: number;
  readonly #linux: Linux;
  /** Whether a write to it comes back when there is no room. */
  readonly #canBeFull: boolean;
  #kept = "";

  constructor(linux: Linux, fd: number) {
    this.#linux = linux;
    // A description of our own, as that of others has to stay as it is. A socket cannot be opened, and of a file two
    // descriptions would write over each other; but a file is never full.
    const own = isStream(linux, fd) ? linux.openToAppend(`/proc/self/fd/${fd}`) : -1;
    this.#canBeFull = own >= 0;
    this.fd = own >= 0 ? own : fd;
  }

  /** Whether something waits for room. */
  get isFull(): boolean {
    return this.#kept !== "";
  }

  /** Writes `text`, now or when there is room. */
  write(text: string): void {
    this.#kept += text;
    this.flush();
  }

  /** Writes what waits for room, as far as there is. */
  flush(): void {
    while (this.#kept !== "") {
      if (!this.#canBeFull && !hasRoom(this.#linux, [this.fd])) return;
      const taken = this.#linux.write(this.fd, this.#kept.slice(0, this.#canBeFull ? WRITE_BYTES : PIECE_BYTES));
      if (taken === -ERRNO.EAGAIN) return;
      // Closed or broken: nobody will ever read it. Who prints must not wait for that.
      this.#kept = taken < 0 ? "" : this.#kept.slice(taken);
    }
  }
}

/** The two outputs of this process: one and the same where both descriptors lead to one pipe or terminal, so that no line is torn. */
export function standardSinks(linux: Linux): Readonly<Record<Stream, Sink>> {
  const stdout = new Sink(linux, STDOUT);
  const [out, err] = [STDOUT, STDERR].map((fd) => linux.stat(`/proc/self/fd/${fd}`));
  const isSame = typeof out === "object" && typeof err === "object" && out[0] === err[0] && out[4] === err[4];
  return { stdout, stderr: isSame && isStream(linux, STDERR) ? stdout : new Sink(linux, STDERR) };
}

/** Whether it is a pipe or a terminal. */
function isStream(linux: Linux, fd: number): boolean {
  const facts = linux.stat(`/proc/self/fd/${fd}`);
  return typeof facts !== "number" && [S_IFIFO, S_IFCHR].includes(facts[0] & S_IFMT);
}
