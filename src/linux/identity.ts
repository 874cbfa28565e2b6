import { printable } from "../core/printable.ts";
import { ERRNO, errorWords } from "./errno.ts";
import { S_IFIFO, S_IFMT } from "./files.ts";
import type { Linux } from "./linux.ts";
import { STDERR, STDOUT } from "./program.ts";
import { Failure } from "./sys-error.ts";

/** The bits of a mode that let its owner, its group and others write. */
const ANY_WRITE = 0o222;

/** The user and groups to switch to. */
export interface Identity {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** All groups, including `gid`. */
  readonly groups: readonly number[];
  readonly home: string;
}

/**
 * Switches to another user, for good: groups, then gid, then uid, as each step removes the permission for the one
 * before. The new user can open standard output and error by name.
 *
 * @throws Failure if it is not permitted
 */
export function switchUser(linux: Linux, identity: Identity): void {
  for (const fd of [STDOUT, STDERR]) openUp(linux, fd);
  setIdentity(linux, identity);
}

/** The same, but leaves standard output and error as they are. @throws Failure if it is not permitted */
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

/** A process of that user without permission to set groups keeps its groups. */
function setGroups(linux: Linux, { groups, uid }: Identity): number {
  const answer = linux.setGroups(groups);
  return answer === -ERRNO.EPERM && linux.getEuid() === uid ? 0 : answer;
}

/**
 * Lets every user open /dev/stdout or /dev/stderr for writing: the container engine's pipe or terminal belongs to root,
 * and other users cannot open it. It gives no permission to read: otherwise all processes of the new user could read
 * what is typed at the terminal. Files and other devices do not change.
 */
function openUp(linux: Linux, fd: number): void {
  const path = `/proc/self/fd/${fd}`;
  const facts = linux.stat(path);
  if (typeof facts === "number") return;
  const mode = facts[0];
  if ((mode & S_IFMT) === S_IFIFO || linux.isTerminal(fd)) linux.chmod(path, (mode & 0o777) | ANY_WRITE);
}
