// Tested by src/image/container-status/main.test.ts.
import { parseRecord, totalMs } from "../../container/phase-record.ts";
import { ITS_CHECK } from "../../container/service-check.ts";
import { endWords } from "../../container/service-end.ts";
import { isAllHealthy, isHealthy } from "../../container/service-health.ts";
import { durationWords } from "../../core/duration.ts";
import { printable } from "../../core/printable.ts";
import { utcTime } from "../../core/utc-time.ts";
import type { ContainerReport, ServiceReport } from "./report.ts";

/** A line, and its colour at a terminal. */
export interface Line {
  readonly text: string;
  readonly colour: Colour;
}

/** Red for bad news, yellow for what may take a while, green; 2: faint; 0: as always. @see console_codes(4) */
export type Colour = 31 | 33 | 32 | 2 | 0;

const HEAD = ["service", "state", "for", "pid", "starts", "memory", "check", "last end"];
/** The columns of numbers, which end below each other. */
const FIRST_NUMBER = 3;
const LAST_NUMBER = 5;

/** The container's line, and a table with a line for each service. */
export function statusLines(report: ContainerReport): Line[] {
  const { services } = report;
  const lines = [containerLine(report)];
  if (services.length === 0) return lines;
  const rows = [[...HEAD], ...services.map((service) => cells(service, report.nowMs))];
  for (let i = 0; i < HEAD.length; i++) {
    let width = 0;
    for (const row of rows) width = Math.max(width, columnsOf(row[i] ?? ""));
    for (const row of rows) {
      const cell = row[i] ?? "";
      const space = " ".repeat(width - columnsOf(cell));
      row[i] = i >= FIRST_NUMBER && i <= LAST_NUMBER ? space + cell : cell + space;
    }
  }
  for (const [i, row] of rows.entries())
    lines.push({ text: row.join("  ").trimEnd(), colour: colourOf(services[i - 1]) });
  return lines;
}

/** How many columns of a terminal a text takes: each character of UTF-8 takes one. */
function columnsOf(text: string): number {
  let columns = 0;
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xc0) !== 0x80) columns++;
  return columns;
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
  const problems = all.filter((service) => !isHealthy(service));
  const [first] = problems;
  if (first !== undefined) text += `: ${printable(first.name)} ${printable(first.detail)}`;
  if (problems.length > 1) text += `; ${problems.length - 1} more`;
  return { text, colour: 31 };
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

/** @param service undefined: it is the head of the table */
function colourOf(service: ServiceReport | undefined): Colour {
  const state = service?.state;
  if (state === "up") return 0;
  if (state === undefined || state === "not-wanted") return 2;
  return state === "waiting" || state === "just-started" ? 33 : 31;
}
