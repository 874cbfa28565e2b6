// Tested by src/image/my-init/services/mirror.test.ts.
import { SUPERVISE } from "../../../container/runsv.ts";
import { fileFacts, isDirectory, linkFacts, MAKE_FILES, removeTree } from "../../../linux/files.ts";
import type { Linux } from "../../../linux/linux.ts";

/** my_init writes into it. */
export const CONTROL = "control";
/** In a service's directory, what may be a directory in the mirror, too, and no link. */
export const SUBDIRECTORIES = ["log", CONTROL];

const OTHERS_WRITE = 0o022;

/**
 * Makes `supervise` in a service's directory a link to runsv's files in the mirror: programs and scripts find the files
 * where runsv keeps them without a mirror. A directory `supervise` that an earlier runsv has left is removed.
 *
 * @param directory of the service, in /etc/service
 * @param target the directory of runsv's files; runsv has not made it yet
 * @returns whether the link is there
 */
export function linkSupervise(linux: Linux, directory: string, target: string): boolean {
  const facts = fileFacts(linux, directory);
  if (typeof facts === "number") return false;
  // Another user could replace what is here at any moment.
  if ((facts.uid !== 0 && facts.uid !== linux.getEuid()) || (facts.mode & OTHERS_WRITE) !== 0) return false;
  const path = `${directory}/${SUPERVISE}`;
  const there = linkFacts(linux, path);
  if (typeof there !== "number") {
    // A link that leads somewhere is the user's, who has chosen another place.
    if (there.type !== "directory" && typeof linux.realPath(path) === "string") return false;
    if (there.type === "directory") removeTree(linux, path);
    else linux.unlink(path);
  }
  return linux.symlink(target, path) === 0;
}

/** Whether runsv can keep its files in the directory of a service or log service. */
export function canSupervise(linux: Linux, directory: string): boolean {
  const supervise = `${directory}/${SUPERVISE}`;
  return linux.access(isDirectory(linux, supervise) ? supervise : directory, MAKE_FILES) === 0;
}

/** Whether the mirror has a directory of its own, not a link, for a name in a service's directory. */
export function needsOwn(linux: Linux, name: string, path: string): boolean {
  if (!SUBDIRECTORIES.includes(name) || !isDirectory(linux, path)) return false;
  return name === CONTROL || !canSupervise(linux, path);
}
