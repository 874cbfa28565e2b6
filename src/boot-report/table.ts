import type { BootRecord } from "../core/boot-record.ts";
import { jsonString } from "../core/env-export.ts";

/** How long the whole boot took, in milliseconds. */
export function totalMs({ steps }: BootRecord): number {
  return steps.reduce((latest, { endMs }) => Math.max(latest, endMs), 0);
}

/** A line for each step, and one for the whole. */
export function reportTable(record: BootRecord): string {
  const line = (start: string, took: string, name: string) => `${start.padStart(10)} ${took.padStart(10)}  ${name}\n`;
  const lines = record.steps.map(({ name, startMs, endMs }) => line(ms(startMs), ms(endMs - startMs), name));
  return line("start", "took", "step, milliseconds") + lines.join("") + line("", ms(totalMs(record)), "boot");
}

/** The same as one line of JSON. @see docs/reference/boot_report.md */
export function reportJson(record: BootRecord): string {
  const steps = record.steps.map(
    ({ name, startMs, endMs }) =>
      `{"name":${jsonString(name)},"startMs":${ms(startMs)},"tookMs":${ms(endMs - startMs)}}`,
  );
  return `{"beganMs":${record.beganMs},"tookMs":${ms(totalMs(record))},"steps":[${steps.join(",")}]}\n`;
}

function ms(time: number): string {
  return time.toFixed(1);
}
