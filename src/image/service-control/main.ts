import { CONTROL_TERM } from "../../container/applets.ts";
import { serviceHere } from "../../container/own-service.ts";
import { isEssential, SUPERVISE, writtenPid } from "../../container/runsv.ts";
import { recordAsked } from "../../container/service-end.ts";
import { readRule, STOP_SIGNAL } from "../../container/stop-rules.ts";
import { isExecutable } from "../../linux/files.ts";
import type { Linux } from "../../linux/linux.ts";
import { readProcess } from "../../linux/processes.ts";

/** To runsv: send the signal yourself. */
const STATUS_NOT_DONE = 1;

/**
 * `control/t` and `control/k` of a service that has a file `essential`, and `control/t` of one that has a file
 * `stop-signal`. runsv runs it before it sends TERM or KILL: records that the end was asked for, and runs the service's
 * own control program or sends the signal of the file.
 *
 * @returns 0: runsv is not to send its signal
 * @see runsv(8), customize control
 */
export function main(linux: Linux): number {
  const name = linux.argv[0] ?? "";
  const { directory } = serviceHere(linux);
  if (isEssential(linux, directory)) recordAsked(linux, `${directory}/${SUPERVISE}`);
  const own = `${directory}/${name}.own`;
  if (isExecutable(linux, own)) linux.exec(own, [`./${name}.own`], linux.environ);
  const signal = name === CONTROL_TERM ? readRule(linux, directory, STOP_SIGNAL) : undefined;
  if (signal === undefined) return STATUS_NOT_DONE;
  // runsv waits for this program: its child that has ended is still a zombie, and no other process has the PID.
  const runsv = readProcess(linux, linux.getPid())?.parent;
  const service = readProcess(linux, writtenPid(linux, `${directory}/${SUPERVISE}`) ?? 0);
  const isOwn = service !== undefined && service.parent === runsv;
  return isOwn && linux.kill(service.pid, signal) === 0 ? 0 : STATUS_NOT_DONE;
}
