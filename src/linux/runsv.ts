import { wholeNumber } from "../core/args.ts";
import type { Linux } from "./linux.ts";

/** Starts a runsv for each service. @see runsvdir(8) */
export const RUNSVDIR = "/usr/bin/runsvdir";

/** What runsv tells of its service in the 20 bytes of supervise/status. @see runsv(8) */
export interface ServiceState {
  /** Neither the service nor its finish script runs. */
  readonly isDown: boolean;
  /** How long the service has been running or down. */
  readonly ageMs: number;
}

const STATUS_BYTES = 20;
/** The time of the last change, TAI64N: seconds since 1970, and ten more, stand in its bytes 4 to 7. */
const SECONDS_INDEX = 4;
const TAI_OFFSET = 10;
const STATE_INDEX = 19;
const STATE_DOWN = 0;

/** The folder in which the runsv with this pid keeps its files; a new state of its service is renamed into it. */
export function superviseFolder(runsv: number): string {
  return `/proc/${runsv}/cwd/supervise`;
}

/** What runsv says of its service; undefined where it has not said anything yet. */
export function serviceState(linux: Linux, runsv: number): ServiceState | undefined {
  const status = linux.readFile(`${superviseFolder(runsv)}/status`, STATUS_BYTES, true);
  if (typeof status === "number" || status.length < STATUS_BYTES) return undefined;
  let seconds = 0;
  for (let i = 0; i < 4; i++) seconds = seconds * 256 + status.charCodeAt(SECONDS_INDEX + i);
  return {
    isDown: status.charCodeAt(STATE_INDEX) === STATE_DOWN,
    ageMs: linux.realtimeMs() - (seconds - TAI_OFFSET) * 1000,
  };
}

/** Whether the service has neither a finish script nor control scripts: TERM is all that runsv would do to stop it. */
export function isPlain(linux: Linux, runsv: number): boolean {
  return [`/proc/${runsv}/cwd/finish`, `/proc/${runsv}/cwd/control`].every((path) => linux.access(path, 0) < 0);
}

/** The pid of the service's log service, or undefined where it has none. */
export function logServicePid(linux: Linux, runsv: number): number | undefined {
  const line = linux.readFile(`/proc/${runsv}/cwd/log/supervise/pid`, 32, true);
  return typeof line === "string" ? wholeNumber(line.trim()) : undefined;
}
