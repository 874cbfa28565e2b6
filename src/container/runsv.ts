import { wholeNumber } from "../core/args.ts";
import { ERRNO } from "../linux/errno.ts";
import { hasReader, linkTargets } from "../linux/files.ts";
import type { Linux } from "../linux/linux.ts";
import { commandWords, executes, type Process, readCredentials, readProcess } from "../linux/processes.ts";

/** Where services are. @see runsvdir(8) */
export const SERVICES = "/etc/service";

/** Starts a runsv for each service. @see runsvdir(8) */
export const RUNSVDIR = "/usr/bin/runsvdir";

/** Keeps one service running. @see runsv(8) */
export const RUNSV = "/usr/bin/runsv";

/** Where runsv keeps its files, in the service's directory and in that of its log service. */
export const SUPERVISE = "supervise";

/** In a service's directory: runsv does not start the service by itself. @see runsv(8) */
export const DOWN = "down";

/** In a service's directory: runsv runs it when the service has ended. @see runsv(8) */
export const FINISH = "finish";

/** What runs in place of `finish` if the service is essential. @see docs/reference/container_exit.md */
export const ESSENTIAL_FINISH = "/usr/lib/baseimage/essential-finish";

/**
 * What runs in place of `control/t` and `control/k` if the service is essential, and is `control/t` in the mirror if the
 * service has a file `stop-signal` and no own `control/t`.
 */
export const SERVICE_CONTROL = "/usr/lib/baseimage/service-control";

/**
 * Whether a file in a service's directory is a link to one of these programs of ours. A link in a mirror may lead to the link
 * that an earlier start without a mirror has left.
 */
export function isOurProgram(linux: Linux, path: string, program: string): boolean {
  return linkTargets(linux, path).includes(program);
}

/**
 * The path of the program that runsv runs to stop a service, if the service has one. Ours runs the program beside it.
 *
 * @see runsv(8), customize control
 */
export function controlPath(linux: Linux, directory: string): string {
  const path = `${directory}/control/t`;
  return isOurProgram(linux, path, SERVICE_CONTROL) ? `${path}.own` : path;
}

/** In the directory `supervise` of an essential service: how it has ended, in the words that its finish program gets. */
export const ENDED = "ended";

/** In a service's directory: the end of the service is the end of the container. */
export const ESSENTIAL = "essential";

/** Whether the end of a service is to be the end of the container. @see docs/reference/container_exit.md */
export function isEssential(linux: Linux, directory: string): boolean {
  return linux.access(`${directory}/${ESSENTIAL}`, 0) === 0;
}

/** The service's own `run` where `run` is our program. */
export const OWN_RUN = "run.own";

/** The service's own `finish` where `finish` is our program. */
export const OWN_FINISH = "finish.own";

/** What runsv writes about its service: the 20 bytes of supervise/status. @see runsv(8) */
export interface ServiceState {
  /** Neither the service nor its finish script runs. */
  readonly isDown: boolean;
  /** The service has ended, and its finish script runs. */
  readonly isFinishing: boolean;
  /** It is stopped, by `sv pause`. */
  readonly isPaused: boolean;
  /** It should be up: runsv starts it again when it ends. */
  readonly isWanted: boolean;
  /** The process of the service or of its finish script; 0: none. */
  readonly pid: number;
  /** How long the service has been running or down; below zero where the clock was set back. */
  readonly ageMs: number;
}

const STATUS_BYTES = 20;
/** The time of the last change, TAI64N: seconds since 1970, and ten more; then nanoseconds. */
const SECONDS = [4, 5, 6, 7];
const NANOSECONDS = [8, 9, 10, 11];
const TAI_OFFSET = 10;
/** The lowest byte comes first. */
const PID = [15, 14, 13, 12];
const PAUSED_INDEX = 16;
const WANT_INDEX = 17;
const STATE_INDEX = 19;
const STATE_DOWN = 0;
const STATE_FINISH = 2;

/**
 * The service of a runsv; "forking": a fork of runsvdir, which keeps runsvdir's arguments and ignores TERM until it has
 * executed runsv; undefined: neither. Any process can call itself runsv. So its program and its user decide whether it is
 * ours.
 */
export function ownSupervisor(linux: Linux, pid: number): { readonly service: string } | "forking" | undefined {
  const [word, directory] = commandWords(linux, pid);
  const isFork = word === RUNSVDIR;
  if (!isFork && word !== "runsv") return undefined;
  // Our runsv starts runit's if log lines name their service.
  const programs = isFork ? [RUNSVDIR] : [RUNSV, "/proc/self/exe"];
  if (!programs.some((program) => executes(linux, pid, program))) return undefined;
  const euid = linux.getEuid();
  if (readCredentials(linux, pid)?.uids.every((uid) => uid === euid) !== true) return undefined;
  // The only argument is the service's directory, relative to runsvdir's.
  return isFork ? "forking" : { service: directory ?? "" };
}

/** Where the runsv with this PID keeps its files. Its status is replaced by rename(2). */
export function superviseDirectory(runsv: number): string {
  return `/proc/${runsv}/cwd/supervise`;
}

/** What runsv has written about its service; undefined: nothing yet. */
export function serviceState(linux: Linux, runsv: number): ServiceState | undefined {
  const state = readState(linux, superviseDirectory(runsv));
  return typeof state === "number" ? undefined : state;
}

/**
 * The process of a runsv's service; undefined: none, or `finish` runs. Another user may write to `supervise`: a process
 * that runsv has not started does not count.
 */
export function runningService(linux: Linux, runsv: number): Process | undefined {
  const state = serviceState(linux, runsv);
  if (state === undefined || state.isDown || state.isFinishing) return undefined;
  const process = readProcess(linux, state.pid);
  return process?.parent === runsv ? process : undefined;
}

/** The status in a directory `supervise`, which may be out of date; an errno (above zero): there is none. */
export function readState(linux: Linux, directory: string): ServiceState | number {
  const status = linux.readFile(`${directory}/status`, STATUS_BYTES, true);
  if (typeof status === "number") return -status;
  if (status.length < STATUS_BYTES) return ERRNO.ENOENT;
  const number = (bytes: readonly number[]) => bytes.reduce((sum, index) => sum * 256 + status.charCodeAt(index), 0);
  const changedMs = (number(SECONDS) - TAI_OFFSET) * 1000 + number(NANOSECONDS) / 1e6;
  return {
    isDown: status.charCodeAt(STATE_INDEX) === STATE_DOWN,
    isFinishing: status.charCodeAt(STATE_INDEX) === STATE_FINISH,
    isPaused: status.charCodeAt(PAUSED_INDEX) !== 0,
    isWanted: status.charAt(WANT_INDEX) === "u",
    pid: number(PID),
    ageMs: linux.realtimeMs() - changedMs,
  };
}

/** Whether a runsv uses the directory `supervise`: it reads a FIFO there until it ends. */
export function isSupervised(linux: Linux, directory: string): boolean {
  return hasReader(linux, `${directory}/ok`);
}

/** Whether the service has neither a finish script nor control scripts: runsv stops it with TERM and nothing else. */
export function isPlain(linux: Linux, runsv: number): boolean {
  return [FINISH, "control"].every((name) => linux.access(`/proc/${runsv}/cwd/${name}`, 0) < 0);
}

/** The PID of the log service; undefined: there is none. */
export function logServicePid(linux: Linux, runsv: number): number | undefined {
  return writtenPid(linux, `/proc/${runsv}/cwd/log/supervise`);
}

/** The PID that runsv has written into a directory `supervise`; undefined: none. Another user may have written it. */
export function writtenPid(linux: Linux, supervise: string): number | undefined {
  const line = linux.readFile(`${supervise}/pid`, 32, true);
  return typeof line === "string" ? wholeNumber(line.trim()) : undefined;
}
