// Tested by test/process/scripts.test.ts.
import { STATUS_CANNOT_RUN } from "../../core/child-end.ts";
import { toEnviron } from "../../core/container-env.ts";
import { printable } from "../../core/printable.ts";
import type { Child } from "../../linux/children.ts";
import { ERRNO } from "../../linux/errno.ts";
import { execFailure } from "../../linux/exec-failure.ts";
import { ANY_EXECUTE, fileFacts, isDirectory, isExecutable } from "../../linux/files.ts";
import { failure } from "../../linux/sys-error.ts";
import type { Context } from "./context.ts";

/**
 * The scripts of a directory, in byte order of their names, without dotfiles, directories and other files that
 * {@link acceptScript} refuses. A missing directory has none.
 */
export function scriptsIn(context: Context, directory: string): string[] {
  const { linux, log } = context;
  const names = linux.listDir(directory);
  if (typeof names === "number") {
    if (-names !== ERRNO.ENOENT) log.warn(failure("cannot read", directory, -names));
    return [];
  }
  return [...names]
    .filter((name) => !name.startsWith("."))
    .sort()
    .map((name) => `${directory}/${name}`)
    .filter((path) => !isDirectory(linux, path) && acceptScript(context, path));
}

/** Takes a path for a script that can be run, or warns why it is none; of an empty file not. @returns whether it is one */
export function acceptScript({ linux, log }: Context, path: string): boolean {
  const skip = (reason: string) => {
    log.warn(`${printable(path)} is skipped: ${reason}`);
    return false;
  };
  const facts = fileFacts(linux, path);
  if (typeof facts === "number") return skip(failure("cannot read", path, facts));
  if (facts.type !== "file") return skip("it is no file");
  // A placeholder, for Dockerfiles that delete a script of this name that other images have.
  if (facts.size === 0 && (facts.mode & ANY_EXECUTE) === 0) return false;
  // What root may not execute although its mode allows it stands on a noexec mount: that is told when it is run.
  const mayRun = (facts.mode & ANY_EXECUTE) !== 0 && linux.getEuid() === 0;
  return mayRun || isExecutable(linux, path) || skip("it is not executable");
}

/**
 * Starts a script with the container's environment.
 *
 * @returns the child; or, if it could not be started, the exit status to report, after a warning
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
