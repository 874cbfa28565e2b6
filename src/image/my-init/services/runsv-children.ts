// Tested by src/image/my-init/services/stopping-service.test.ts.
import { logServicePid } from "../../../container/runsv.ts";
import type { Linux } from "../../../linux/linux.ts";
import { childPids, type Process, readProcess } from "../../../linux/processes.ts";

/** The processes that a runsv has started: of its service, its finish script or a control script; of the log service. */
export interface RunsvChildren {
  readonly service: Process | undefined;
  readonly log: Process | undefined;
}

/** The living children of a runsv. */
export function runsvChildren(linux: Linux, runsv: number): RunsvChildren {
  const logPid = logServicePid(linux, runsv);
  const living = childPids(linux, runsv)
    .flatMap((pid) => readProcess(linux, pid) ?? [])
    .filter(({ isZombie }) => !isZombie);
  return { service: living.find(({ pid }) => pid !== logPid), log: living.find(({ pid }) => pid === logPid) };
}
