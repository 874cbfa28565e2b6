import { toEnviron } from "../core/container-env.ts";
import { SIGNAL } from "../core/signals.ts";
import type { Child } from "../linux/children.ts";
import { execFailure } from "../linux/exec-failure.ts";
import { SPAWN } from "../linux/linux.ts";
import { allProcesses, childPids, commandLine, type Process } from "../linux/processes.ts";
import { isServiceDown, logServicePid, watchServices } from "../linux/runsv.ts";
import { type Context, waitInShutdown } from "./context.ts";
import { forceProcess, forceToExit } from "./force.ts";

const RUNSVDIR = "/usr/bin/runsvdir";
const SERVICES = "/etc/service";

/** How soon to look again at a child of runsvdir that has not become a runsv yet: a matter of microseconds. */
const FORK_TO_EXEC_MS = 2;
const FORK_AT_LEAST_MS = 100;

/** What finish scripts have left after their services were killed. */
const FINISH_MS = 300;

/** A runsv that was handed to us, and the service it looks after. */
interface Supervisor {
  readonly child: Child;
  readonly service: string;
}

/**
 * Starts runsvdir.
 *
 * @param hasInput whether services may read my_init's standard input: not where a command reads it
 * @returns the child, or undefined where it could not be started; why was said
 */
export function startRunit({ log, children, environment, linux }: Context, hasInput: boolean): Child | undefined {
  log.info("Booting runit daemon...");
  const program = { file: RUNSVDIR, argv: [RUNSVDIR, "-P", SERVICES], environ: toEnviron(environment.current) };
  // A session of its own: Ctrl-C at the terminal is for the command, not for the services.
  const child = children.spawn(program, SPAWN.session | (hasInput ? 0 : SPAWN.noInput));
  if (typeof child === "number") {
    log.warn(execFailure(linux, RUNSVDIR, child));
    return undefined;
  }
  log.info(`Runit started as PID ${child.pid}`);
  return child;
}

/**
 * Stops runsvdir and then every service at once. With runsvdir gone nothing starts or restarts a
 * service, and the kernel hands us its runsv processes: each is told to stop (runsv stops its service,
 * then the log service, then itself) and its end is heard like any child's.
 *
 * @see runsvdir(8) and runsv(8), signals
 */
export function stopRunit(context: Context, runsvdir: Child, deadlineMs: number): void {
  const { log, children, linux, loop } = context;
  log.info(`Shutting down runit daemon (PID ${runsvdir.pid})...`);
  children.signal(runsvdir, SIGNAL.SIGTERM);
  if (!waitInShutdown(context, () => runsvdir.end !== undefined, deadlineMs)) {
    forceToExit(context, runsvdir);
  }

  const supervisors = takeOver(context, deadlineMs);
  const logServices: Child[] = [];
  // runsv sleeps for a second after a service that ran for less than one, deaf to TERM, and then starts
  // it again before it listens. A runsv whose service is down has nothing left to do: it can go at once.
  const releaseIfDown = (runsv: Child) => {
    if (runsv.end === undefined && isServiceDown(linux, runsv.pid)) logServices.push(...release(context, runsv));
  };
  const byPid = new Map(supervisors.map(({ child }) => [child.pid, child]));
  const unwatch = watchServices(linux, loop, [...byPid.keys()], (pid) => {
    const runsv = byPid.get(pid);
    if (runsv !== undefined) releaseIfDown(runsv);
  });
  for (const { child } of supervisors) {
    children.signal(child, SIGNAL.SIGTERM);
    releaseIfDown(child);
  }
  const isGone = () =>
    supervisors.every(({ child }) => child.end !== undefined) && logServices.every(({ end }) => end !== undefined);
  waitInShutdown(context, isGone, deadlineMs);
  unwatch();
  if (isGone()) return;

  forceServices(context, supervisors, false);
  // runsv has yet to run the service's finish script, and then its log service may read to the end.
  if (waitInShutdown(context, isGone, loop.nowMs + FINISH_MS)) return;
  forceServices(context, supervisors, true);
  for (const child of [...supervisors.map((supervisor) => supervisor.child), ...logServices]) {
    forceToExit(context, child);
  }
}

/**
 * Ends a runsv whose service is down. Its log service reads the end of its input then, finishes and is
 * ours to wait for, as a log service that runsv waits for would.
 */
function release({ linux, children }: Context, runsv: Child): Child[] {
  const orphans = childPids(linux, runsv.pid);
  children.signal(runsv, SIGNAL.SIGKILL);
  return orphans.map((pid) => children.adopt(pid));
}

/** Finds the runsv processes among our children, and waits for those that are only about to become one. */
function takeOver(context: Context, deadlineMs: number): Supervisor[] {
  const { linux, children } = context;
  const self = linux.getPid();
  const supervisors = new Map<number, Supervisor>();
  const hasAll = () => {
    const ours = allProcesses(linux).filter((process) => process.parent === self && !process.isZombie);
    for (const process of ours) {
      if (process.name !== "runsv" || supervisors.has(process.pid)) continue;
      supervisors.set(process.pid, { child: children.adopt(process.pid), service: serviceOf(context, process) });
    }
    // A fork of runsvdir keeps its name, and its deafness to TERM, until it has executed runsv.
    return !ours.some(({ name }) => name === "runsvdir");
  };
  // Not even a deadline that has passed lets one slip through.
  waitInShutdown(context, hasAll, Math.max(deadlineMs, context.loop.nowMs + FORK_AT_LEAST_MS), FORK_TO_EXEC_MS);
  return [...supervisors.values()];
}

/** runsv's only argument is the service's folder, relative to runsvdir's. */
function serviceOf({ linux }: Context, runsv: Process): string {
  const words = commandLine(linux, runsv).split(" ");
  return words[words.length - 1] ?? "";
}

function forceServices(context: Context, supervisors: readonly Supervisor[], withLogs: boolean): void {
  const { linux } = context;
  const services = new Map<number, string>();
  const spared = new Set<number | undefined>();
  for (const { child, service } of supervisors) {
    if (child.end !== undefined) continue;
    services.set(child.pid, service);
    if (!withLogs) spared.add(logServicePid(linux, child.pid));
  }
  for (const process of allProcesses(linux)) {
    const service = services.get(process.parent);
    if (service === undefined || process.isZombie || spared.has(process.pid)) continue;
    forceProcess(context, process, service);
  }
}
