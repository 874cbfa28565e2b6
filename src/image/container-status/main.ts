import { Checker } from "../../container/service-checks.ts";
import { type Option, parseOptions, refuse } from "../../core/args.ts";
import type { Linux } from "../../linux/linux.ts";
import { writeAll } from "../../linux/output.ts";
import { attempt, reply, STATUS_FAILED, STDERR, STDOUT } from "../../linux/program.ts";
import { statusJson } from "./json.ts";
import { look } from "./report.ts";
import { paint, statusLines } from "./table.ts";
import { watch } from "./watch.ts";

const NAME = "container_status";
const USAGE = `usage: container_status [--json | --watch] [SERVICE]...
Shows how the container is, and each service or the named ones: what it does, since when, and how it ended last.
With --watch each second at a terminal, until q or Ctrl-C.
`;

const OPTIONS: readonly Option[] = [{ flag: "--json" }, { flag: "--watch" }];

/** The program container_status. @returns 0: shown; 128+S: ended by signal S @see docs/reference/container_status.md */
export function main(linux: Linux): number {
  const parsed = parseOptions(OPTIONS, linux.argv.slice(1));
  if (parsed.kind !== "ok") return reply(linux, NAME, USAGE, parsed);
  const { given, words } = parsed;
  if (given.size > 1) return reply(linux, NAME, USAGE, refuse("one of --json and --watch at most"));
  return attempt(linux, NAME, () => {
    return given.has("--watch") ? watch(linux, words) : show(linux, words, given.has("--json"));
  });
}

function show(linux: Linux, names: readonly string[], isJson: boolean): number {
  let report = look(linux, names, new Map());
  const checker = new Checker(linux, STDERR, false);
  const checks = checker.run(report.progress, report.all);
  if (checker.endedBy !== undefined) return 128 + checker.endedBy;
  // Meanwhile much may have changed.
  if (checks.size > 0) report = look(linux, names, checks);
  let text = isJson ? statusJson(report) : "";
  if (!isJson) for (const line of statusLines(report)) text += `${paint(linux, line)}\n`;
  return writeAll(linux, STDOUT, text) ? 0 : STATUS_FAILED;
}
