// Tested by src/image/my-init/services/mirror.test.ts.
import { SERVICES } from "../../../container/runsv.ts";
import { fileFacts, linkFacts, MAKE_FILES, OTHERS_WRITE } from "../../../linux/files.ts";
import type { Linux } from "../../../linux/linux.ts";

/** Bits of a mode. */
const OWNER_ALL = 0o700;
const OWNER_ENTERS = 0o500;
const GROUP_ENTERS = 0o050;
/** Without setuid, setgid and sticky. */
const PERMISSIONS = 0o777;

/** Lets a service that drops its privileges use its directory `to` of the mirror like `from`. @returns what it has copied last */
export function copyAccess(linux: Linux, from: string, to: string, last: string): string {
  const [real, own] = [fileFacts(linux, from), linkFacts(linux, to)];
  // If a script has put a link there, it leads to a directory that is not ours.
  if (typeof real === "number" || typeof own === "number" || own.type !== "directory") return last;
  const access = `${real.uid}:${real.gid}:${real.mode}`;
  if (access === last) return last;
  // If this user cannot write there, a read-only file system may keep the owner from it, too. `run` must be as safe here.
  if (linux.access(from, MAKE_FILES) === 0) {
    // Mode before owner: afterwards chmod(2) takes a capability.
    linux.chmod(to, real.mode | OWNER_ALL);
    if (linux.chown(to, real.uid, real.gid) === 0) return access;
  }
  // It stays ours. The real owner and group count as others here, and may enter it as others may.
  const owner = real.uid === own.uid ? 0 : (real.mode & OWNER_ENTERS) >> 6;
  const group = real.gid === own.gid ? 0 : (real.mode & GROUP_ENTERS) >> 3;
  linux.chmod(to, (real.mode & PERMISSIONS & ~OTHERS_WRITE) | OWNER_ALL | owner | group);
  return access;
}

/** The number of a service's directory in /etc/service; 0: there is none. */
export function inodeOf(linux: Linux, name: string): number {
  const facts = linux.stat(`${SERVICES}/${name}`);
  return typeof facts === "number" ? 0 : facts[4];
}
