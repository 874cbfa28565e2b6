import { appletOf } from "../core/applets.ts";
import { ERRNO } from "./errno.ts";
import type { Linux } from "./linux.ts";
import { allProcesses, commandWords, isEmulated, type Process, readProcess } from "./processes.ts";
import { Failure } from "./sys-error.ts";

/** The one that every PID namespace has. */
const FIRST_PID = 1;

/**
 * The pid of the my_init that looks after this process: its nearest ancestor of that name. A process of `docker exec`
 * has none, nor one whose parents were left behind: for those it is the container's own.
 *
 * @throws Failure where there is none, or more than one
 */
export function findInit(linux: Linux): number {
  const self = linux.getPid();
  for (let pid = self; ; ) {
    const parent = readProcess(linux, pid)?.parent ?? 0;
    if (parent === 0) break;
    if (isInit(linux, parent)) return parent;
    pid = parent;
  }
  const all = otherInits(linux);
  const own = all.filter((init) => isHere(linux, init));
  const candidates = (own.length > 0 ? own : all).map(({ pid }) => pid);
  const [first, ...more] = candidates.includes(FIRST_PID) ? [FIRST_PID] : candidates;
  if (first === undefined) throw new Failure("no my_init is running");
  if (more.length > 0) throw new Failure(`several my_init are running (PIDs ${candidates.join(", ")})`);
  return first;
}

/** Whether this my_init was started in a container that had one: by `docker exec`, say. */
export function isSecondInit(linux: Linux): boolean {
  const self = linux.getPid();
  if (self === FIRST_PID) return false;
  const startTime = readProcess(linux, self)?.startTime ?? 0;
  return otherInits(linux).some((other) => {
    const isEarlier = other.startTime < startTime || (other.startTime === startTime && other.pid < self);
    return isEarlier && isHere(linux, other);
  });
}

function otherInits(linux: Linux): Process[] {
  const self = linux.getPid();
  return allProcesses(linux).filter(({ pid, isZombie }) => !isZombie && pid !== self && isInit(linux, pid));
}

/** Whether a process sees the files that we see: containers may share their processes and yet not these. */
function isHere(linux: Linux, { pid }: Process): boolean {
  return isSame(linux.stat("/proc/self/ns/mnt"), linux.stat(`/proc/${pid}/ns/mnt`));
}

/** Whether a process is this very program, called to be the init. */
function isInit(linux: Linux, pid: number): boolean {
  const word = commandWords(linux, pid)[0];
  if (word === undefined || appletOf(word) !== "my_init") return false;
  const facts = linux.stat(`/proc/${pid}/exe`);
  // Somebody else's may not be looked at, and of all that is emulated it is the emulator: its name has to do. He who may
  // not look may not signal it either.
  const isForbidden = facts === -ERRNO.EACCES || facts === -ERRNO.EPERM;
  if (isForbidden || isEmulated(linux, pid)) return word.slice(word.lastIndexOf("/") + 1) === "my_init";
  return isSame(facts, linux.stat("/proc/self/exe"));
}

/** Whether two answers of stat(2) tell of one file. */
function isSame(one: Facts, other: Facts): boolean {
  return typeof one !== "number" && typeof other !== "number" && one[4] === other[4];
}

type Facts = ReturnType<Linux["stat"]>;
