import { printable } from "../core/printable.ts";
import { ERRNO, errorWords } from "./errno.ts";
import { S_IFIFO, S_IFMT } from "./files.ts";
import type { Linux } from "./linux.ts";
import { STDERR, STDOUT } from "./program.ts";
import { Failure } from "./sys-error.ts";

/** The bits of a mode that let its owner, its group and others write. */
const ANY_WRITE = 0o222;

/** Who a process is to become. */
export interface Identity {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** All groups, its own among them. */
  readonly groups: readonly number[];
  readonly home: string;
}

/**
 * Becomes somebody else, for good: groups, then gid, then uid, as each step takes away the right to
 * the one before. Standard output and error are made so that the new user can open them by name.
 *
 * @throws Failure where it is not permitted
 */
export function switchUser(linux: Linux, identity: Identity): void {
  for (const fd of [STDOUT, STDERR]) openUp(linux, fd);
  setIdentity(linux, identity);
}

/** The same, and standard output and error are left as they are. @throws Failure where it is not permitted */
export function setIdentity(linux: Linux, identity: Identity): void {
  const steps = [
    ["set the groups of", () => setGroups(linux, identity)],
    ["set the group of", () => linux.setGid(identity.gid)],
    ["switch to", () => linux.setUid(identity.uid)],
  ] as const;
  for (const [act, step] of steps) {
    const answer = step();
    if (answer < 0) throw new Failure(`cannot ${act} user ${printable(identity.name)}: ${errorWords(-answer)}`);
  }
}

/** Who is that user already, and has not the right to set groups, keeps the ones that there are. */
function setGroups(linux: Linux, { groups, uid }: Identity): number {
  const answer = linux.setGroups(groups);
  return answer === -ERRNO.EPERM && linux.getEuid() === uid ? 0 : answer;
}

/**
 * Lets every user open /dev/stdout or /dev/stderr for writing: the engine's pipe or terminal belongs to root and is closed
 * to others. Nobody can read it who could not before: a terminal that belonged to the new user would give all of that
 * user's processes what is typed at it. Files and other devices are left alone.
 */
function openUp(linux: Linux, fd: number): void {
  const path = `/proc/self/fd/${fd}`;
  const facts = linux.stat(path);
  if (typeof facts === "number") return;
  const mode = facts[0];
  if ((mode & S_IFMT) === S_IFIFO || linux.isTerminal(fd)) linux.chmod(path, (mode & 0o777) | ANY_WRITE);
}
