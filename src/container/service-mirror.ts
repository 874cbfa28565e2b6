import { fileFacts } from "../linux/files.ts";
import type { Linux } from "../linux/linux.ts";
import { privateDirectories } from "../linux/private-directory.ts";

const PREFIX = "my_init-services-";

/** In the mirror of a service: the boot has logged why its `run` cannot be executed. */
export const REPORTED = ".reported";

/** A mirror of /etc/service. @see docs/adr/0009-mirror-of-services.md */
export interface ServiceMirror {
  readonly path: string;
  /** Its owner: the user that my_init runs as. */
  readonly uid: number;
}

/** The names of a user's mirror; the second is for when another container or user has taken the first. */
export function mirrorNames(linux: Linux, uid: number): string[] {
  const namespace = linux.stat("/proc/self/ns/mnt");
  const name = `${PREFIX}${uid}`;
  return typeof namespace === "number" ? [name] : [name, `${name}-${namespace[4]}`];
}

/** Whether a path has the name of a mirror. */
export function isMirrorName(path: string): boolean {
  return path.slice(path.lastIndexOf("/") + 1).startsWith(PREFIX);
}

/**
 * The mirror in which the container's services run, if any: PID 1's user's, or else our user's, which may be of another
 * container that the image was made from.
 */
export function findMirror(linux: Linux): ServiceMirror | undefined {
  const init = fileFacts(linux, "/proc/1"); // hidepid may hide it
  const uids = [typeof init === "number" ? 0 : init.uid, linux.getEuid()];
  for (const uid of uids) {
    const names = mirrorNames(linux, uid);
    const paths = privateDirectories(linux, names, uid);
    // The last name contains the namespace, so no other container has it.
    const path = paths.find((each) => each.endsWith(`/${names.at(-1)}`)) ?? paths[0];
    if (path !== undefined) return { path, uid };
  }
  return undefined;
}
