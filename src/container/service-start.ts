import { ERRNO } from "../linux/errno.ts";
import { isSameFile } from "../linux/files.ts";
import type { Linux } from "../linux/linux.ts";
import { commandWords } from "../linux/processes.ts";
import { SERVICE_RUN } from "./applets.ts";

/** What runsv's child is called until it has become `./run`. @see runsv(8) */
const RUNSV = "runsv";

/** In the directory `supervise` of a service that waits for others: their names. Nobody else's file has this name. */
const WAITS_FOR = "waits-for";
const MAX_BYTES = 4096;

/** How far a service is that runsv says it runs. */
export type ServiceStart =
  | { readonly kind: "starting" }
  /** Our program still waits in its place. @see docs/reference/services.md */
  | { readonly kind: "waiting"; readonly waitsFor: string }
  | { readonly kind: "started" };

/**
 * How far the start of a service is: between runsv and the service itself our own `./run` may be.
 *
 * @param supervise its directory of that name
 * @param pid of what runsv has started
 */
export function serviceStart(linux: Linux, supervise: string, pid: number): ServiceStart {
  const [word] = commandWords(linux, pid);
  if (word === undefined) return { kind: isHidden(linux, pid) ? "started" : "starting" };
  if (word === RUNSV) return { kind: "starting" };
  if (word !== SERVICE_RUN) return { kind: "started" };
  const names = linux.readFile(`${supervise}/${WAITS_FOR}`, MAX_BYTES, true);
  const program = linux.stat(`/proc/${pid}/exe`);
  // Another user's may not be looked at; the file is gone when the wait is over.
  const isForbidden = program === -ERRNO.EACCES || program === -ERRNO.EPERM;
  if (!isSameFile(linux.stat("/proc/self/exe"), program) && !(isForbidden && typeof names === "string"))
    return { kind: "started" };
  return typeof names === "string" ? { kind: "waiting", waitsFor: names } : { kind: "starting" };
}

/** Tells for whom a service waits, those who watch its directory `supervise` too; undefined: for nobody any more. */
export function recordWaiting(linux: Linux, supervise: string, waitsFor: string | undefined): void {
  linux.unlink(`${supervise}/${WAITS_FOR}`);
  if (waitsFor !== undefined) linux.writeFile(`${supervise}/${WAITS_FOR}`, waitsFor, true);
}

/** Whether /proc does not show a process that is there. Mounted with hidepid it hides other users': what was ours is another's now. */
function isHidden(linux: Linux, pid: number): boolean {
  if (pid === 0 || typeof linux.stat(`/proc/${pid}`) !== "number") return false;
  const answer = linux.kill(pid, 0);
  return answer === 0 || answer === -ERRNO.EPERM;
}
