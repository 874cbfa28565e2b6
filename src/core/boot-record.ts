import { printable } from "./printable.ts";

/** One step of a boot, in milliseconds since my_init began. */
export interface BootStep {
  /** A script's path, or what my_init did. */
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** What my_init keeps of its boot. */
export interface BootRecord {
  /** When it began, in milliseconds since 1970. */
  readonly beganMs: number;
  readonly steps: readonly BootStep[];
}

/** What the text begins with, so that it is told from other files. */
const MARK = "boot_record 1 ";

/** The record as lines of text: its mark and beginning, then start, end and name of each step. */
export function formatRecord({ beganMs, steps }: BootRecord): string {
  const lines = steps.map(
    ({ name, startMs, endMs }) => `${startMs.toFixed(3)} ${endMs.toFixed(3)} ${printable(name)}\n`,
  );
  return `${MARK}${Math.round(beganMs)}\n${lines.join("")}`;
}

/** Reads what {@link formatRecord} wrote; undefined where it is something else. */
export function parseRecord(text: string): BootRecord | undefined {
  const [first = "", ...lines] = text.split("\n").slice(0, -1);
  if (!first.startsWith(MARK)) return undefined;
  const steps = lines.map((line) => {
    const [startMs, endMs, ...words] = line.split(" ");
    return { startMs: Number(startMs), endMs: Number(endMs), name: words.join(" ") };
  });
  return { beganMs: Number(first.slice(MARK.length)), steps };
}
