import { jsonString } from "../../container/env-export.ts";
import { type PhaseRecord, totalMs } from "../../container/phase-record.ts";

/** A line for each step, one for the whole, and one for each process that had to be killed. */
export function reportTable(record: PhaseRecord): string {
  const line = (start: string, took: string, name: string) => `${start.padStart(10)} ${took.padStart(10)}  ${name}\n`;
  const lines = record.steps.map(({ name, startMs, endMs }) => line(ms(startMs), ms(endMs - startMs), name));
  const killed = record.killed.map(({ step, process }) => `killed: ${process}, ${step}\n`);
  const whole = line("", ms(totalMs(record)), record.phase);
  return line("start", "took", "step, milliseconds") + lines.join("") + whole + killed.join("");
}

/** The same as one line of JSON. @see docs/reference/boot_report.md */
export function reportJson(record: PhaseRecord): string {
  const steps = record.steps.map(
    ({ name, startMs, endMs }) =>
      `{"name":${jsonString(name)},"startMs":${ms(startMs)},"tookMs":${ms(endMs - startMs)}}`,
  );
  const killed = record.killed.map(({ step, process }) => `{"step":${jsonString(step)},"who":${jsonString(process)}}`);
  const times = `"beganMs":${record.beganMs},"tookMs":${ms(totalMs(record))}`;
  return `{"phase":"${record.phase}",${times},"steps":[${steps.join(",")}],"killed":[${killed.join(",")}]}\n`;
}

function ms(time: number): string {
  return time.toFixed(1);
}
