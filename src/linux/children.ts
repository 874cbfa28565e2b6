import { type ChildEnd, childEnd, stopSignal } from "../core/child-end.ts";
import { SIGNAL } from "../core/signals.ts";
import { ERRNO } from "./errno.ts";
import { EXECUTE } from "./files.ts";
import type { Linux } from "./linux.ts";
import { readProcess } from "./processes.ts";

/** A child of this process. Until {@link Children.reap} has reaped it, no other process has its pid. */
export interface Child {
  readonly pid: number;
  /** Undefined while it lives. */
  readonly end: ChildEnd | undefined;
  /** When it was reaped, on the clock of Linux.monotonicMs. */
  readonly endedMs: number | undefined;
  /** The errno of execve(2) if that failed; then the child has exited with 126. */
  readonly startError: number | undefined;
}

/** A child as this file sees it. */
interface Known extends Child {
  /** The program, if the child was started here. */
  readonly file: string | undefined;
  end: ChildEnd | undefined;
  endedMs: number | undefined;
  startError: number | undefined;
}

/** What {@link Children} calls for some events. */
export interface ChildListener {
  /** A child was stopped by a signal. */
  readonly onStop?: (child: Child, signal: number) => void;
  /** execve(2) failed in a child that was started as the program `file`. `errno` is above zero. */
  readonly onStartError?: (file: string, errno: number) => void;
}

/** A program to start: path, words with the program's name first, `NAME=value` strings. */
export interface Program {
  readonly file: string;
  readonly argv: readonly string[];
  readonly environ: readonly string[];
  /** Its outputs; undefined: the same as ours. */
  readonly streams?: Streams | undefined;
}

/** Descriptors above 2, or -1: ours. */
export interface Streams {
  readonly stdout: number;
  readonly stderr: number;
}

/** No stop meets as many ends at a time, except in a flood. */
const MANY = 50_000;

/** The processes that are children of this one, started here or handed over by the kernel. */
export class Children {
  readonly #linux: Linux;
  readonly #listener: ChildListener;
  readonly #known = new Map<number, Known>();
  #isEmpty = true;

  constructor(linux: Linux, listener: ChildListener = {}) {
    this.#linux = linux;
    this.#listener = listener;
  }

  /** Whether the last {@link reap} found no child, known or unknown. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /**
   * Starts a program. The file is checked first, which finds most errors. Other errors end the child and set
   * `startError`.
   *
   * @param options bits of SPAWN
   * @returns the child, or the errno (above zero) with which it could not be started
   */
  spawn(program: Program, options: number, terminal = -1): Child | number {
    const { argv, environ, file, streams } = program;
    const refused = this.#linux.access(file, EXECUTE);
    if (refused < 0) return -refused;
    const pid = this.#linux.spawn(file, argv, environ, options, terminal, streams?.stdout ?? -1, streams?.stderr ?? -1);
    return pid < 0 ? -pid : this.#add(pid, file);
  }

  /** Takes on a child that this process did not start, so that its end is kept. */
  adopt(pid: number): Child {
    return this.#add(pid, undefined);
  }

  #add(pid: number, file: string | undefined): Child {
    const child = { pid, file, end: undefined, endedMs: undefined, startError: undefined };
    this.#known.set(pid, child);
    this.#isEmpty = false;
    return child;
  }

  /** Reaps the children that have ended, and at most `limit`: they may end faster than they are reaped. @returns how many */
  reap(limit = MANY): number {
    for (let count = 0; count < limit; count++) {
      const answer = this.#linux.waitAny();
      if (typeof answer === "number") {
        this.#isEmpty = answer === -ERRNO.ECHILD;
        return count;
      }
      // No pattern here: in QuickJS it makes an iterator, and orphans can come by the thousand.
      const child = this.#known.get(answer[0]);
      if (child !== undefined) this.#note(child, answer[1]);
    }
    this.#isEmpty = false;
    return limit;
  }

  /** Notes what waitpid(2) has said of a child. */
  #note(child: Known, status: number): void {
    const stoppedBy = stopSignal(status);
    if (stoppedBy !== undefined) {
      this.#listener.onStop?.(child, stoppedBy);
      return;
    }
    child.end = childEnd(status);
    child.endedMs = this.#linux.monotonicMs();
    this.#known.delete(child.pid);
    this.#noteStartError(child);
  }

  #noteStartError(child: Known): void {
    if (child.file === undefined) return;
    const errno = this.#linux.startError(child.pid);
    if (errno === 0) return;
    child.startError = errno;
    this.#listener.onStartError?.(child.file, errno);
  }

  /**
   * Sends `signal` to a child if it is not reaped yet: afterwards another process may have its pid.
   *
   * @returns false if this process has no permission to signal it
   */
  signal(child: Child, signal: number): boolean {
    return child.end !== undefined || this.#linux.kill(child.pid, signal) !== -ERRNO.EPERM;
  }

  /** Sends CONT to a child if it is stopped (or /proc is missing): a running child may have a handler for CONT. */
  wake(child: Child): void {
    if (readProcess(this.#linux, child.pid)?.isStopped ?? true) this.signal(child, SIGNAL.SIGCONT);
  }
}
