import { askForExit } from "../../container/exit-request.ts";
import { refuse, wholeNumber } from "../../core/args.ts";
import { printable } from "../../core/printable.ts";
import type { Linux } from "../../linux/linux.ts";
import { answerHelp, attempt, reply } from "../../linux/program.ts";

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
