// Tested by src/image/my-init/shutdown/subtrees.test.ts, test/process/shutdown.test.ts.
import type { Linux } from "../../../linux/linux.ts";
import { type Process, pipeReaders } from "../../../linux/processes.ts";

/** How long a process may read on after its last writer was seen: what is in the pipe has no writer any more. */
const READ_ON_MS = 500;

/**
 * The processes that read the last words of others in a shutdown: `logger` in `server | logger`.
 *
 * @see docs/adr/0015-children-of-stopped-processes.md
 */
export class PipeReaders {
  readonly #linux: Linux;
  /** When a writer of each reader was last seen, by the reader's pid. */
  readonly #writtenMs = new Map<number, number>();

  constructor(linux: Linux) {
    this.#linux = linux;
  }

  /** The pids of the processes in `living` that read from another one in it, or did a moment ago. */
  among(living: readonly Process[], nowMs: number): ReadonlySet<number> {
    for (const pid of pipeReaders(this.#linux, living)) this.#writtenMs.set(pid, nowMs);
    const isReading = (pid: number) => nowMs - (this.#writtenMs.get(pid) ?? Number.NEGATIVE_INFINITY) < READ_ON_MS;
    return new Set(living.flatMap(({ pid }) => (isReading(pid) ? [pid] : [])));
  }
}
