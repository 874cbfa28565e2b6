// Tested by src/image/my-init/shutdown/subtrees.test.ts.
import type { Process } from "../../../linux/processes.ts";

/** A process that got a signal to stop, and the descendants that it had then. */
export interface Subtree {
  readonly root: Process;
  readonly members: readonly Process[];
  /** What the root got, as far as we know. */
  readonly signal: number;
  /** When the descendants that are left get TERM: half of the root's time is over. */
  readonly dueMs: number;
  /** When the root is killed. */
  readonly deadlineMs: number;
}
