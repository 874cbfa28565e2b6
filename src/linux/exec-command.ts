// Tested by src/image/setuser/main.test.ts.
import { STATUS_CANNOT_RUN, STATUS_NOT_FOUND } from "../core/child-end.ts";
import { type Environment, toEnviron } from "../core/container-env.ts";
import { printable } from "../core/printable.ts";
import { ERRNO } from "./errno.ts";
import { execFailure } from "./exec-failure.ts";
import type { Linux } from "./linux.ts";
import { writeAll } from "./output.ts";
import { lookupCommand } from "./path-lookup.ts";
import { STDERR } from "./program.ts";

/**
 * Replaces this process by the command, looked up in the PATH of `env`.
 *
 * @param program its name begins the error message
 * @param ifTooLarge gives a smaller environment if the kernel refuses `env` as too large
 * @returns only on failure: the exit status of a shell, 126 or 127
 */
export function execCommand(
  linux: Linux,
  program: string,
  words: readonly string[],
  env: Environment,
  ifTooLarge?: () => Environment,
): number {
  const say = (message: string, status: number) => {
    writeAll(linux, STDERR, `${program}: ${message}\n`);
    return status;
  };
  const name = words[0] ?? "";
  const lookup = lookupCommand(linux, name, env.get("PATH"));
  if (lookup.kind === "not-found") {
    return say(`cannot run "${printable(name)}": not found (ENOENT)`, STATUS_NOT_FOUND);
  }
  if (lookup.kind === "not-executable") {
    return say(execFailure(linux, lookup.path, lookup.errno), STATUS_CANNOT_RUN);
  }
  let environ = toEnviron(env);
  let errno = -linux.exec(lookup.path, words, environ);
  if (errno === ERRNO.E2BIG && ifTooLarge !== undefined) {
    environ = toEnviron(ifTooLarge());
    errno = -linux.exec(lookup.path, words, environ);
  }
  return say(execFailure(linux, lookup.path, errno, environ), STATUS_CANNOT_RUN);
}
