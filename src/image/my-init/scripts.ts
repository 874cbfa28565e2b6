// Tested by test/process/scripts.test.ts.
import { listScripts, skipReason } from "../../container/scripts.ts";
import { STATUS_CANNOT_RUN } from "../../core/child-end.ts";
import { toEnviron } from "../../core/container-env.ts";
import { printable } from "../../core/printable.ts";
import type { Child } from "../../linux/children.ts";
import { ERRNO } from "../../linux/errno.ts";
import { execFailure } from "../../linux/exec-failure.ts";
import { failure } from "../../linux/sys-error.ts";
import type { Context } from "./context.ts";

/** The scripts of a directory, in byte order of their names, without what {@link acceptScript} refuses. A missing one has none. */
export function scriptsIn(context: Context, directory: string): string[] {
  const paths = listScripts(context.linux, directory);
  if (typeof paths !== "number") return paths.filter((path) => acceptScript(context, path));
  if (paths !== ERRNO.ENOENT) context.log.warn(failure("cannot read", directory, paths));
  return [];
}

/** Takes a path for a script that can be run, or warns why it is none; of an empty file not. @returns whether it is one */
export function acceptScript({ linux, log }: Context, path: string): boolean {
  const reason = skipReason(linux, path);
  if (reason) log.warn(`${printable(path)} is skipped: ${reason}`);
  return reason === undefined;
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
