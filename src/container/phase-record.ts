import { printable } from "../core/printable.ts";

/** What there is a record of. */
export type Phase = "boot" | "shutdown";

/** One step of a boot or a shutdown, in milliseconds since it began. */
export interface Step {
  /** A script's path, `service NAME`, or what my_init did. */
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

/** What my_init keeps of its boot, and of its shutdown. */
export interface PhaseRecord {
  readonly phase: Phase;
  /** The container's host name: an image may hold the record of another container. */
  readonly host: string;
  /** When it began, in milliseconds since 1970. */
  readonly beganMs: number;
  readonly steps: readonly Step[];
  readonly killed: readonly Killed[];
}

/** What runs the services, as my_init recorded it. */
export interface Supervision {
  /** Of runsvdir. */
  readonly pid: number;
  /** Clock ticks from the machine's start to runsvdir's: tells it from a later owner of its pid. */
  readonly startTime: number;
  /** Where the services are. */
  readonly directory: string;
}

/** How far a container is, as my_init recorded it. */
export interface BootProgress {
  readonly isStopping: boolean;
  /** Undefined: my_init has started no services. */
  readonly services: Supervision | undefined;
}

/** What follows the phase in the first line, so that a record is told from other files. */
const MARK = "_record 1";

/** A name cannot hold it: it is printable. */
const SEPARATOR = "\t";

/** More milliseconds than any container lives. */
const MAX_MS = 1e14;

/** The first line of the record of a boot. */
export const BOOT_IS_OVER = `boot${MARK}\n`;

/** Begins the line of the record of a boot that tells what runs the services. */
const SUPERVISION = "services ";

/** A line of the record of a boot: the shutdown has begun. */
export const IS_STOPPING = "stopping\n";

/** The record as lines of text; the first word of each tells what it is. */
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

/** What the record of a boot tells of the present; undefined where `text` is none. */
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

/** Reads what {@link formatRecord} wrote; undefined where it is something else: others may write where it is. */
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
  // NaN is not less than anything.
  if (!times.every((time) => Math.abs(time) < MAX_MS)) return undefined;
  const killed = after("killed").map((line) => {
    const [step = "", process = ""] = line.split(SEPARATOR).map(printable);
    return { step, process };
  });
  return { phase, host: after("host")[0] ?? "", beganMs, steps, killed };
}
