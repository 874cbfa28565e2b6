import { exitRequest } from "../../container/exit-request.ts";
import { findInit } from "../../container/own-init.ts";
import { refuse, wholeNumber } from "../../core/args.ts";
import { printable } from "../../core/printable.ts";
import { SIGRTMIN_PLUS_3 } from "../../core/signals.ts";
import { ERRNO, errorWords } from "../../linux/errno.ts";
import type { Linux } from "../../linux/linux.ts";
import { answerHelp, attempt, reply } from "../../linux/program.ts";
import { Failure } from "../../linux/sys-error.ts";

const HIGHEST_STATUS = 255;

const NAME = "container_exit";
const USAGE = `usage: container_exit [STATUS]
Asks for an orderly shutdown, after which the container exits with STATUS: 0 to 255, 0 by default.
`;

/** The program container_exit. @returns 0 once the request is delivered @see docs/reference/container_exit.md */
export function main(linux: Linux): number {
  const helped = answerHelp(linux, NAME, USAGE);
  if (helped !== undefined) return helped;
  const [word = "0", ...more] = linux.argv.slice(1);
  const status = wholeNumber(word);
  if (status === undefined || status > HIGHEST_STATUS || more.length > 0) {
    const reason = more.length > 0 ? "one word at most" : `no exit status: "${printable(word)}"`;
    return reply(linux, NAME, USAGE, refuse(reason));
  }
  return attempt(linux, NAME, () => {
    askForExit(linux, status);
    return 0;
  });
}

/** Sends my_init the signal that asks for shutdown, with the status. */
function askForExit(linux: Linux, status: number): void {
  const init = findInit(linux);
  const errno = -linux.queueSignal(init, SIGRTMIN_PLUS_3, exitRequest(status));
  if (errno === 0) return;
  const hint = errno === ERRNO.EPERM ? "; only root and the user it runs as may ask" : "";
  throw new Failure(`cannot ask my_init (PID ${init}) to stop: ${errorWords(errno)}${hint}`);
}
