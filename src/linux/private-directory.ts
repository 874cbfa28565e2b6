import { fileFacts, linkFacts, OTHERS_WRITE } from "./files.ts";
import type { Linux } from "./linux.ts";
import { mountedOn } from "./mounts.ts";

/** In a container it is a tmpfs of the container's own, in which a file is made in half of the time that an overlay takes. */
const DEVICES = "/dev";

/** The image has it, for every user; if a tmpfs hides it, it is made again. */
const OWN_DIRECTORY = "/run/my_init";

/** The containers of a pod share it. */
const SHARED = "/dev/shm";

/** Where a private directory may be if {@link DEVICES} is no place for it, the best place first. */
export const PLACES: readonly string[] = [OWN_DIRECTORY, "/tmp", SHARED];

/** Mode bit of a directory: only a file's owner may rename it. */
const STICKY = 0o1000;

/**
 * Makes a directory that no other user can prepare, read or replace.
 *
 * @param names tried in this order, as any user may have taken one
 * @returns its path; undefined if there is no place for it
 */
export function makePrivateDirectory(linux: Linux, names: readonly string[]): string | undefined {
  linux.mkdir(OWN_DIRECTORY, 0o755);
  // Only a directory that this call made is certainly ours.
  return pathsOf(linux, names, linux.getEuid()).find((path) => linux.mkdir(path, 0o700) === 0);
}

/**
 * The directories of these names that belong to `uid` and that only `uid` and root can change or replace. An earlier
 * start of the container may have left them. Links do not count.
 */
export function privateDirectories(linux: Linux, names: readonly string[], uid = linux.getEuid()): string[] {
  return pathsOf(linux, names, uid).filter((path) => {
    const facts = linkFacts(linux, path);
    if (typeof facts === "number" || facts.type !== "directory") return false;
    return facts.uid === uid && (facts.mode & OTHERS_WRITE) === 0;
  });
}

/**
 * Where directories of these names may be: the best place first, in each place the first name first. In a place that
 * containers share only the last name is used, which no other container must have.
 */
function pathsOf(linux: Linux, names: readonly string[], uid: number): string[] {
  const places = [DEVICES, ...PLACES].filter((place) => isSafePlace(linux, place, uid));
  return places.flatMap((place) =>
    names.filter((name) => place !== SHARED || name === names.at(-1)).map((name) => `${place}/${name}`),
  );
}

/** Whether only root and `uid` can replace files of `uid` in `place`. Only in /run its parent may be another user's. */
function isSafePlace(linux: Linux, place: string, uid: number): boolean {
  // The machine's own /dev is a devtmpfs.
  if (place === DEVICES && mountedOn(linux, place) !== "tmpfs") return false;
  const directories = place === OWN_DIRECTORY ? ["/run", place] : [place];
  return directories.every((directory) => {
    // Another user can change where a link leads at any time.
    const link = linkFacts(linux, directory);
    const facts = fileFacts(linux, directory);
    if (typeof link === "number" || typeof facts === "number") return false;
    const isTrusted = [link.uid, facts.uid].every((owner) => owner === 0 || owner === uid);
    return isTrusted && ((facts.mode & OTHERS_WRITE) === 0 || (facts.mode & STICKY) !== 0);
  });
}
