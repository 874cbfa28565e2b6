import { wholeNumber } from "../core/args.ts";
import { isAllDigits, isDigit } from "../core/ascii.ts";
import { withoutEmulator } from "../core/emulated-words.ts";
import { printable } from "../core/printable.ts";
import { SIGNAL } from "../core/signals.ts";
import { ERRNO } from "./errno.ts";
import { isSameFile, S_IFIFO, S_IFMT, S_IFSOCK } from "./files.ts";
import type { Linux } from "./linux.ts";

/** What /proc tells of a process. @see proc_pid_stat(5) */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** The name of the program, cut to 15 bytes. */
  readonly name: string;
  readonly isZombie: boolean;
  /** Stopped, by a signal or a debugger: it executes nothing. */
  readonly isStopped: boolean;
  readonly hasTerminal: boolean;
  readonly threads: number;
  /** Clock ticks from the machine's start to the process's: tells two owners of one pid apart. */
  readonly startTime: number;
}

/** More than this of a file in /proc is nobody's concern: a command line can have megabytes. */
const MAX_BYTES = 4096;

/** Room for every pid there can be. */
const MAX_CHILDREN_BYTES = 1 << 25;

/** All processes of this PID namespace; one that ends meanwhile is left out. */
export function allProcesses(linux: Linux): Process[] {
  const names = linux.listDir("/proc");
  if (typeof names === "number") return [];
  return names.flatMap((name) => {
    return isDigit(name.charCodeAt(0)) ? (readProcess(linux, Number(name)) ?? []) : [];
  });
}

/** The children of a process of one thread that neither starts nor loses any meanwhile; of others some may be missing. */
export function childPids(linux: Linux, pid: number): number[] {
  const listed = threadChildren(linux, pid, pid);
  return listed ?? allProcesses(linux).flatMap((process) => (process.parent === pid ? [process.pid] : []));
}

/** The processes that a thread has started; undefined where the kernel does not tell. @see proc_pid_task_tid_children(5) */
function threadChildren(linux: Linux, pid: number, thread: number): number[] | undefined {
  const line = linux.readFile(`/proc/${pid}/task/${thread}/children`, MAX_CHILDREN_BYTES, false);
  return typeof line === "string" ? line.split(" ").filter(isAllDigits).map(Number) : undefined;
}

/** The children of each thread of a process; those that come or go meanwhile may be missing. */
export function childrenOf(linux: Linux, { pid, threads }: Process): Process[] {
  const tasks = threads > 1 ? linux.listDir(`/proc/${pid}/task`) : [];
  const others = typeof tasks === "number" ? [] : tasks.map(Number).filter((task) => task !== pid);
  const pids = [childPids(linux, pid), ...others.map((task) => threadChildren(linux, pid, task) ?? [])].flat();
  return pids.flatMap((child) => readProcess(linux, child) ?? []);
}

/** The processes whose line of parents leads to `pid`. */
export function descendants(all: readonly Process[], pid: number): Process[] {
  const byParent = groupByParent(all);
  const found = [...(byParent.get(pid) ?? [])];
  for (const process of found) found.push(...(byParent.get(process.pid) ?? []));
  return found;
}

/** Processes by the pid of their parent. */
export function groupByParent(processes: readonly Process[]): ReadonlyMap<number, readonly Process[]> {
  const byParent = new Map<number, Process[]>();
  for (const process of processes) {
    const siblings = byParent.get(process.parent);
    if (siblings === undefined) byParent.set(process.parent, [process]);
    else siblings.push(process);
  }
  return byParent;
}

/** What /proc tells of the process `pid`, or undefined where there is none. */
export function readProcess(linux: Linux, pid: number): Process | undefined {
  const line = linux.readFile(`/proc/${pid}/stat`, MAX_BYTES, true);
  if (typeof line === "number") return undefined;
  // The name stands in parentheses and may hold any byte, parentheses too.
  const [open, close] = [line.indexOf("("), line.lastIndexOf(")")];
  const fields = line.slice(close + 2).split(" ");
  return {
    pid,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    name: line.slice(open + 1, close),
    isStopped: fields[0] === "T" || fields[0] === "t",
    // The first thread of a program may end before the others; that is no zombie.
    threads: Number(fields[17]),
    isZombie: (fields[0] === "Z" || fields[0] === "X") && !(Number(fields[17]) > 1),
    hasTerminal: fields[4] !== "0",
    startTime: Number(fields[19]),
  };
}

/** Whether this very process, and no later owner of its pid, still runs. */
export function isAlive(linux: Linux, process: Process): boolean {
  const now = readProcess(linux, process.pid);
  return now !== undefined && now.startTime === process.startTime && !now.isZombie;
}

/** The words it was started with; none for a zombie. @see proc_pid_cmdline(5) */
export function commandWords(linux: Linux, pid: number): readonly string[] {
  return withoutEmulator(kernelWords(linux, pid));
}

/** Whether it is an emulator that the kernel started for it, and /proc/PID/exe with it. @see withoutEmulator */
export function isEmulated(linux: Linux, pid: number): boolean {
  const words = kernelWords(linux, pid);
  return withoutEmulator(words) !== words;
}

/** Whether the program that a process executes is the file `path`. An emulator stands in for what it runs: there its words have to do. */
export function executes(linux: Linux, pid: number, path: string): boolean {
  return isEmulated(linux, pid) || isSameFile(linux.stat(`/proc/${pid}/exe`), linux.stat(path));
}

function kernelWords(linux: Linux, pid: number): string[] {
  const words = linux.readFile(`/proc/${pid}/cmdline`, MAX_BYTES, true);
  if (typeof words === "number" || words === "") return [];
  return (words.endsWith("\0") ? words.slice(0, -1) : words).split("\0");
}

/** Its words with spaces between, safe for a log line; its name in brackets where it has none (a zombie, say). */
export function commandLine(linux: Linux, process: Process): string {
  const words = commandWords(linux, process.pid);
  return printable(words.length === 0 ? `[${process.name}]` : words.join(" "));
}

/** Those of `candidates` who have a pipe open that is the standard input of one of `readers`. @see proc_pid_fd(5) */
export function pipeHolders(
  linux: Linux,
  readers: readonly (number | undefined)[],
  candidates: readonly Process[],
): Process[] {
  const inputs = new Set(readers.map((pid) => (pid === undefined ? undefined : pipeOf(linux, `/proc/${pid}/fd/0`))));
  inputs.delete(undefined);
  if (inputs.size === 0) return [];
  return candidates.filter(({ pid }) => {
    const descriptors = linux.listDir(`/proc/${pid}/fd`);
    if (typeof descriptors === "number") return false;
    return descriptors.some((fd) => inputs.has(pipeOf(linux, `/proc/${pid}/fd/${fd}`)));
  });
}

/**
 * The pids of those of `processes` that read what another of them writes: `logger` in `server | logger`. The standard
 * input is a pipe that is the other's standard output or error. Two that read from each other are none.
 *
 * @see proc_pid_fd(5)
 */
export function pipeReaders(linux: Linux, processes: readonly Process[]): Set<number> {
  const inputs = new Map<number, number>();
  for (const { pid } of processes) {
    const input = pipeOf(linux, `/proc/${pid}/fd/0`);
    if (input !== undefined) inputs.set(pid, input);
  }
  if (inputs.size === 0) return new Set();
  // Of these pipes only: all processes of a container may write to one that is the engine's.
  const writers = new Map([...inputs.values()].map((input): [number, number[]] => [input, []]));
  for (const { pid } of processes) {
    for (const fd of [1, 2]) {
      const output = pipeOf(linux, `/proc/${pid}/fd/${fd}`);
      if (output !== undefined) writers.get(output)?.push(pid);
    }
  }
  const writesTo = (pid: number, input: number | undefined) =>
    input !== undefined && writers.get(input)?.includes(pid) === true;
  const isReader = (pid: number, input: number) =>
    writers.get(input)?.some((writer) => writer !== pid && !writesTo(pid, inputs.get(writer)));
  return new Set([...inputs].flatMap(([pid, input]) => (isReader(pid, input) ? [pid] : [])));
}

/** Which pipe a descriptor is, or undefined where it is none. */
function pipeOf(linux: Linux, path: string): number | undefined {
  const facts = linux.stat(path);
  return typeof facts !== "number" && (facts[0] & S_IFMT) === S_IFIFO ? facts[4] : undefined;
}

/** The user and the groups of a process. @see credentials(7) */
export interface Credentials {
  /** Real, effective, saved and file system user id. */
  readonly uids: readonly number[];
  /** The effective group id. */
  readonly gid: number;
  /** The supplementary groups. */
  readonly groups: readonly number[];
}

/**
 * Whose a process is; undefined where there is none, or it is hidden. The owner of /proc/PID does not tell: it is root for
 * every process that may not be dumped.
 *
 * @see proc_pid_status(5)
 */
export function readCredentials(linux: Linux, pid: number): Credentials | undefined {
  const fields = statusFields(linux, pid);
  const numbers = (name: string) =>
    (fields.get(name) ?? "").replaceAll("\t", " ").split(" ").filter(isAllDigits).map(Number);
  const [uids, gids] = [numbers("Uid"), numbers("Gid")];
  const gid = gids[1];
  return uids.length === 0 || gid === undefined ? undefined : { uids, gid, groups: numbers("Groups") };
}

/**
 * A number that stays the same for as long as the process, which has one thread, sleeps; undefined while it runs. Who is
 * woken is no longer asleep, at once: a message in its socket, say, has woken it before send(2) returned.
 *
 * @see proc_pid_status(5), voluntary_ctxt_switches
 */
function sleepMark(linux: Linux, pid: number): number | undefined {
  const fields = statusFields(linux, pid);
  return fields.get("State")?.charAt(0) === "S" ? wholeNumber(fields.get("voluntary_ctxt_switches") ?? "") : undefined;
}

/**
 * Whether `look` says yes while each of these processes sleeps, from before it to after it: with room seen in what they
 * write to, for one, they do not wait for its reader, and have nothing else to do either.
 */
export function sleepThrough(linux: Linux, pids: readonly number[], look: () => boolean): boolean {
  const marks = pids.map((pid) => sleepMark(linux, pid));
  return look() && pids.every((pid, i) => marks[i] !== undefined && sleepMark(linux, pid) === marks[i]);
}

/** How many sockets a process has open, or undefined where we may not know. @see proc_pid_fd(5) */
export function countSockets(linux: Linux, pid: number): number | undefined {
  const descriptors = linux.listDir(`/proc/${pid}/fd`);
  if (typeof descriptors === "number") return undefined;
  return descriptors.filter((fd) => {
    const facts = linux.stat(`/proc/${pid}/fd/${fd}`);
    return typeof facts !== "number" && (facts[0] & S_IFMT) === S_IFSOCK;
  }).length;
}

/** Whether the process has asked the kernel to drop `signal`, as an interactive shell does with SIGTERM. */
export function ignoresSignal(linux: Linux, pid: number, signal: number): boolean {
  return hasSignal(statusFields(linux, pid).get("SigIgn"), signal);
}

/**
 * What `signal` does to a process: the kernel drops it, the process handles it, or it has its default effect. A signal
 * that is blocked stays pending, also one that is ignored: a thread may take it by sigwait(3) or signalfd(2).
 *
 * @see proc_pid_status(5), SigBlk, SigIgn and SigCgt
 */
export function signalEffect(linux: Linux, pid: number, signal: number): "dropped" | "handled" | "default" {
  const fields = statusFields(linux, pid);
  if (hasSignal(fields.get("SigBlk"), signal) || hasSignal(fields.get("SigCgt"), signal)) return "handled";
  return hasSignal(fields.get("SigIgn"), signal) ? "dropped" : "default";
}

/** Whether a set, which the kernel prints as 16 hexadecimal digits with the highest signal first, holds a signal. */
function hasSignal(mask: string | undefined, signal: number): boolean {
  const digit = mask?.charAt(mask.length - 1 - Math.floor((signal - 1) / 4)) ?? "0";
  return ((Number(`0x${digit}`) >> ((signal - 1) % 4)) & 1) === 1;
}

/**
 * Sends `signal` to this very process and never to a later owner of its pid: the descriptor is bound
 * to whoever has the pid now, and the start time tells whether that is still the one that was seen.
 *
 * @returns whether it may be signalled by us; one that is gone may
 */
export function signalProcess(linux: Linux, process: Process, signal: number): boolean {
  const fd = linux.pidfdOpen(process.pid);
  const isSame = readProcess(linux, process.pid)?.startTime === process.startTime;
  let answer = 0;
  if (fd >= 0) {
    if (isSame) answer = linux.pidfdKill(fd, signal);
    linux.close(fd);
  } else if (isSame && fd !== -ERRNO.EINVAL) {
    answer = linux.kill(process.pid, signal); // a kernel or a seccomp filter without pidfds
  }
  return answer !== -ERRNO.EPERM;
}

/** Sends CONT to this very process if it is stopped: to others it would be a signal that they have a handler for. */
export function wakeProcess(linux: Linux, process: Process): void {
  if (readProcess(linux, process.pid)?.isStopped) signalProcess(linux, process, SIGNAL.SIGCONT);
}

/** The lines of /proc/PID/status by name; none for a process that is gone. */
function statusFields(linux: Linux, pid: number): ReadonlyMap<string, string> {
  const status = linux.readFile(`/proc/${pid}/status`, MAX_BYTES, true);
  const lines = typeof status === "number" ? [] : status.split("\n");
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]));
}
