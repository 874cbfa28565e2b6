// Tested by src/image/my-init/shutdown/subtrees.test.ts, test/process/shutdown.test.ts.
import { isAlive, type Process } from "../../../linux/processes.ts";
import type { Context } from "../context.ts";
import type { PipeReaders } from "./pipe-readers.ts";

/** How often to look whether the writers are gone: the end of a process that is no child makes no event. */
const POLL_INTERVAL_MS = 100;

/** A process that gets TERM when the processes that write to it are gone: it reads their last words. */
interface Reader {
  readonly process: Process;
  /** Its writers are among them. */
  readonly writers: readonly Process[];
  /** When it gets TERM all the same. */
  readonly lastMs: number;
}

/** The readers that wait for the end of their writers. */
export class WaitingReaders {
  readonly #context: Context;
  readonly #pipeReaders: PipeReaders;
  #waiting: readonly Reader[] = [];
  #lookedMs = 0;

  constructor(context: Context, pipeReaders: PipeReaders) {
    this.#context = context;
    this.#pipeReaders = pipeReaders;
  }

  /** When to look again; Infinity: none waits. */
  get nextMs(): number {
    return this.#waiting.length === 0 ? Number.POSITIVE_INFINITY : this.#lookedMs + POLL_INTERVAL_MS;
  }

  /**
   * Has a reader wait, until half of its time is over at the latest.
   *
   * @param writers its writers are among them
   * @param deadlineMs when it is killed
   */
  add(process: Process, writers: readonly Process[], deadlineMs: number): void {
    const { nowMs } = this.#context.loop;
    if (this.#waiting.length === 0) this.#lookedMs = nowMs;
    this.#waiting = [...this.#waiting, { process, writers, lastMs: (nowMs + deadlineMs) / 2 }];
  }

  /** Gives the readers that wait no longer, if it is time to look. */
  takeDue(): readonly Process[] {
    const { linux, loop, stop } = this.#context;
    const { nowMs } = loop;
    if (!stop.isHurried && nowMs < this.nextMs) return [];
    this.#lookedMs = nowMs;
    const isWaiting = ({ process, writers, lastMs }: Reader) => {
      if (stop.isHurried || lastMs <= nowMs) return false;
      const living = [process, ...writers].filter((each) => isAlive(linux, each));
      return this.#pipeReaders.among(living, nowMs).has(process.pid);
    };
    const waiting = this.#waiting.filter(isWaiting);
    const due = this.#waiting.filter((reader) => !waiting.includes(reader) && isAlive(linux, reader.process));
    this.#waiting = waiting;
    return due.map(({ process }) => process);
  }
}
