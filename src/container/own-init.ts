import { ERRNO } from "../linux/errno.ts";
import { isSameFile } from "../linux/files.ts";
import { setIdentity } from "../linux/identity.ts";
import type { Linux } from "../linux/linux.ts";
import {
  allProcesses,
  commandWords,
  isEmulated,
  type Process,
  readCredentials,
  readProcess,
} from "../linux/processes.ts";
import { Failure } from "../linux/sys-error.ts";
import { appletOf } from "./applets.ts";

/** The one that every PID namespace has. */
const FIRST_PID = 1;

/**
 * The pid of the my_init that looks after this process: its nearest ancestor of that name. A process of `docker exec`
 * has none, nor one whose parents were left behind: for those it is the container's own. A my_init that another user has
 * started, who is neither root nor the caller nor the user of PID 1, is none: anybody can start one.
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
  const own = outermost(all.filter((init) => isHere(linux, init)));
  const candidates = (own.length > 0 ? own : all).map(({ pid }) => pid);
  const [first, ...more] = candidates.includes(FIRST_PID) ? [FIRST_PID] : candidates;
  if (first === undefined) throw new Failure("no my_init is running");
  if (more.length > 0) throw new Failure(`several my_init are running (PIDs ${candidates.join(", ")})`);
  return first;
}

/** Those that no other one has started: a child of one that has not executed its program yet looks like a my_init, too. */
function outermost(inits: readonly Process[]): Process[] {
  return inits.filter(({ parent }) => !inits.some(({ pid }) => pid === parent));
}

/**
 * Whether this my_init was started in a container that had one: by `docker exec`, say.
 *
 * @param ofUnknown what to answer where another user's can be seen, but not whether it is in another container that shares
 * its processes with this one
 */
export function isSecondInit(linux: Linux, ofUnknown: boolean): boolean {
  const self = linux.getPid();
  if (self === FIRST_PID) return false;
  const startTime = readProcess(linux, self)?.startTime ?? 0;
  return otherInits(linux).some((other) => {
    const isEarlier = other.startTime < startTime || (other.startTime === startTime && other.pid < self);
    return isEarlier && isHere(linux, other, ofUnknown);
  });
}

function otherInits(linux: Linux): Process[] {
  const self = linux.getPid();
  return allProcesses(linux).filter(({ pid, isZombie }) => !isZombie && pid !== self && isInit(linux, pid));
}

/**
 * Takes on the user and the groups of my_init where root looks at another user's: from here on root does what that user may
 * do, and no more.
 *
 * @throws Failure where it is not permitted
 */
export function switchToUserOf(linux: Linux, init: number): void {
  const credentials = readCredentials(linux, init);
  const uid = credentials?.uids[0];
  if (credentials === undefined || uid === undefined || uid === 0 || linux.getEuid() !== 0) return;
  setIdentity(linux, { name: `${uid}`, uid, gid: credentials.gid, groups: credentials.groups, home: "/" });
}

/** Whether a process sees the files that we see: containers may share their processes and yet not these. */
function isHere(linux: Linux, { pid }: Process, ofUnknown = false): boolean {
  const answer = linux.stat(`/proc/${pid}/ns/mnt`);
  if (answer === -ERRNO.EACCES || answer === -ERRNO.EPERM) return ofUnknown;
  return isSameFile(linux.stat("/proc/self/ns/mnt"), answer);
}

/** Whether a process is this very program, called to be the init, of a user who is believed. */
function isInit(linux: Linux, pid: number): boolean {
  const word = commandWords(linux, pid)[0];
  if (word === undefined || appletOf(word) !== "my_init") return false;
  const answer = linux.stat(`/proc/${pid}/exe`);
  // A caller that cannot read /proc/PID/exe cannot signal the process either; of every emulated process it is the emulator.
  const isForbidden = answer === -ERRNO.EACCES || answer === -ERRNO.EPERM;
  const isProgram =
    isForbidden || isEmulated(linux, pid)
      ? word.slice(word.lastIndexOf("/") + 1) === "my_init"
      : isSameFile(answer, linux.stat("/proc/self/exe"));
  // Last: most processes are another program, and whose they are takes more reading.
  return isProgram && isBelieved(linux, pid);
}

/** Whether a process belongs to root, to the user of PID 1, or to the caller, and to nobody else. */
function isBelieved(linux: Linux, pid: number): boolean {
  const believed = [0, linux.getEuid(), readCredentials(linux, FIRST_PID)?.uids[0]];
  return readCredentials(linux, pid)?.uids.every((uid) => believed.includes(uid)) === true;
}
