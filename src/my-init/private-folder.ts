import { fileFacts } from "../linux/files.ts";
import type { Linux } from "../linux/linux.ts";

/** Brought by the image for every user; where a tmpfs hides it, made anew. */
const OWN_FOLDER = "/run/my_init";

/** Where a folder of ours may be, the best first. `sv` of /usr/local/bin looks there, too. */
export const PLACES: readonly string[] = [OWN_FOLDER, "/tmp", "/dev/shm"];

/** Makes a folder that nobody else can have prepared or look into. @returns its path; undefined where there is no place for it */
export function makePrivateFolder(linux: Linux, name: string): string | undefined {
  linux.mkdir(OWN_FOLDER, 0o755);
  for (const place of PLACES) {
    const facts = fileFacts(linux, place);
    // In a folder of another user, what is ours can be put in another's place.
    if (typeof facts === "number" || (facts.uid !== 0 && facts.uid !== linux.getEuid())) continue;
    // Only what was made here and now is ours for sure.
    if (linux.mkdir(`${place}/${name}`, 0o700) === 0) return `${place}/${name}`;
  }
  return undefined;
}

/** The folders of this name that are ours: what a container that was stopped has left, or an image that was made of one. */
export function privateFolders(linux: Linux, name: string): string[] {
  return PLACES.map((place) => `${place}/${name}`).filter((path) => {
    const facts = fileFacts(linux, path);
    return typeof facts !== "number" && facts.uid === linux.getEuid();
  });
}
