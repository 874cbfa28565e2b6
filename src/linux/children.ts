import { type ChildEnd, childEnd, stopSignal } from "../core/child-end.ts";
import { ERRNO } from "./errno.ts";
import type { Linux } from "./linux.ts";

/** A process that is ours to wait for. Until {@link Children.reap} saw its end, no other has its pid. */
export interface Child {
  readonly pid: number;
  /** Undefined while it lives. */
  readonly end: ChildEnd | undefined;
  /** When it was reaped, on the clock of Linux.monotonicMs. */
  readonly endedMs: number | undefined;
}

/** A program to start: path, words with the program's name first, `NAME=value` strings. */
export interface Program {
  readonly file: string;
  readonly argv: readonly string[];
  readonly environ: readonly string[];
  /** Where it prints to; without them it prints to where we do. */
  readonly streams?: Streams | undefined;
}

/** Descriptors above 2, or -1: ours. */
export interface Streams {
  readonly stdout: number;
  readonly stderr: number;
}

/** The processes that are children of this one, started here or handed over by the kernel. */
export class Children {
  readonly #linux: Linux;
  readonly #onStop: (child: Child, signal: number) => void;
  readonly #known = new Map<number, { pid: number; end: ChildEnd | undefined; endedMs: number | undefined }>();
  #isEmpty = true;

  /** @param onStop told of a child that was stopped, and by which signal */
  constructor(linux: Linux, onStop: (child: Child, signal: number) => void = () => {}) {
    this.#linux = linux;
    this.#onStop = onStop;
  }

  /** Whether the last {@link reap} found that no child is left, known or not. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /**
   * Starts a program.
   *
   * @param options bits of SPAWN
   * @returns the child, or the errno (above zero) with which it could not be started
   */
  spawn(program: Program, options: number, terminal = -1): Child | number {
    const { argv, environ, file, streams } = program;
    const pid = this.#linux.spawn(file, argv, environ, options, terminal, streams?.stdout ?? -1, streams?.stderr ?? -1);
    return pid < 0 ? -pid : this.adopt(pid);
  }

  /** Keeps the end of a child that was handed over, so that it can be waited for by name. */
  adopt(pid: number): Child {
    const child = { pid, end: undefined, endedMs: undefined };
    this.#known.set(pid, child);
    this.#isEmpty = false;
    return child;
  }

  /** Reaps all that have ended, however many. */
  reap(): void {
    for (;;) {
      const answer = this.#linux.waitAny();
      if (typeof answer === "number") {
        this.#isEmpty = answer === -ERRNO.ECHILD;
        return;
      }
      const [pid, status] = answer;
      const child = this.#known.get(pid);
      const stoppedBy = stopSignal(status);
      if (stoppedBy !== undefined) {
        if (child !== undefined) this.#onStop(child, stoppedBy);
      } else if (child !== undefined) {
        child.end = childEnd(status);
        child.endedMs = this.#linux.monotonicMs();
        this.#known.delete(pid);
      }
    }
  }

  /**
   * Sends `signal` to a child that lives; one that ended may have left its pid to a stranger.
   *
   * @returns whether it may be signalled by us
   */
  signal(child: Child, signal: number): boolean {
    return child.end !== undefined || this.#linux.kill(child.pid, signal) !== -ERRNO.EPERM;
  }
}
