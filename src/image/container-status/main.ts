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
import { type ContainerReport, lookCloser, select } from "./report.ts";
import { statusLines } from "./table.ts";

const NAME = "container_status";

/** The program container_status. @returns 0: printed; 128+S: ended by signal S @see docs/reference/container_status.md */
export function main(linux: Linux): number {
  const request = readCommandLine(linux.argv.slice(1));
  if (request.kind !== "look") return reply(linux, NAME, USAGE, request);
  return attempt(linux, NAME, () => {
    const progress = lookAtInit(linux);
    const { boot, detail, services: supervision } = progress;
    if (boot === "no-init" || boot === "unknown") throw new Failure(detail);
    const checker = new Checker(linux, STDERR, false);
    let report: ContainerReport = { progress, nowMs: linux.realtimeMs(), all: [], services: [] };
    if (supervision !== undefined) {
      const { directory } = supervision;
      const services = lookAtServices(linux, directory);
      select(services, request.services); // an unknown name is noticed before the checks
      const all = withChecks(services, checker.run(supervision, services, checker.loop.nowMs + CHECK_SECONDS * 1000));
      if (checker.endedBy !== undefined) return 128 + checker.endedBy;
      report = { ...report, all, services: lookCloser(linux, directory, select(all, request.services)) };
    }
    const text = request.isJson
      ? statusJson(report)
      : statusLines(report)
          .map(({ text }) => `${text}\n`)
          .join("");
    return writeAll(linux, STDOUT, text) ? 0 : STATUS_FAILED;
  });
}
