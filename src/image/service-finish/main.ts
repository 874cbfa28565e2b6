import { keepDown } from "../../container/keep-down.ts";
import { needsOf } from "../../container/needs.ts";
import { log, type Service, serviceHere } from "../../container/own-service.ts";
import { type RestartRules, restartRulesOf } from "../../container/restart.ts";
import {
  forgetRestarts,
  type RestartRecord,
  readRestartRecord,
  writeRestartRecord,
} from "../../container/restart-record.ts";
import { ESSENTIAL_FINISH, isEssential, OWN_FINISH, readState, SUPERVISE } from "../../container/runsv.ts";
import {
  beganMs,
  endWords,
  isLineDue,
  QUICK_SUCCESSES,
  quickSuccessWords,
  readEnds,
  type ServiceEnds,
  wasAsked,
  writeEnds,
} from "../../container/service-end.ts";
import { listServices } from "../../container/service-list.ts";
import { type ChildEnd, exitStatus, finishEnd, STATUS_CANNOT_RUN } from "../../core/child-end.ts";
import { printable } from "../../core/printable.ts";
import { ERRNO } from "../../linux/errno.ts";
import { execFailure } from "../../linux/exec-failure.ts";
import { writeAnew } from "../../linux/files.ts";
import type { Linux } from "../../linux/linux.ts";
import { writeIfRoom } from "../../linux/output.ts";
import { allProcesses, type Process, readProcess } from "../../linux/processes.ts";
import { STDERR } from "../../linux/program.ts";
import { addEnd, failureLine } from "./ends.ts";
import { gaveUpWords, nextStart, type OwnEnd } from "./restart.ts";

/** The kernel's count of processes that it has killed because memory ran out, with cgroup v2 and v1. @see cgroups(7) */
const OOM_COUNTERS = ["/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"];
const OOM_WORD = "oom_kill ";
/** In the directory of all services: the count that an earlier end has seen. runsvdir ignores names with a dot. */
const OOM_SEEN = ".oom-kills";
const MAX_BYTES = 4096;
const STATUS_KILLED = 137;

/** The unit of a process's start time. @see proc_pid_stat(5) */
const TICK_MS = 10;
/** A service may have started a process before runsv wrote down when it started the service. */
const SLACK_TICKS = 3;

/** The end of a service, and what follows. */
interface Ended {
  readonly ends: ServiceEnds;
  /** undefined: runit's own rules decide. */
  readonly next: RestartRecord["next"] | undefined;
  /** Why it is not started again; empty: it is, or it has done its task. */
  readonly gaveUp: string;
}

/**
 * The program `./finish` of a mirror: records how the service has ended, keeps it down if its file `restart` says so, logs
 * a line if one is due, and executes the service's own `finish`.
 *
 * @returns its exit status if the service has none
 * @see runsv(8), docs/reference/services.md
 */
export function main(linux: Linux): number {
  const service = serviceHere(linux);
  const last = finishEnd(linux.argv[1] ?? "", linux.argv[2] ?? "");
  const ended = last && record(linux, service, last);
  const next = ended?.next;
  const endsContainer =
    isEssential(linux, service.directory) &&
    (next === undefined || next === "gave-up" || (next === "done" && !isNeeded(linux, service)));
  const isShown = ended === undefined || report(linux, service, ended, endsContainer);
  const program = endsContainer ? ESSENTIAL_FINISH : `./${OWN_FINISH}`;
  if (!endsContainer && linux.access(`${service.directory}/${OWN_FINISH}`, 0) === -ERRNO.ENOENT) return 0;
  const errno = -linux.exec(program, [program, ...linux.argv.slice(1)], linux.environ);
  const path = linux.realPath(program);
  if (isShown) log(linux, service, execFailure(linux, typeof path === "number" ? program : path, errno));
  return STATUS_CANNOT_RUN;
}

/** Adds the end to the records of the service. */
function record(linux: Linux, service: Service, last: ChildEnd): Ended {
  const supervise = `${service.directory}/${SUPERVISE}`;
  const state = readState(linux, supervise);
  const endedMs = Math.floor(linux.realtimeMs());
  const ageMs = typeof state === "number" ? 0 : state.ageMs;
  const began = beganMs(linux, supervise);
  const ranMs = Math.max(0, Math.floor(began === undefined ? ageMs : linux.monotonicMs() - began));
  const isAsked = (typeof state === "object" && !state.isWanted) || wasAsked(linux, supervise);
  const isOutOfMemory = exitStatus(last) === STATUS_KILLED && noticeOutOfMemory(linux, service);
  const ends = addEnd(readEnds(linux, supervise), { last, isOutOfMemory, ranMs, endedMs, isAsked });
  const rules = isAsked ? undefined : restartRulesOf(linux, service.directory);
  const next = rules && applyRules(linux, service, rules, { last, ranMs, nowMs: linux.monotonicMs() });
  if (next === undefined) forgetRestarts(linux, supervise);
  return { ends, next, gaveUp: rules !== undefined && next === "gave-up" ? gaveUpWords(rules) : "" };
}

/** Decides what follows by the rules, and records it. @returns undefined: they cannot be followed */
function applyRules(linux: Linux, service: Service, rules: RestartRules, end: OwnEnd): Ended["next"] {
  const supervise = `${service.directory}/${SUPERVISE}`;
  const record = nextStart(rules, readRestartRecord(linux, supervise), end);
  // Without a record nobody would see that it gave up.
  if (writeRestartRecord(linux, supervise, record) < 0) return undefined;
  return record.next === "again" || keepDown(linux, service) ? record.next : undefined;
}

/**
 * Records that the end has a line, and logs it, if one is due. my_init has one for an end that ends the container.
 *
 * @returns whether a line is due, or this is the first end
 */
function report(linux: Linux, service: Service, { ends, gaveUp }: Ended, endsContainer: boolean): boolean {
  const isDue = gaveUp !== "" || (!endsContainer && isLineDue(ends));
  const logged = isDue ? { ...ends, loggedMs: ends.endedMs, loggedFailures: ends.failures } : ends;
  // Without a record, each failure would have a line. A full log must not keep the service from its next start.
  const isRecorded = writeEnds(linux, `${service.directory}/${SUPERVISE}`, logged) === 0;
  if (!isRecorded && gaveUp === "") return false;
  const remedy = gaveUp === "" || endsContainer ? "" : `; "sv up ${printable(service.name)}" starts it`;
  const words = [failureLine(ends, endWords(ends)), gaveUp].join(" ").trimEnd();
  if (isDue) logLine(linux, service, words + remedy);
  if (!endsContainer && ends.quickSuccesses === QUICK_SUCCESSES) {
    const left = countLeft(linux, ends.endedMs - ends.quickSinceMs);
    logLine(linux, service, quickSuccessWords(QUICK_SUCCESSES, left));
  }
  return isDue || ends.count === 1;
}

/** Whether another service waits until this one is ready. */
function isNeeded(linux: Linux, { name, services }: Service): boolean {
  return listServices(linux, services).services.some((other) =>
    needsOf(linux, `${services}/${other}`).some(({ service }) => service === name),
  );
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
    writeAnew(linux, seenPath, count);
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
  const since = self.startTime - Math.ceil(ms / TICK_MS) - SLACK_TICKS;
  const isLeft = ({ isZombie, parent, pid, session, startTime }: Process) =>
    parent === init.pid && pid !== runsvdir?.pid && session !== init.session && startTime >= since && !isZombie;
  return allProcesses(linux).filter(isLeft).length;
}
