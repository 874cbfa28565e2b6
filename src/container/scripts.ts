// Tested by test/process/scripts.test.ts.
import { ANY_EXECUTE, fileFacts, isDirectory, isExecutable } from "../linux/files.ts";
import type { Linux } from "../linux/linux.ts";
import { failure } from "../linux/sys-error.ts";

/** The directories of scripts, and the script beside them. @see docs/reference/my_init.md */
export const SCRIPTS = {
  startup: "/etc/my_init.d",
  rcLocal: "/etc/rc.local",
  preShutdown: "/etc/my_init.pre_shutdown.d",
  postShutdown: "/etc/my_init.post_shutdown.d",
} as const;

/** The paths in a directory of scripts, in byte order, without dotfiles and directories; or an errno (above zero). */
export function listScripts(linux: Linux, directory: string): string[] | number {
  const names = linux.listDir(directory);
  if (typeof names === "number") return -names;
  return [...names]
    .filter((name) => !name.startsWith("."))
    .sort()
    .map((name) => `${directory}/${name}`)
    .filter((path) => !isDirectory(linux, path));
}

/** Why a path is skipped as no script; "": it is empty, which needs no reason; undefined: it is a script. */
export function skipReason(linux: Linux, path: string): string | undefined {
  const facts = fileFacts(linux, path);
  if (typeof facts === "number") return failure("cannot read", path, facts);
  if (facts.type !== "file") return "it is no file";
  const hasMode = (facts.mode & ANY_EXECUTE) !== 0;
  // A placeholder, for Dockerfiles that delete a script of this name that other images have.
  if (facts.size === 0 && !hasMode) return "";
  // What root may not execute although its mode allows it stands on a noexec mount: that is told when it is run.
  return (hasMode && linux.getEuid() === 0) || isExecutable(linux, path) ? undefined : "it is not executable";
}
