import { fileFacts } from "../linux/files.ts";
import type { Linux } from "../linux/linux.ts";
import { privateDirectories } from "../linux/private-directory.ts";

const PREFIX = "my_init-services-";

/** A mirror of /etc/service. @see docs/adr/0009-mirror-of-services.md */
export interface ServiceMirror {
  readonly path: string;
  /** Its owner: the user that my_init runs as. */
  readonly uid: number;
}

/** What the mirror of a user is called, the first choice first; the second where another container or user has taken that. */
export function mirrorNames(linux: Linux, uid: number): string[] {
  const namespace = linux.stat("/proc/self/ns/mnt");
  const name = `${PREFIX}${uid}`;
  return typeof namespace === "number" ? [name] : [name, `${name}-${namespace[4]}`];
}

/** Whether a path is called like a mirror. */
export function isMirrorName(path: string): boolean {
  return path.slice(path.lastIndexOf("/") + 1).startsWith(PREFIX);
}

/**
 * The mirror in which the container's services run, where they run in one: that of PID 1's user, or our own user's. Where
 * there are both, ours may be of another container, in an image that was made of it.
 */
export function findMirror(linux: Linux): ServiceMirror | undefined {
  const init = fileFacts(linux, "/proc/1"); // hidepid may hide it
  const uids = [typeof init === "number" ? 0 : init.uid, linux.getEuid()];
  for (const uid of uids) {
    const names = mirrorNames(linux, uid);
    const paths = privateDirectories(linux, names, uid);
    // The last choice has the namespace in its name, so that it is no other container's.
    const path = paths.find((each) => each.endsWith(`/${names.at(-1)}`)) ?? paths[0];
    if (path !== undefined) return { path, uid };
  }
  return undefined;
}
