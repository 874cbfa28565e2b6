// Tested by src/image/my-init/services/mirror.test.ts.
import {
  ESSENTIAL_FINISH,
  FINISH,
  isOurProgram,
  OWN_FINISH,
  OWN_RUN,
  readState,
  SERVICES,
  SUPERVISE,
} from "../../../container/runsv.ts";
import { ERRNO } from "../../../linux/errno.ts";
import { isDirectory } from "../../../linux/files.ts";
import type { Linux } from "../../../linux/linux.ts";
import { SysError } from "../../../linux/sys-error.ts";

/** What runsv starts. @see runsv(8) */
export const RUN = "run";

/** Whether a directory of the mirror has our `finish`. @param name `NAME`; or `NAME/log`, for which runsv runs no `finish` */
export function hasFinish(name: string): boolean {
  return !name.includes("/");
}

/** The name in the mirror of a file in a service's directory: `finish` is ours there, and executes the service's own. */
export function linkName(directory: string, name: string): string {
  return name === FINISH && hasFinish(directory) ? OWN_FINISH : name;
}

/** What a link in the mirror leads to. @returns undefined: there is to be none */
export function linkTarget(linux: Linux, directory: string, name: string): string | undefined {
  const path = `${SERVICES}/${directory}`;
  return linkName(directory, name) === OWN_FINISH ? ownFinish(linux, path) : `${path}/${name}`;
}

/** Makes our program the `finish` of a service. @param directory of the mirror @throws SysError */
export function putFinish(linux: Linux, directory: string, program: string): void {
  putLink(linux, program, `${directory}/${FINISH}`);
}

/**
 * Puts the service's own `finish`, if it has one, in place of ours. The own one stays beside it, too: our program may be
 * about to execute it.
 */
export function restoreFinish(linux: Linux, mirror: string, name: string): void {
  const finish = `${mirror}/${name}/${FINISH}`;
  const own = ownFinish(linux, `${SERVICES}/${name}`);
  if (own !== undefined && replaceLink(linux, mirror, own, finish) >= 0) return;
  if (!isFinishDue(linux, `${mirror}/${name}/${SUPERVISE}`)) linux.unlink(finish);
}

/** Whether runsv has found `finish` and may not have executed it yet. If it were gone then, runsv would log an error. */
function isFinishDue(linux: Linux, supervise: string): boolean {
  const state = readState(linux, supervise);
  if (typeof state === "number") return false;
  return state.isFinishing || (state.pid > 0 && linux.kill(state.pid, 0) === -ERRNO.ESRCH);
}

/**
 * The service's own `finish`. An earlier start without a mirror may have put our program in its place, and have
 * renamed it.
 *
 * @param directory of the service, in /etc/service
 * @returns undefined: it has none
 */
function ownFinish(linux: Linux, directory: string): string | undefined {
  const paths = [`${directory}/${FINISH}`, `${directory}/${OWN_FINISH}`];
  const [path] = isOurProgram(linux, `${directory}/${FINISH}`, ESSENTIAL_FINISH) ? paths.slice(1) : paths;
  return path !== undefined && linux.lstat(path) !== -ERRNO.ENOENT ? path : undefined;
}

/** Makes our program the `run` of a service. @throws SysError */
export function putRun(linux: Linux, mirror: string, name: string, program: string): void {
  const own = `${mirror}/${name}/${OWN_RUN}`;
  linux.unlink(own);
  must(own, linux.symlink(`${SERVICES}/${name}/${RUN}`, own));
  const run = `${mirror}/${name}/${RUN}`;
  must(run, replaceLink(linux, mirror, program, run));
}

/** Puts the service's own `run`, if it has one, in place of ours. @throws SysError */
export function restoreRun(linux: Linux, mirror: string, name: string, hasOwn: boolean): void {
  const [run, own] = [`${mirror}/${name}/${RUN}`, `${mirror}/${name}/${OWN_RUN}`];
  if (hasOwn) must(run, linux.rename(own, run));
  else for (const path of [run, own]) linux.unlink(path);
}

/** Puts a link in place of what is there, by rename(2): there is one at every moment. @returns 0, or a negated errno */
function replaceLink(linux: Linux, mirror: string, target: string, path: string): number {
  const aside = `${mirror}/.link`; // a service's directory may have any name
  linux.unlink(aside);
  const made = linux.symlink(target, aside);
  return made < 0 ? made : linux.rename(aside, path);
}

/** Makes a link. What is there already stays: a script may have made it. @throws SysError */
export function putLink(linux: Linux, target: string, path: string): void {
  const made = linux.symlink(target, path);
  if (made !== -ERRNO.EEXIST) must(path, made);
}

/** Makes a directory. my_init or a script may have made it. @throws SysError */
export function makeDirectory(linux: Linux, path: string): void {
  const made = linux.mkdir(path, 0o700);
  if (made !== -ERRNO.EEXIST || !isDirectory(linux, path)) must(path, made);
}

function must(path: string, answer: number): void {
  if (answer < 0) throw new SysError("cannot make", path, -answer);
}
