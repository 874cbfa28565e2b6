import { log, type Service, serviceHere } from "../../container/own-service.ts";
import { ESSENTIAL_FINISH, isEssential, OWN_FINISH, readState, SUPERVISE } from "../../container/runsv.ts";
import { endWords, readEnds, wasAsked, writeEnds } from "../../container/service-end.ts";
import { type ChildEnd, exitStatus, finishEnd, STATUS_CANNOT_RUN } from "../../core/child-end.ts";
import { printable } from "../../core/printable.ts";
import { ERRNO } from "../../linux/errno.ts";
import { execFailure } from "../../linux/exec-failure.ts";
import type { Linux } from "../../linux/linux.ts";
import { writeIfRoom } from "../../linux/output.ts";
import { allProcesses, type Process, readProcess } from "../../linux/processes.ts";
import { STDERR } from "../../linux/program.ts";
import { addEnd, failureLine, isLineDue, QUICK_SUCCESSES, quickSuccessLine } from "./ends.ts";

/** The kernel's count of processes that it has killed because memory ran out, with cgroup v2 and v1. @see cgroups(7) */
const OOM_COUNTERS = ["/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"];
const OOM_WORD = "oom_kill ";
/** In the directory of all services: the count that an earlier end has seen. runsvdir ignores names with a dot. */
const OOM_SEEN = ".oom-kills";
const MAX_BYTES = 4096;
const STATUS_KILLED = 137;

/** The unit of a process's start time. @see proc_pid_stat(5) */
const TICK_MS = 10;

/**
 * The program `./finish` of a mirror: records how the service has ended, logs a line if one is due, and executes the
 * service's own `finish`.
 *
 * @returns its exit status if the service has none
 * @see runsv(8), docs/reference/services.md
 */
export function main(linux: Linux): number {
  const service = serviceHere(linux);
  const endsContainer = isEssential(linux, service.directory);
  const end = finishEnd(linux.argv[1] ?? "", linux.argv[2] ?? "");
  if (end !== undefined) note(linux, service, end, !endsContainer);
  const program = endsContainer ? ESSENTIAL_FINISH : `./${OWN_FINISH}`;
  if (!endsContainer && linux.access(`${service.directory}/${OWN_FINISH}`, 0) === -ERRNO.ENOENT) return 0;
  const errno = -linux.exec(program, [program, ...linux.argv.slice(1)], linux.environ);
  const path = linux.realPath(program);
  log(linux, service, execFailure(linux, typeof path === "number" ? program : path, errno));
  return STATUS_CANNOT_RUN;
}

/** Records the end; logs a line if one is due and `isLogged`. */
function note(linux: Linux, service: Service, last: ChildEnd, isLogged: boolean): void {
  const supervise = `${service.directory}/${SUPERVISE}`;
  const state = readState(linux, supervise);
  const ranMs = typeof state === "number" ? 0 : Math.max(0, Math.floor(state.ageMs));
  const isAsked = (typeof state === "object" && !state.isWanted) || wasAsked(linux, supervise);
  const isOutOfMemory = exitStatus(last) === STATUS_KILLED && noticeOutOfMemory(linux, service);
  const end = { last, isOutOfMemory, ranMs, endedMs: Math.floor(linux.realtimeMs()), isAsked };
  const ends = addEnd(readEnds(linux, supervise), end);
  const isDue = isLogged && isLineDue(ends);
  const logged = isDue ? { ...ends, loggedMs: ends.endedMs, loggedFailures: ends.failures } : ends;
  // Without a record, each failure would have a line. A full log must not keep the service from its next start.
  if (writeEnds(linux, supervise, logged) < 0) return;
  if (isDue) logLine(linux, service, failureLine(ends, endWords(ends)));
  if (isLogged && ends.quickSuccesses === QUICK_SUCCESSES) {
    logLine(linux, service, quickSuccessLine(countLeft(linux, ends.endedMs - ends.quickSinceMs)));
  }
}

/** Logs a line about the service, if there is room. */
function logLine(linux: Linux, { name }: Service, words: string): void {
  writeIfRoom(linux, STDERR, `*** ${printable(name)} ${words}\n`);
}

/** Whether the kernel has killed a process of the container since this was last noticed, for any service. */
function noticeOutOfMemory(linux: Linux, { services }: Service): boolean {
  for (const path of OOM_COUNTERS) {
    const text = linux.readFile(path, MAX_BYTES, true);
    if (typeof text === "number") continue;
    const line = text.split("\n").find((each) => each.startsWith(OOM_WORD));
    const count = line?.slice(OOM_WORD.length) ?? "0";
    const seenPath = `${services}/${OOM_SEEN}`;
    const seen = linux.readFile(seenPath, MAX_BYTES, true);
    if (count === (typeof seen === "number" ? "0" : seen)) return false;
    linux.unlink(seenPath);
    linux.writeFile(seenPath, count, true);
    return true;
  }
  return false;
}

/** How many processes of services were left to my_init in the last `ms`: they have a session of their own or of runsvdir. */
function countLeft(linux: Linux, ms: number): number {
  const self = readProcess(linux, linux.getPid());
  const runsvdir = readProcess(linux, readProcess(linux, self?.parent ?? 0)?.parent ?? 0);
  const init = readProcess(linux, runsvdir?.parent ?? 0);
  if (self === undefined || init === undefined) return 0;
  const since = self.startTime - Math.ceil(ms / TICK_MS);
  const isLeft = ({ isZombie, parent, pid, session, startTime }: Process) =>
    parent === init.pid && pid !== runsvdir?.pid && session !== init.session && startTime >= since && !isZombie;
  return allProcesses(linux).filter(isLeft).length;
}
