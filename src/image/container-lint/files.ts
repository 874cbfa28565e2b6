// Tested by src/image/container-lint/main.test.ts.
import { type FileFacts, fileFacts, linkFacts, OTHERS_WRITE } from "../../linux/files.ts";
import type { Linux } from "../../linux/linux.ts";

/** A file that is looked at. */
export interface LintFile extends FileFacts {
  readonly path: string;
  readonly name: string;
}

/**
 * The files of a directory that are to be used, in byte order: no dotfile, nothing that is switched off on purpose or left
 * by a package's tools. A link is followed only where no user but root can change it.
 */
export function filesIn(linux: Linux, directory: string): LintFile[] {
  const own = linkFacts(linux, directory);
  const names = linux.listDir(directory);
  const found: LintFile[] = [];
  if (typeof own === "number" || own.type !== "directory" || typeof names === "number") return found;
  const look = own.uid === 0 && (own.mode & OTHERS_WRITE) === 0 ? fileFacts : linkFacts;
  for (const name of [...names].sort()) {
    const path = `${directory}/${name}`;
    const facts = look(linux, path);
    if (typeof facts === "number" || facts.type !== "file" || name.startsWith(".") || name.endsWith("~")) continue;
    const isOff =
      name.includes(".dpkg-") || name.includes(".ucf-") || name.endsWith(".bak") || name.endsWith(".disabled");
    if (!isOff) found.push({ ...facts, path, name });
  }
  return found;
}

/** What is in a file; empty if this user may not read it. */
export function textOf(linux: Linux, path: string): string {
  const text = linux.readFile(path, 1 << 20, true);
  return typeof text === "string" ? text : "";
}
