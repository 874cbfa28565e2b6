import { ERRNO } from "../linux/errno.ts";
import { isSameFile, writeAnew } from "../linux/files.ts";
import type { Linux } from "../linux/linux.ts";
import { commandWords } from "../linux/processes.ts";
import { SERVICE_RUN } from "./applets.ts";
import { nextStartMs, readRestartRecord } from "./restart-record.ts";
import { OWN_RUN } from "./runsv.ts";
import { beganMs } from "./service-end.ts";

/** The name of runsv's child before its execve of `./run`. @see runsv(8) */
const RUNSV = "runsv";

/** The file with the names of the services that a service waits for, in its directory `supervise`. */
const WAITS_FOR = "waits-for";
const MAX_BYTES = 4096;

/** The progress of a service that runs according to runsv. */
export type ServiceStart =
  | { readonly kind: "starting" }
  /** Our program still runs in the service's place and waits. @see docs/reference/services.md */
  | { readonly kind: "waiting"; readonly waitsFor: string }
  /** The same, for the end of the delay after its last end. */
  | { readonly kind: "delayed"; readonly leftMs: number }
  | { readonly kind: "started" };

/**
 * The progress of a service's start: our own `./run` may run between runsv and the service.
 *
 * @param supervise the service's directory `supervise`
 * @param pid of runsv's child
 */
export function serviceStart(linux: Linux, supervise: string, pid: number): ServiceStart {
  const [word] = commandWords(linux, pid);
  if (word === undefined) return { kind: isHidden(linux, pid) ? "started" : "starting" };
  if (word === RUNSV) return { kind: "starting" };
  if (word !== SERVICE_RUN || isOwnRun(linux, supervise)) return { kind: "started" };
  const names = linux.readFile(`${supervise}/${WAITS_FOR}`, MAX_BYTES, true);
  const program = linux.stat(`/proc/${pid}/exe`);
  // Another user's process cannot be inspected. The file is removed when the wait is over.
  const isForbidden = program === -ERRNO.EACCES || program === -ERRNO.EPERM;
  if (!isSameFile(linux.stat("/proc/self/exe"), program) && !(isForbidden && typeof names === "string"))
    return { kind: "started" };
  if (typeof names === "string") return { kind: "waiting", waitsFor: names };
  const record = readRestartRecord(linux, supervise);
  const leftMs = record === undefined ? 0 : nextStartMs(record) - linux.monotonicMs();
  return leftMs > 0 ? { kind: "delayed", leftMs } : { kind: "starting" };
}

/** Whether a process that runsv has started as `./run` is the service's own `run`, which may be a binary. */
function isOwnRun(linux: Linux, supervise: string): boolean {
  const own = `${supervise.slice(0, supervise.lastIndexOf("/"))}/${OWN_RUN}`;
  return linux.access(own, 0) === -ERRNO.ENOENT || beganMs(linux, supervise) !== undefined;
}

/** Records the services that a service waits for, and notifies watches of `supervise`; undefined: it waits no more. */
export function recordWaiting(linux: Linux, supervise: string, waitsFor: string | undefined): void {
  if (waitsFor === undefined) linux.unlink(`${supervise}/${WAITS_FOR}`);
  else writeAnew(linux, `${supervise}/${WAITS_FOR}`, waitsFor);
}

/** Whether /proc hides an existing process: with hidepid it hides other users' processes. */
function isHidden(linux: Linux, pid: number): boolean {
  if (pid === 0 || typeof linux.stat(`/proc/${pid}`) !== "number") return false;
  const answer = linux.kill(pid, 0);
  return answer === 0 || answer === -ERRNO.EPERM;
}
