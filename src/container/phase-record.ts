import { printable } from "../core/printable.ts";

/** A part of a container's life that has a record. */
export type Phase = "boot" | "shutdown";

/** One step of a boot or a shutdown, in milliseconds since it began. */
export interface Step {
  /** A script's path, `service NAME`, or an act of my_init. */
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** A process that had to be killed. */
export interface Killed {
  /** The name of the step that waited for it. */
  readonly step: string;
  /** Its command line and pid. */
  readonly process: string;
}

/** my_init's record of its boot or shutdown. */
export interface PhaseRecord {
  readonly phase: Phase;
  /** The container's host name: an image may contain the record of another container. */
  readonly host: string;
  /** When it began, in milliseconds since 1970. */
  readonly beganMs: number;
  readonly steps: readonly Step[];
  readonly killed: readonly Killed[];
}

/** The process that runs the services, as my_init recorded it. */
export interface Supervision {
  /** Of runsvdir. */
  readonly pid: number;
  /** Clock ticks from the machine's start to runsvdir's: a later process with its pid has another. */
  readonly startTime: number;
  /** Where the services are. */
  readonly directory: string;
}

/** The progress of a container, as my_init recorded it. */
export interface BootProgress {
  readonly isStopping: boolean;
  /** Undefined: my_init has started no services. */
  readonly services: Supervision | undefined;
}

/** Follows the phase in the first line: no other file begins like this. */
const MARK = "_record 1";

/** No name contains it: names are printable. */
const SEPARATOR = "\t";

/** More milliseconds than any container lives. */
const MAX_MS = 1e14;

/** The first line of the record of a boot. */
export const BOOT_IS_OVER = `boot${MARK}\n`;

/** Begins the line of a {@link Supervision} in the record of a boot. */
const SUPERVISION = "services ";

/** A line of the record of a boot: the shutdown has begun. */
export const IS_STOPPING = "stopping\n";

/** The record as lines of text; the first word of each is its kind. */
export function formatRecord({ phase, host, beganMs, steps, killed }: PhaseRecord): string {
  const lines = [
    `${phase}${MARK}`,
    `began ${Math.round(beganMs)}`,
    `host ${printable(host)}`,
    ...killed.map(({ step, process }) => `killed ${printable(step)}${SEPARATOR}${printable(process)}`),
  ];
  return `${lines.join("\n")}\n${steps.map(formatStep).join("")}`;
}

/** A line of a record. */
export function formatStep({ name, startMs, endMs }: Step): string {
  return `step ${startMs.toFixed(3)} ${endMs.toFixed(3)} ${printable(name)}\n`;
}

/** A line of the record of a boot. */
export function formatSupervision({ pid, startTime, directory }: Supervision): string {
  return `${SUPERVISION}${pid} ${startTime} ${directory}\n`;
}

/** The present state by the record of a boot; undefined if `text` is no such record. */
export function parseProgress(text: string): BootProgress | undefined {
  if (!text.startsWith(BOOT_IS_OVER)) return undefined;
  const line = text.split("\n").find((each) => each.startsWith(SUPERVISION));
  const [pid, startTime, ...directory] = line?.slice(SUPERVISION.length).split(" ") ?? [];
  return {
    isStopping: text.includes(`\n${IS_STOPPING}`),
    services:
      line === undefined
        ? undefined
        : { pid: Number(pid), startTime: Number(startTime), directory: directory.join(" ") },
  };
}

/** The whole time, in milliseconds. */
export function totalMs({ steps }: PhaseRecord): number {
  return steps.reduce((latest, { endMs }) => Math.max(latest, endMs), 0);
}

/** Reads what {@link formatRecord} wrote; undefined for any other text: other programs may write to its file. */
export function parseRecord(text: string): PhaseRecord | undefined {
  const [first, ...lines] = text.split("\n").slice(0, -1);
  const phase = (["boot", "shutdown"] as const).find((known) => first === `${known}${MARK}`);
  if (phase === undefined) return undefined;
  const after = (word: string) =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
  const beganMs = Number(after("began")[0]);
  const steps = after("step").map((line) => {
    const [startMs, endMs, ...words] = line.split(" ");
    return { startMs: Number(startMs), endMs: Number(endMs), name: printable(words.join(" ")) };
  });
  const times = [beganMs, ...steps.flatMap(({ startMs, endMs }) => [startMs, endMs])];
  // False for NaN.
  if (!times.every((time) => Math.abs(time) < MAX_MS)) return undefined;
  const killed = after("killed").map((line) => {
    const [step = "", process = ""] = line.split(SEPARATOR).map(printable);
    return { step, process };
  });
  return { phase, host: after("host")[0] ?? "", beganMs, steps, killed };
}
