// Tested by test/process/shutdown.test.ts, test/simulation/my-init.test.ts.
import { SIGNAL } from "../../../core/signals.ts";
import { type Process, signalEffect } from "../../../linux/processes.ts";
import type { Context } from "../context.ts";
import type { Subtrees } from "./subtrees.ts";

/** Finds the processes that do the last work of others, and so get TERM after them, for as long as there is time for it. */
export class LastWork {
  readonly #context: Context;
  readonly #subtrees: Subtrees;
  #endMs: number;

  /** @param deadlineMs when all are killed: at half of the time until then no process is left to its work any more */
  constructor(context: Context, subtrees: Subtrees, deadlineMs: number) {
    this.#context = context;
    this.#subtrees = subtrees;
    this.#endMs = (context.loop.nowMs + deadlineMs) / 2;
  }

  /** From here on no process is left to its work. */
  end(): void {
    this.#endMs = 0;
  }

  /**
   * Pids of the processes that read the last words of others: `logger` in `server | logger`. Such a process ends when
   * its input ends; if it does not, it gets TERM then.
   */
  readers(living: readonly Process[]): ReadonlySet<number> {
    return this.#isTime ? this.#subtrees.pipeReaders.among(living, this.#context.loop.nowMs) : new Set();
  }

  /**
   * Whether the parent of a process was signalled and is still there: what a handler of TERM starts (to save, to
   * say goodbye) is its last work. When its parent is gone, it is handed over to us. A process that ignores TERM has no
   * handler.
   *
   * @param byPid the living processes
   */
  isHelper(process: Process, byPid: ReadonlyMap<number, Process>, isSignalled: (process: Process) => boolean): boolean {
    const parent = byPid.get(process.parent);
    if (!this.#isTime || parent === undefined) return false;
    if (!(isSignalled(parent) || this.isHelper(parent, byPid, isSignalled))) return false;
    return signalEffect(this.#context.linux, parent.pid, SIGNAL.SIGTERM) !== "dropped";
  }

  get #isTime(): boolean {
    return this.#context.loop.nowMs < this.#endMs;
  }
}
