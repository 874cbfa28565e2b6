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

/** Every PID namespace has it. */
const FIRST_PID = 1;

/**
 * The pid of the my_init responsible for this process: its nearest ancestor of that name. A process of `docker exec` or
 * an orphan has no such ancestor; then it is the container's own my_init. Only processes of root, of the caller and of
 * PID 1's user count, as any user can start a my_init.
 *
 * @throws Failure if there is none, or more than one
 */
export function findInit(linux: Linux): number {
  const self = linux.getPid();
  for (let pid = self; ; ) {
    const parent = readProcess(linux, pid)?.parent ?? 0;
    if (parent === 0) break;
    if (isInit(linux, parent)) return parent;
    pid = parent;
  }
  // What follows would give the same; a look at all processes takes long.
  if (self !== FIRST_PID && isInit(linux, FIRST_PID) && isHere(linux, { pid: FIRST_PID })) return FIRST_PID;
  const all = otherInits(linux);
  const own = outermost(all.filter((init) => isHere(linux, init)));
  const candidates = (own.length > 0 ? own : all).map(({ pid }) => pid);
  const [first, ...more] = candidates.includes(FIRST_PID) ? [FIRST_PID] : candidates;
  if (first === undefined) throw new Failure("no my_init is running");
  if (more.length > 0) throw new Failure(`several my_init are running (PIDs ${candidates.join(", ")})`);
  return first;
}

/** Without children of a my_init: a child that has not executed its program yet looks like a my_init too. */
function outermost(inits: readonly Process[]): Process[] {
  return inits.filter(({ parent }) => !inits.some(({ pid }) => pid === parent));
}

/**
 * Whether this my_init was started in a container that already had one, by `docker exec` for example.
 *
 * @param ofUnknown the answer if there is another user's my_init, and it is unknown whether it is in another container
 * that shares its processes with this one
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
 * If root reads from another user's my_init: switches to that user and its groups, to have no more permissions than
 * that user.
 *
 * @throws Failure if it is not permitted
 */
export function switchToUserOf(linux: Linux, init: number): void {
  const credentials = readCredentials(linux, init);
  const uid = credentials?.uids[0];
  if (credentials === undefined || uid === undefined || uid === 0 || linux.getEuid() !== 0) return;
  setIdentity(linux, { name: `${uid}`, uid, gid: credentials.gid, groups: credentials.groups, home: "/" });
}

/** Whether a process is in our mount namespace: containers may share their processes and not their files. */
function isHere(linux: Linux, { pid }: Pick<Process, "pid">, ofUnknown = false): boolean {
  const answer = linux.stat(`/proc/${pid}/ns/mnt`);
  if (answer === -ERRNO.EACCES || answer === -ERRNO.EPERM) return ofUnknown;
  return isSameFile(linux.stat("/proc/self/ns/mnt"), answer);
}

/** Whether a process is this program, called as my_init, and of a trusted user. */
function isInit(linux: Linux, pid: number): boolean {
  const word = commandWords(linux, pid)[0];
  if (word === undefined || appletOf(word) !== "my_init") return false;
  const answer = linux.stat(`/proc/${pid}/exe`);
  // A caller that cannot read /proc/PID/exe cannot signal the process either. With an emulator, it is the emulator.
  const isForbidden = answer === -ERRNO.EACCES || answer === -ERRNO.EPERM;
  const isProgram =
    isForbidden || isEmulated(linux, pid)
      ? word.slice(word.lastIndexOf("/") + 1) === "my_init"
      : isSameFile(answer, linux.stat("/proc/self/exe"));
  // Last: most processes are another program, and reading their user costs more.
  return isProgram && isTrusted(linux, pid);
}

/** Whether all user ids of a process are root's, the caller's or those of PID 1's user. */
function isTrusted(linux: Linux, pid: number): boolean {
  const trusted = [0, linux.getEuid(), readCredentials(linux, FIRST_PID)?.uids[0]];
  return readCredentials(linux, pid)?.uids.every((uid) => trusted.includes(uid)) === true;
}
