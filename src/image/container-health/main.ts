import { SUPERVISE } from "../../container/runsv.ts";
import { CHECK_SECONDS } from "../../container/service-check.ts";
import { isEnding } from "../../core/signals.ts";
import { Children } from "../../linux/children.ts";
import { DirectoryWatch } from "../../linux/directory-watch.ts";
import { EventLoop } from "../../linux/event-loop.ts";
import type { Linux } from "../../linux/linux.ts";
import { Output, writeAll } from "../../linux/output.ts";
import { reply, STDERR, STDOUT } from "../../linux/program.ts";
import { type Checker, runChecks } from "./checks.ts";
import { readCommandLine, USAGE } from "./options.ts";
import { isAllHealthy, type Report, reportJson, reportLines } from "./report.ts";
import { lookAtInit, lookAtServices } from "./services.ts";

const NAME = "container_health";

const STATUS_UNHEALTHY = 1;

/** How soon to look again, as some changes are no event. */
const POLL_INTERVAL_MS = 200;

/** The program container_health. @returns 0: healthy; 1: not; 128+S: ended by signal S @see docs/reference/container_health.md */
export function main(linux: Linux): number {
  const request = readCommandLine(linux.argv.slice(1));
  if (request.kind !== "look") return reply(linux, NAME, USAGE, request);

  let endedBy: number | undefined;
  const children = new Children(linux);
  const loop = new EventLoop(linux, children, new Output(linux, STDERR), (signal) => {
    if (isEnding(signal)) endedBy ??= signal;
  });
  const report = look({ linux, children, loop, wasInterrupted: () => endedBy !== undefined }, request.waitMs);
  if (endedBy !== undefined) return 128 + endedBy;
  writeAll(linux, STDOUT, request.isJson ? reportJson(report) : reportLines(report));
  return isAllHealthy(report) ? 0 : STATUS_UNHEALTHY;
}

/** Looks once, or again until all is healthy or the deadline is reached. */
function look(checker: Checker, waitMs: number): Report {
  const { linux, loop, wasInterrupted } = checker;
  const deadlineMs = loop.nowMs + waitMs;
  const watches = waitMs > 0 ? new DirectoryWatch(linux, loop) : undefined;
  for (;;) {
    let hasChanged = false;
    const onChange = () => {
      hasChanged = true;
    };
    const { boot, detail, services: supervision } = lookAtInit(linux);
    let services = supervision === undefined ? [] : lookAtServices(linux, supervision.directory);
    if (supervision !== undefined) {
      // Before the checks, so that changes during the checks are noticed, too.
      const { directory } = supervision;
      watches?.add(directory, onChange);
      for (const { name } of services) watches?.add(`${directory}/${name}/${SUPERVISE}`, onChange);
      const checkMs = loop.nowMs + CHECK_SECONDS * 1000;
      const killMs = waitMs > 0 ? Math.max(Math.min(checkMs, deadlineMs), loop.nowMs) : checkMs;
      services = runChecks(checker, supervision, services, killMs);
    }
    const report = { boot, detail, services };
    if (isAllHealthy(report) || wasInterrupted() || loop.nowMs >= deadlineMs) return report;
    const againMs = Math.min(deadlineMs, loop.nowMs + POLL_INTERVAL_MS);
    loop.waitUntil(
      () => wasInterrupted() || hasChanged,
      () => againMs,
    );
  }
}
