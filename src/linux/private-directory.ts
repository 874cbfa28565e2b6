import { fileFacts, linkFacts } from "./files.ts";
import type { Linux } from "./linux.ts";

/** Brought by the image for every user; where a tmpfs hides it, made anew. */
const OWN_DIRECTORY = "/run/my_init";

/** Containers of a pod share it. */
const SHARED = "/dev/shm";

/** Where a directory of ours may be, the best first. */
export const PLACES: readonly string[] = [OWN_DIRECTORY, "/tmp", SHARED];

/** Mode bits: its group or all others may change a directory; in it only the owner of a file may remove or rename it. */
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

/**
 * Makes a directory that no other user can have prepared, can look into or can replace.
 *
 * @param names tried one after the other: any user may have taken one
 * @returns its path; undefined where there is no place for it
 */
export function makePrivateDirectory(linux: Linux, names: readonly string[]): string | undefined {
  linux.mkdir(OWN_DIRECTORY, 0o755);
  // Only what was made here and now is ours for sure.
  return pathsOf(linux, names, linux.getEuid()).find((path) => linux.mkdir(path, 0o700) === 0);
}

/**
 * The directories of these names that belong to `uid` and that no other user but root can change or replace: what an earlier
 * start of the container has left is among them. Neither a link nor a directory of another user is.
 */
export function privateDirectories(linux: Linux, names: readonly string[], uid = linux.getEuid()): string[] {
  return pathsOf(linux, names, uid).filter((path) => {
    const facts = linkFacts(linux, path);
    if (typeof facts === "number" || facts.type !== "directory") return false;
    return facts.uid === uid && (facts.mode & OTHERS_WRITE) === 0;
  });
}

/**
 * Where directories of these names may be, the first name first. Where containers share a place only the last name counts,
 * which is to be no other container's.
 */
function pathsOf(linux: Linux, names: readonly string[], uid: number): string[] {
  const places = PLACES.filter((place) => isSafePlace(linux, place, uid));
  return names.flatMap((name) =>
    places.filter((place) => place !== SHARED || name === names.at(-1)).map((place) => `${place}/${name}`),
  );
}

/** Whether only root and `uid` can replace what `uid` has in a directory. Above those of {@link PLACES} is root's, but in /run. */
function isSafePlace(linux: Linux, place: string, uid: number): boolean {
  const directories = place === OWN_DIRECTORY ? ["/run", place] : [place];
  return directories.every((directory) => {
    // A link of another user may lead elsewhere at any time.
    const link = linkFacts(linux, directory);
    const facts = fileFacts(linux, directory);
    if (typeof link === "number" || typeof facts === "number") return false;
    const isTrusted = [link.uid, facts.uid].every((owner) => owner === 0 || owner === uid);
    return isTrusted && ((facts.mode & OTHERS_WRITE) === 0 || (facts.mode & STICKY) !== 0);
  });
}
