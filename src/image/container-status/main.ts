import { lookAtInit } from "../../container/boot-progress.ts";
import { CHECK_SECONDS } from "../../container/service-check.ts";
import { Checker, withChecks } from "../../container/service-checks.ts";
import { lookAtServices } from "../../container/service-health.ts";
import type { Linux } from "../../linux/linux.ts";
import { writeAll } from "../../linux/output.ts";
import { attempt, reply, STATUS_FAILED, STDERR, STDOUT } from "../../linux/program.ts";
import { Failure } from "../../linux/sys-error.ts";
import { statusJson } from "./json.ts";
import { readCommandLine, USAGE } from "./options.ts";
import { makeReport, select } from "./report.ts";
import { statusLines } from "./table.ts";

const NAME = "container_status";

/** The program container_status. @returns 0: printed; 128+S: ended by signal S @see docs/reference/container_status.md */
export function main(linux: Linux): number {
  const request = readCommandLine(linux.argv.slice(1));
  if (request.kind !== "look") return reply(linux, NAME, USAGE, request);
  return attempt(linux, NAME, () => {
    const progress = lookAtInit(linux);
    if (progress.boot === "no-init" || progress.boot === "unknown") throw new Failure(progress.detail);
    const checker = new Checker(linux, STDERR, false);
    const { services: supervision } = progress;
    let services = supervision === undefined ? [] : lookAtServices(linux, supervision.directory);
    if (supervision !== undefined) {
      select(services, request.services); // before the checks
      const deadlineMs = checker.loop.nowMs + CHECK_SECONDS * 1000;
      services = withChecks(services, checker.run(supervision, services, deadlineMs));
    }
    if (checker.endedBy !== undefined) return 128 + checker.endedBy;
    const report = makeReport(linux, progress, services, supervision === undefined ? [] : request.services);
    const text = request.isJson
      ? statusJson(report)
      : statusLines(report)
          .map(({ text }) => `${text}\n`)
          .join("");
    return writeAll(linux, STDOUT, text) ? 0 : STATUS_FAILED;
  });
}
