// Tested by src/image/container-status/main.test.ts.
import { parseRecord, totalMs } from "../../container/phase-record.ts";
import { ITS_CHECK } from "../../container/service-check.ts";
import { endWords } from "../../container/service-end.ts";
import { type HealthState, isAllHealthy, isHealthy } from "../../container/service-health.ts";
import { durationWords } from "../../core/duration.ts";
import { printable } from "../../core/printable.ts";
import { utcTime } from "../../core/utc-time.ts";
import type { Linux } from "../../linux/linux.ts";
import { STDOUT } from "../../linux/program.ts";
import type { ContainerReport, ServiceReport } from "./report.ts";

/** A line, and its colour at a terminal. */
export interface Line {
  readonly text: string;
  /** 31: bad news; 33: it may take a while; 32: good news; 2, faint: of no weight; 0: as always. @see console_codes(4) */
  readonly colour: number;
}

const COLOURS: Partial<Record<HealthState, Line["colour"]>> = {
  up: 0,
  "not-wanted": 2,
  done: 2,
  waiting: 33,
  delayed: 33,
  "just-started": 33,
};

const HEAD = ["service", "state", "for", "pid", "starts", "memory", "check", "last end"];

/** The container's line, a table with a line for each service, and a line for each cause that services' files show. */
export function statusLines(report: ContainerReport): Line[] {
  const { nowMs, services } = report;
  const lines = [containerLine(report)];
  if (services.length === 0) return lines;
  const rows = [[...HEAD]];
  for (const service of services) rows.push(cells(service, nowMs));
  for (let i = 0; i < HEAD.length; i++) {
    let width = 0;
    for (const row of rows) width = Math.max(width, row[i]?.length ?? 0);
    for (const row of rows) {
      const cell = row[i] ?? "";
      const isNumber = i >= 3 && i <= 5;
      row[i] = isNumber ? cell.padStart(width) : cell.padEnd(width);
    }
  }
  for (let i = 0; i < rows.length; i++) {
    const state = services[i - 1]?.state ?? "not-wanted"; // the head is as faint
    const colour = COLOURS[state] ?? 31;
    lines.push({ text: rows[i]?.join("  ").trimEnd() ?? "", colour });
  }
  for (const { faults = [], name } of services) {
    for (const fault of faults) lines.push({ text: printable(`${name}: ${fault}`), colour: 31 });
  }
  return lines;
}

/**
 * A line as it is written, cut to a number of columns. It has a colour at a terminal, unless the terminal's user or its
 * kind forbids that.
 *
 * @see https://no-color.org
 */
export function paint(linux: Linux, { colour, text }: Line, columns?: number): string {
  const shown = text.slice(0, columns);
  if (colour === 0 || !linux.isTerminal(STDOUT)) return shown;
  for (const variable of linux.environ) {
    if (variable === "TERM=dumb" || (variable.startsWith("NO_COLOR=") && variable !== "NO_COLOR=")) return shown;
  }
  return `\x1b[${colour}m${shown}\x1b[m`;
}

function containerLine({ all, nowMs, progress }: ContainerReport): Line {
  const record = parseRecord(progress.record);
  let text = `container: ${progress.boot === "over" ? "up" : progress.record === "" ? "booting" : "stopping"}`;
  if (record !== undefined) {
    const { beganMs } = record;
    // Not if the clock was set back.
    if (nowMs >= beganMs) text += ` ${durationWords(nowMs - beganMs)}`;
    text += ` since ${utcTime(beganMs).slice(0, -5)}Z, boot took ${(totalMs(record) / 1000).toFixed(2)} s`;
  }
  if (isAllHealthy(progress.boot, all)) return { text: `${text}, healthy`, colour: 32 };
  text += ", not healthy";
  let problems = 0;
  for (const service of all) {
    if (!isHealthy(service) && problems++ === 0) text += `: ${printable(service.name)}: ${printable(service.detail)}`;
  }
  return { text: problems > 1 ? `${text}; ${problems - 1} more` : text, colour: 31 };
}

/** The words of a service's line. */
function cells({ check, ends, memoryKib, name, now, starts }: ServiceReport, nowMs: number): string[] {
  const { ageMs, pid, shown } = now;
  return [
    printable(name),
    printable(shown),
    ageMs > 0 ? durationWords(ageMs) : "-",
    pid === 0 ? "-" : `${pid}`,
    `${starts}`,
    pid === 0 ? "-" : `${(memoryKib / 1024).toFixed(1)} MiB`,
    check === undefined ? "-" : check === "" ? "passes" : check.slice(ITS_CHECK.length),
    ends === undefined ? "-" : `${endWords(ends)}, ${durationWords(Math.max(0, nowMs - ends.endedMs))} ago`,
  ];
}
