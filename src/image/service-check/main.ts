import { CHECK_HIDDEN } from "../../container/service-check.ts";
import { STATUS_CANNOT_RUN, STATUS_NOT_FOUND } from "../../core/child-end.ts";
import { ERRNO } from "../../linux/errno.ts";
import { execFailure } from "../../linux/exec-failure.ts";
import type { Linux } from "../../linux/linux.ts";
import { writeAll } from "../../linux/output.ts";
import { STDERR, STDOUT } from "../../linux/program.ts";
import { failure } from "../../linux/sys-error.ts";

const CHECK = "./check";
const SHELL = "/bin/sh";
const NOWHERE = "/dev/null";

/**
 * Executes the `check` of a service in its directory, where the service runs, too. Its words: the directory, and
 * {@link CHECK_HIDDEN} if the output of the check goes nowhere; otherwise it goes to standard error.
 *
 * @returns only on failure: the exit status
 * @see sv(8)
 */
export function main(linux: Linux): number {
  const [, directory = ".", where] = linux.argv;
  const errno = -linux.changeDirectory(directory);
  const answer = errno === 0 ? execute(linux, where) : { errno, words: failure("cannot enter", directory, errno) };
  writeAll(linux, STDERR, `${answer.words}\n`);
  return answer.errno === ERRNO.ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN;
}

function execute(linux: Linux, where: string | undefined) {
  const output = where === CHECK_HIDDEN ? linux.openToWrite(NOWHERE) : STDERR;
  // Without it, the output would be part of the report of the program that asks.
  if (output < 0) return { errno: -output, words: failure("cannot open", NOWHERE, -output) };
  linux.duplicate(output, STDOUT);
  linux.duplicate(output, STDERR);
  const errno = -linux.exec(CHECK, [CHECK], linux.environ);
  // As `sv check` by way of a shell: a script without #! is the shell's.
  if (errno === ERRNO.ENOEXEC) linux.exec(SHELL, [SHELL, CHECK], linux.environ);
  return { errno, words: execFailure(linux, CHECK, errno) };
}
