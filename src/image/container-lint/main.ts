import { type Option, parseOptions, refuse } from "../../core/args.ts";
import { printable } from "../../core/printable.ts";
import type { Linux } from "../../linux/linux.ts";
import { writeAll } from "../../linux/output.ts";
import { reply, STATUS_FAILED, STDOUT } from "../../linux/program.ts";
import type { Check } from "./check.ts";
import { configuration } from "./configuration.ts";
import { cron } from "./cron.ts";
import { environment } from "./environment.ts";
import { leftovers } from "./leftovers.ts";
import { migration } from "./migration.ts";
import { type Finding, report } from "./report.ts";
import { scripts } from "./scripts.ts";
import { services } from "./services.ts";

const NAME = "container_lint";
const USAGE = `usage: container_lint [--json]
Looks for files with which the container would not boot, services not start or jobs not run, and for known traps.
Prints a line for each; exits with 1 if one of them is an error.
`;

const OPTIONS: readonly Option[] = [{ flag: "--json" }];

/** What is looked at, in this order, by the name in the report. */
const CHECKS: Readonly<Record<string, Check>> = {
  services,
  scripts,
  environment,
  cron,
  configuration,
  leftovers,
  migration,
};

/** The program container_lint. @returns 1: there is an error; 0: none, maybe warnings @see docs/reference/container_lint.md */
export function main(linux: Linux): number {
  const parsed = parseOptions(OPTIONS, linux.argv.slice(1));
  if (parsed.kind !== "ok") return reply(linux, NAME, USAGE, parsed);
  const [word] = parsed.words;
  if (word !== undefined) return reply(linux, NAME, USAGE, refuse(`unknown word "${printable(word)}"`));
  const findings: Finding[] = [];
  let errors = 0;
  for (const [check, look] of Object.entries(CHECKS)) {
    look(linux, (level, path, reason, line) => {
      const remedy = reason.includes("; ") ? "" : "; put a program there that this system can run";
      findings.push({ level, check, path, line, reason: reason + remedy });
      if (level === "error") errors++;
    });
  }
  const isWritten = writeAll(linux, STDOUT, report(findings, errors, parsed.given.has("--json")));
  return isWritten && errors === 0 ? 0 : STATUS_FAILED;
}
