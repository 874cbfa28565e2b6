import { ownSupervisor } from "../../../container/runsv.ts";
import type { Child } from "../../../linux/children.ts";
import { childPids } from "../../../linux/processes.ts";
import { type Context, waitInShutdown } from "../context.ts";

/** How soon to look again at a child of runsvdir that has not executed runsv yet: a matter of microseconds. */
const FORK_TO_EXEC_MS = 2;
/** A child that has the name runsvdir for longer than this is not ours. */
const MAX_FORK_MS = 100;

/** A runsv that was handed to us, and the name of its service. */
export interface Supervisor {
  readonly child: Child;
  readonly service: string;
}

/** Adopts the runsv processes among our children, also those that are only about to execute runsv. */
export function adoptSupervisors(context: Context): readonly Supervisor[] {
  const { loop } = context;
  const found = new Map<number, Supervisor>();
  let isForking = false;
  const endSearch = loop.tendTo(() => {
    isForking = adoptNew(context, found);
    return isForking ? loop.nowMs + FORK_TO_EXEC_MS : Number.POSITIVE_INFINITY;
  });
  waitInShutdown(context, () => !isForking, loop.nowMs + MAX_FORK_MS);
  endSearch();
  return [...found.values()];
}

/** @returns whether a child is about to execute runsv */
function adoptNew({ children, linux }: Context, found: Map<number, Supervisor>): boolean {
  const self = linux.getPid();
  let isForking = false;
  // Twice: if a child of ours ends while the list is read, the list may lack another.
  for (const pid of [...childPids(linux, self), ...childPids(linux, self)]) {
    if (found.has(pid)) continue;
    const supervisor = ownSupervisor(linux, pid);
    if (supervisor === "forking") isForking = true;
    else if (supervisor !== undefined) found.set(pid, { child: children.adopt(pid), ...supervisor });
  }
  return isForking;
}
