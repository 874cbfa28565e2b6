import { STATUS_CANNOT_RUN } from "../core/child-end.ts";
import { toEnviron } from "../core/container-env.ts";
import { printable } from "../core/printable.ts";
import type { Child } from "../linux/children.ts";
import { ERRNO } from "../linux/errno.ts";
import { execFailure } from "../linux/exec-failure.ts";
import { ANY_EXECUTE, fileFacts, isExecutable } from "../linux/files.ts";
import { failure } from "../linux/sys-error.ts";
import type { Context } from "./context.ts";

/**
 * The scripts of a folder, in byte order of their names. A dotfile or a folder is no script; what is
 * not executable is passed over, with a warning unless it is empty. A folder that is not there has none.
 */
export function scriptsIn({ linux, log }: Context, folder: string): string[] {
  const names = linux.listDir(folder);
  if (typeof names === "number") {
    if (-names !== ERRNO.ENOENT) log.warn(failure("cannot read", folder, -names));
    return [];
  }
  return [...names]
    .filter((name) => !name.startsWith("."))
    .sort()
    .map((name) => `${folder}/${name}`)
    .filter((path) => {
      const facts = fileFacts(linux, path);
      if (typeof facts === "number") log.warn(`${printable(path)} is skipped: ${failure("cannot read", path, facts)}`);
      if (typeof facts === "number" || facts.type === "directory") return false;
      if (facts.type === "other") {
        log.warn(`${printable(path)} is skipped: it is no file`);
        return false;
      }
      // A placeholder: something that other images have under this name, for Dockerfiles that delete it.
      if (facts.size === 0 && (facts.mode & ANY_EXECUTE) === 0) return false;
      // What root may not execute although its mode allows it stands on a noexec mount: that is told when it is run.
      const isMeantToRun = (facts.mode & ANY_EXECUTE) !== 0 && linux.getEuid() === 0;
      if (isMeantToRun || isExecutable(linux, path)) return true;
      log.warn(`${printable(path)} is skipped: it is not executable`);
      return false;
    });
}

/**
 * Starts a script with the container's environment.
 *
 * @returns the child, or the exit status to report where it could not be started; why was said
 */
export function startScript(
  { log, children, environment, linux, streams, terminal }: Context,
  path: string,
  options: number,
): Child | number {
  log.info(`Running ${printable(path)}...`);
  const program = { file: path, argv: [path], environ: toEnviron(environment.current) };
  const name = path.slice(path.lastIndexOf("/") + 1);
  const child = streams.of(name, (each) => children.spawn({ ...program, streams: each }, options, terminal.fd));
  if (typeof child !== "number") return child;
  log.warn(execFailure(linux, path, child));
  log.warn(`${printable(path)} failed with status ${STATUS_CANNOT_RUN}`);
  return STATUS_CANNOT_RUN;
}
