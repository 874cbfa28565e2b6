// Tested by src/image/container-status/main.test.ts.
import { totalMs } from "../../container/phase-record.ts";
import { ITS_CHECK } from "../../container/service-check.ts";
import { endWords } from "../../container/service-end.ts";
import { isHealthy } from "../../container/service-health.ts";
import { durationWords } from "../../core/duration.ts";
import { printable } from "../../core/printable.ts";
import { utcTime } from "../../core/utc-time.ts";
import type { ContainerReport, ServiceReport } from "./report.ts";

/** A line, and the part of it that has a colour. */
export interface Line {
  readonly text: string;
  readonly from: number;
  readonly to: number;
  readonly colour: Colour;
}

/** For good, middling and bad news, and for what does not matter. @see console_codes(4), ECMA-48 Set Graphics Rendition */
export type Colour = 32 | 33 | 31 | 2;

const HEAD = ["service", "state", "for", "pid", "starts", "memory", "check", "last end"];
/** The columns of numbers. */
const AT_RIGHT = ["pid", "starts", "memory"];
const GAP = "  ";

/** States that come before `up`. */
const ON_THE_WAY = ["waiting", "just-started"];

/** The container's line, and a table with a line for each service. */
export function statusLines(report: ContainerReport): Line[] {
  const { services } = report;
  const rows = [HEAD, ...services.map((service) => cells(service, report.nowMs))];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => columnsOf(row[column] ?? ""))));
  const lines = rows.map((row, index): Line => {
    const padded = row.map((cell, column) => {
      const space = " ".repeat((widths[column] ?? 0) - columnsOf(cell));
      return AT_RIGHT.includes(HEAD[column] ?? "") ? space + cell : cell + space;
    });
    const from = `${padded[0]}${GAP}`.length;
    const service = services[index - 1];
    const colour = service === undefined ? 2 : colourOf(service);
    return {
      text: padded.join(GAP).trimEnd(),
      from: index === 0 ? 0 : from,
      to: index === 0 ? 200 : from + (row[1] ?? "").length,
      colour,
    };
  });
  return services.length === 0 ? [containerLine(report)] : [containerLine(report), ...lines];
}

/** How many columns of a terminal a text takes: each character of UTF-8 takes one. */
function columnsOf(text: string): number {
  let columns = 0;
  for (let i = 0; i < text.length; i++) if (isFirstByte(text, i)) columns++;
  return columns;
}

/** Whether a character of UTF-8 begins here. */
function isFirstByte(text: string, index: number): boolean {
  return (text.charCodeAt(index) & 0xc0) !== 0x80;
}

function containerLine({ all, isHealthy: isAllHealthy, nowMs, progress, record }: ContainerReport): Line {
  const word = progress.boot === "over" ? "up" : progress.record === "" ? "booting" : "stopping";
  let text = `container: ${word}`;
  if (record !== undefined) {
    const { beganMs } = record;
    const age = nowMs < beganMs ? "" : ` ${durationWords(nowMs - beganMs)}`;
    text += `${age} since ${utcTime(beganMs).slice(0, -".000Z".length)}Z, boot took ${(totalMs(record) / 1000).toFixed(2)} s`;
  }
  const [bad, ...more] = all.filter((service) => !isHealthy(service));
  const from = `${text}, `.length;
  text += isAllHealthy ? ", healthy" : ", not healthy";
  const to = text.length;
  if (bad !== undefined) text += `: ${printable(bad.name)} ${printable(bad.detail)}`;
  if (more.length > 0) text += `; ${more.length} more`;
  return { text, from, to, colour: isAllHealthy ? 32 : 31 };
}

/** The words of a service's line. */
function cells({ check, ends, memoryKib, name, now, starts }: ServiceReport, nowMs: number): string[] {
  const { ageMs, pid, shown } = now;
  const last = ends === undefined ? "-" : `${endWords(ends)}, ${durationWords(Math.max(0, nowMs - ends.endedMs))} ago`;
  return [
    printable(name),
    printable(shown),
    ageMs > 0 ? durationWords(ageMs) : "-",
    pid === 0 ? "-" : `${pid}`,
    `${starts}`,
    pid === 0 ? "-" : `${(memoryKib / 1024).toFixed(1)} MiB`,
    check === undefined ? "-" : check === "" ? "passes" : check.slice(ITS_CHECK.length),
    last,
  ];
}

function colourOf(service: ServiceReport): Colour {
  if (isHealthy(service)) return service.state === "up" ? 32 : 2;
  return ON_THE_WAY.includes(service.state) ? 33 : 31;
}
