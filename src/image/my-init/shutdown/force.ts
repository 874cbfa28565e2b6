// Tested by src/image/my-init/main.test.ts.
import { printable } from "../../../core/printable.ts";
import { SIGNAL } from "../../../core/signals.ts";
import type { Child } from "../../../linux/children.ts";
import { ERRNO, errorWords } from "../../../linux/errno.ts";
import { commandLine, type Process, readProcess, signalProcess } from "../../../linux/processes.ts";
import type { Context } from "../context.ts";

/** SIGKILL ends a process immediately, unless it sleeps in a broken device or network file system. */
const KILL_WAIT_MS = 1000;

/** Kills a child that did not end in time, with a warning that names it, and waits for its end. */
export function forceToExit(context: Context, child: Child): void {
  const { children, linux } = context;
  children.reap();
  const process = child.end === undefined ? readProcess(linux, child.pid) : undefined;
  if (process === undefined) return;
  warnForced(context, process);
  if (children.signal(child, SIGNAL.SIGKILL)) waitForKilled(context, () => child.end !== undefined);
  else warnUntouchable(context, process);
}

/** A service for whose end the shutdown waits. */
interface StepService {
  readonly name: string;
  /** What its stop is called in the record of the shutdown. */
  readonly stepName: string;
}

/** Kills a process that is not our child, with a warning that names it. */
export function forceProcess(context: Context, process: Process, service?: StepService): void {
  warnForced(context, process, service);
  if (!signalProcess(context.linux, process, SIGNAL.SIGKILL)) warnUntouchable(context, process);
}

/** Warns that a process is another user's and we have not the right to signal it. */
export function warnUntouchable({ log, linux }: Context, process: Process): void {
  const name = `${commandLine(linux, process)} (PID ${process.pid})`;
  log.warn(`cannot signal ${name}: ${errorWords(ERRNO.EPERM)}; it is left alone`);
}

/** Waits for the end of what was killed, for as long as that can reasonably take. @returns whether it is gone */
export function waitForKilled({ loop }: Context, isGone: () => boolean): boolean {
  const deadlineMs = loop.nowMs + KILL_WAIT_MS;
  return loop.waitUntil(isGone, () => deadlineMs);
}

function warnForced({ log, linux, timeline }: Context, process: Process, service?: StepService): void {
  const line = commandLine(linux, process);
  const whose = service === undefined ? "" : `, service ${printable(service.name)}`;
  log.warn(`${line} (PID ${process.pid}${whose}) did not shut down in time. Forcing it to exit.`);
  timeline.noteKilled(`${line} (PID ${process.pid})`, service?.stepName);
}
