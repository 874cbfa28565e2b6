import { wholeNumber } from "../core/args.ts";
import { isAllDigits, isDigit } from "../core/ascii.ts";
import { withoutEmulator } from "../core/emulated-words.ts";
import { printable } from "../core/printable.ts";
import { SIGNAL } from "../core/signals.ts";
import { ERRNO } from "./errno.ts";
import { isSameFile, S_IFIFO, S_IFMT, S_IFSOCK } from "./files.ts";
import type { Linux } from "./linux.ts";

/** A process as in /proc. @see proc_pid_stat(5) */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** The program's name, cut to 15 bytes. */
  readonly name: string;
  readonly isZombie: boolean;
  /** Stopped by a signal or a debugger. */
  readonly isStopped: boolean;
  readonly hasTerminal: boolean;
  readonly threads: number;
  /** Clock ticks from the machine's start to the process's: two processes with the same pid differ in it. */
  readonly startTime: number;
}

/** Files in /proc are cut here: a command line can have megabytes. */
const MAX_BYTES = 4096;

/** Room for every pid there can be. */
const MAX_CHILDREN_BYTES = 1 << 25;

/** All processes of this PID namespace, without processes that end meanwhile. */
export function allProcesses(linux: Linux): Process[] {
  const names = linux.listDir("/proc");
  if (typeof names === "number") return [];
  return names.flatMap((name) => {
    return isDigit(name.charCodeAt(0)) ? (readProcess(linux, Number(name)) ?? []) : [];
  });
}

/** The children of a process. Some may be missing if it has several threads, or if children come or go meanwhile. */
export function childPids(linux: Linux, pid: number): number[] {
  const listed = threadChildren(linux, pid, pid);
  return listed ?? allProcesses(linux).flatMap((process) => (process.parent === pid ? [process.pid] : []));
}

/** The processes that a thread has started; undefined if the kernel has no list. @see proc_pid_task_tid_children(5) */
function threadChildren(linux: Linux, pid: number, thread: number): number[] | undefined {
  const line = linux.readFile(`/proc/${pid}/task/${thread}/children`, MAX_CHILDREN_BYTES, false);
  return typeof line === "string" ? line.split(" ").filter(isAllDigits).map(Number) : undefined;
}

/** The children of all threads of a process. Children that come or go meanwhile may be missing. */
export function childrenOf(linux: Linux, { pid, threads }: Process): Process[] {
  const tasks = threads > 1 ? linux.listDir(`/proc/${pid}/task`) : [];
  const others = typeof tasks === "number" ? [] : tasks.map(Number).filter((task) => task !== pid);
  const pids = [childPids(linux, pid), ...others.map((task) => threadChildren(linux, pid, task) ?? [])].flat();
  return pids.flatMap((child) => readProcess(linux, child) ?? []);
}

/** All descendants of `pid` in `all`. */
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

/** Reads the process `pid` from /proc; undefined if there is none. */
export function readProcess(linux: Linux, pid: number): Process | undefined {
  const line = linux.readFile(`/proc/${pid}/stat`, MAX_BYTES, true);
  if (typeof line === "number") return undefined;
  // The name is in parentheses and may contain any byte, also parentheses.
  const [open, close] = [line.indexOf("("), line.lastIndexOf(")")];
  const fields = line.slice(close + 2).split(" ", 20);
  return {
    pid,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    name: line.slice(open + 1, close),
    isStopped: fields[0] === "T" || fields[0] === "t",
    // If the first thread ends before the others, the process is no zombie.
    threads: Number(fields[17]),
    isZombie: (fields[0] === "Z" || fields[0] === "X") && !(Number(fields[17]) > 1),
    hasTerminal: fields[4] !== "0",
    startTime: Number(fields[19]),
  };
}

/** Whether this process still runs. A later process with its pid does not count. */
export function isAlive(linux: Linux, process: Process): boolean {
  const now = readProcess(linux, process.pid);
  return now !== undefined && now.startTime === process.startTime && !now.isZombie;
}

/** The words that the process was started with; none for a zombie. @see proc_pid_cmdline(5) */
export function commandWords(linux: Linux, pid: number): readonly string[] {
  return withoutEmulator(kernelWords(linux, pid));
}

/** Whether the kernel started an emulator for the process. Then /proc/PID/exe is the emulator. @see withoutEmulator */
export function isEmulated(linux: Linux, pid: number): boolean {
  const words = kernelWords(linux, pid);
  return withoutEmulator(words) !== words;
}

/** Whether a process executes the file `path`. If it is emulated, its words decide. */
export function executes(linux: Linux, pid: number, path: string): boolean {
  return isEmulated(linux, pid) || isSameFile(linux.stat(`/proc/${pid}/exe`), linux.stat(path));
}

function kernelWords(linux: Linux, pid: number): string[] {
  const words = linux.readFile(`/proc/${pid}/cmdline`, MAX_BYTES, true);
  if (typeof words === "number" || words === "") return [];
  return (words.endsWith("\0") ? words.slice(0, -1) : words).split("\0");
}

/** The process's words with spaces between, safe for a log line; without words (a zombie) its name in brackets. */
export function commandLine(linux: Linux, process: Process): string {
  const words = commandWords(linux, process.pid);
  return printable(words.length === 0 ? `[${process.name}]` : words.join(" "));
}

/** The candidates that have the standard input of a reader open, if it is a pipe. @see proc_pid_fd(5) */
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
 * The pids of processes that read what another of `processes` writes: `logger` in `server | logger`. The standard input
 * is a pipe and the other process's standard output or error. Two processes that read from each other do not count.
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
  // Only these pipes: all processes of a container may write to a pipe of the container engine.
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

/** The inode of a pipe; undefined if the descriptor is no pipe. */
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
 * The user and groups of a process; undefined if there is none, or it is hidden. The owner of /proc/PID does not help:
 * it is root for every process that is not dumpable.
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
 * A number that stays the same while a process with one thread sleeps; undefined while it runs. A process is woken
 * without delay: send(2) to its socket, for example, wakes it before it returns.
 *
 * @see proc_pid_status(5), voluntary_ctxt_switches
 */
function sleepMark(linux: Linux, pid: number): number | undefined {
  const fields = statusFields(linux, pid);
  return fields.get("State")?.charAt(0) === "S" ? wholeNumber(fields.get("voluntary_ctxt_switches") ?? "") : undefined;
}

/**
 * Whether `look` returns true while all these processes sleep, from before the call to after it. If `look` finds room
 * in the pipe that they write to, for example, they neither wait for its reader nor have anything else to do.
 */
export function sleepThrough(linux: Linux, pids: readonly number[], look: () => boolean): boolean {
  const marks = pids.map((pid) => sleepMark(linux, pid));
  return look() && pids.every((pid, i) => marks[i] !== undefined && sleepMark(linux, pid) === marks[i]);
}

/** How many sockets a process has open; undefined without permission to know. @see proc_pid_fd(5) */
export function countSockets(linux: Linux, pid: number): number | undefined {
  const descriptors = linux.listDir(`/proc/${pid}/fd`);
  if (typeof descriptors === "number") return undefined;
  return descriptors.filter((fd) => {
    const facts = linux.stat(`/proc/${pid}/fd/${fd}`);
    return typeof facts !== "number" && (facts[0] & S_IFMT) === S_IFSOCK;
  }).length;
}

/** Whether the process ignores `signal`, as an interactive shell ignores SIGTERM. */
export function ignoresSignal(linux: Linux, pid: number, signal: number): boolean {
  return hasSignal(statusFields(linux, pid).get("SigIgn"), signal);
}

/**
 * What `signal` does to a process: the kernel drops it, the process handles it, or it has its default effect. A blocked
 * signal stays pending, even if it is ignored: a thread may take it by sigwait(3) or signalfd(2).
 *
 * @see proc_pid_status(5), SigBlk, SigIgn and SigCgt
 */
export function signalEffect(linux: Linux, pid: number, signal: number): "dropped" | "handled" | "default" {
  const fields = statusFields(linux, pid);
  if (hasSignal(fields.get("SigBlk"), signal) || hasSignal(fields.get("SigCgt"), signal)) return "handled";
  return hasSignal(fields.get("SigIgn"), signal) ? "dropped" : "default";
}

/** Whether a set contains a signal. The kernel prints it as 16 hexadecimal digits, the highest signal first. */
function hasSignal(mask: string | undefined, signal: number): boolean {
  const digit = mask?.charAt(mask.length - 1 - Math.floor((signal - 1) / 4)) ?? "0";
  return ((Number(`0x${digit}`) >> ((signal - 1) % 4)) & 1) === 1;
}

/**
 * Sends `signal` to this process and never to a later process with its pid: the pidfd is opened first, and then the
 * start time is compared.
 *
 * @returns false without permission to signal it; true if it is gone
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

/** Sends CONT to a process if it is stopped: a running process may have a handler for CONT. */
export function wakeProcess(linux: Linux, process: Process): void {
  if (readProcess(linux, process.pid)?.isStopped) signalProcess(linux, process, SIGNAL.SIGCONT);
}

/** The lines of /proc/PID/status by name; none if the process is gone. */
function statusFields(linux: Linux, pid: number): ReadonlyMap<string, string> {
  const status = linux.readFile(`/proc/${pid}/status`, MAX_BYTES, true);
  const lines = typeof status === "number" ? [] : status.split("\n");
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]));
}
