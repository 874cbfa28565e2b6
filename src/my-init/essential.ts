import { printable } from "../core/printable.ts";
import { ERRNO } from "../linux/errno.ts";
import type { Linux } from "../linux/linux.ts";
import { Failure, SysError } from "../linux/sys-error.ts";
import type { Context } from "./context.ts";

/** Told by runsv how the service has ended. */
const FINISH = "/usr/lib/baseimage/essential-finish";
/** Told by runsv that an administrator wants it to end. */
const CONTROL = "/usr/lib/baseimage/essential-control";

/** What each name in a service's folder leads to. runsv looks for these when it needs them. @see runsv(8) */
const LINKS = [
  ["finish", FINISH],
  ["control/t", CONTROL],
  ["control/k", CONTROL],
] as const;

/**
 * Makes the end of each service that has a file `essential` the end of the container. Only runsv learns how a service
 * has ended, and tells its finish script alone: links to ours are put into the service's folder, and what was there
 * is kept beside them, for ours to run.
 */
export function prepareEssential({ linux, log }: Context, folder: string): void {
  const names = linux.listDir(folder);
  if (typeof names === "number") return; // runsvdir tells
  for (const name of [...names].sort()) {
    const service = `${folder}/${name}`;
    if (name.startsWith(".") || linux.access(`${service}/essential`, 0) < 0) continue;
    try {
      linux.mkdir(`${service}/control`, 0o755);
      for (const [path, target] of LINKS) putLink(linux, `${service}/${path}`, target);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      log.warn(`the end of the essential service ${printable(name)} will not be the container's: ${error.message}`);
    }
  }
}

/** Whether a program of the service's own is run in the place of the TERM of its runsv. @see runsv(8), customize control */
export function hasOwnTerm(linux: Linux, runsv: number): boolean {
  const path = `/proc/${runsv}/cwd/control/t`;
  return linux.access(linux.realPath(path) === CONTROL ? `${path}.own` : path, 0) === 0;
}

function putLink(linux: Linux, path: string, target: string): void {
  if (linux.realPath(path) === target) return; // from an earlier start of this container
  const moved = linux.rename(path, `${path}.own`);
  if (moved < 0 && moved !== -ERRNO.ENOENT) throw new SysError("cannot rename", path, -moved);
  const made = linux.symlink(target, path);
  if (made < 0) throw new SysError("cannot make", path, -made);
}
