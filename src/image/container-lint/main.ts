import { type Option, parseOptions, refuse } from "../../core/args.ts";
import { printable } from "../../core/printable.ts";
import type { Linux } from "../../linux/linux.ts";
import { writeAll } from "../../linux/output.ts";
import { reply, STATUS_FAILED, STDOUT } from "../../linux/program.ts";
import { lookAtAll } from "./checks.ts";
import { isError, reportJson, reportLines } from "./report.ts";

const NAME = "container_lint";
const USAGE = `usage: container_lint [--json]
Looks for files with which the container would not boot, services not start or jobs not run, and for known traps.
Prints a line for each; exits with 1 if one of them is an error.
`;

const OPTIONS: readonly Option[] = [{ flag: "--json" }];

/** The program container_lint. @returns 1: there is an error; 0: none, maybe warnings @see docs/reference/container_lint.md */
export function main(linux: Linux): number {
  const parsed = parseOptions(OPTIONS, linux.argv.slice(1));
  if (parsed.kind !== "ok") return reply(linux, NAME, USAGE, parsed);
  const [word] = parsed.words;
  if (word !== undefined) return reply(linux, NAME, USAGE, refuse(`unknown word "${printable(word)}"`));
  const findings = lookAtAll(linux);
  const isWritten = writeAll(linux, STDOUT, parsed.given.has("--json") ? reportJson(findings) : reportLines(findings));
  return isWritten && !findings.some(isError) ? 0 : STATUS_FAILED;
}
