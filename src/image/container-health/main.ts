import { lookAtInit } from "../../container/boot-progress.ts";
import { withFaults } from "../../container/health-faults.ts";
import { SUPERVISE } from "../../container/runsv.ts";
import { CHECK_SECONDS } from "../../container/service-check.ts";
import { Checker, withChecks } from "../../container/service-checks.ts";
import { isAllHealthy, lookAtServices, type ServiceHealth } from "../../container/service-health.ts";
import { DirectoryWatch } from "../../linux/directory-watch.ts";
import type { Linux } from "../../linux/linux.ts";
import { writeAll } from "../../linux/output.ts";
import { reply, STDERR, STDOUT } from "../../linux/program.ts";
import { readCommandLine, USAGE } from "./options.ts";
import { type Report, reportJson, reportLines } from "./report.ts";

const NAME = "container_health";

const STATUS_UNHEALTHY = 1;

/** How soon to look again, as some changes are no event. */
const POLL_INTERVAL_MS = 200;

/** The program container_health. @returns 0: healthy; 1: not; 128+S: ended by signal S @see docs/reference/container_health.md */
export function main(linux: Linux): number {
  const request = readCommandLine(linux.argv.slice(1));
  if (request.kind !== "look") return reply(linux, NAME, USAGE, request);

  const checker = new Checker(linux, STDERR, true);
  const seen = look(checker, request.waitMs);
  if (checker.endedBy !== undefined) return 128 + checker.endedBy;
  const report = { ...seen, services: withFaults(linux, seen.services) };
  writeAll(linux, STDOUT, request.isJson ? reportJson(report) : reportLines(report));
  return isAllHealthy(report.boot, report.services) ? 0 : STATUS_UNHEALTHY;
}

/** Looks once, or again until all is healthy, the deadline is reached, or waiting cannot help. */
function look(checker: Checker, waitMs: number): Report {
  const { linux, loop } = checker;
  const wasInterrupted = () => checker.endedBy !== undefined;
  const deadlineMs = loop.nowMs + waitMs;
  const watches = waitMs > 0 ? new DirectoryWatch(linux, loop) : undefined;
  for (;;) {
    let hasChanged = false;
    const onChange = () => {
      hasChanged = true;
    };
    const progress = lookAtInit(linux);
    const { boot, detail, services: supervision } = progress;
    let services: ServiceHealth[] = [];
    if (boot === "over" && supervision !== undefined) {
      services = lookAtServices(linux, supervision.directory);
      // Before the checks, so that changes during the checks are noticed, too.
      const { directory } = supervision;
      watches?.add(directory, onChange);
      for (const { name } of services) watches?.add(`${directory}/${name}/${SUPERVISE}`, onChange);
      const checkMs = loop.nowMs + CHECK_SECONDS * 1000;
      const killMs = waitMs > 0 ? Math.max(Math.min(checkMs, deadlineMs), loop.nowMs) : checkMs;
      services = withChecks(services, checker.run(progress, services, killMs));
    }
    const report = { boot, detail, services };
    // Only another caller may look.
    if (boot === "unknown") return report;
    if (isAllHealthy(boot, services) || wasInterrupted() || loop.nowMs >= deadlineMs) return report;
    const againMs = Math.min(deadlineMs, loop.nowMs + POLL_INTERVAL_MS);
    loop.waitUntil(
      () => wasInterrupted() || hasChanged,
      () => againMs,
    );
  }
}
