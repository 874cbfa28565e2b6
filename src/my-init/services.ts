import { SIGNAL } from "../core/signals.ts";
import type { Child } from "../linux/children.ts";
import { allProcesses, childPids, commandLine, isAlive, type Process, readProcess } from "../linux/processes.ts";
import { isServiceDown, logServicePid, watchServices } from "../linux/runsv.ts";
import { type Context, waitInShutdown } from "./context.ts";
import { forceProcess, forceToExit } from "./force.ts";

/** How soon to look again at a child of runsvdir that has not become a runsv yet: a matter of microseconds. */
const FORK_TO_EXEC_MS = 2;
const FORK_AT_LEAST_MS = 100;

/** A runsv that was handed to us, and the name of the service it looks after. */
interface Supervisor {
  readonly child: Child;
  readonly service: string;
}

/** The services of a runsvdir that is gone, while they are stopped. */
export class Services {
  readonly #context: Context;
  /** By pid. */
  readonly #supervisors = new Map<number, Supervisor>();
  /** Log services whose runsv was released before them. */
  readonly #logServices: Process[] = [];
  readonly #released = new Set<number>();

  /** Finds the runsv processes among our children, and waits for those that are only about to become one. */
  constructor(context: Context, deadlineMs: number) {
    this.#context = context;
    // Not even a deadline that has passed lets one slip through.
    const untilMs = Math.max(deadlineMs, context.loop.nowMs + FORK_AT_LEAST_MS);
    waitInShutdown(context, () => this.#takeOver(), untilMs, FORK_TO_EXEC_MS);
  }

  /** Whether all supervisors, and so all services and their log services, have ended. */
  areGone(): boolean {
    for (const { child } of this.#supervisors.values()) if (child.end === undefined) return false;
    return !this.#logServices.some((process) => isAlive(this.#context.linux, process));
  }

  /**
   * Tells every runsv to stop its service, then the log service, then itself.
   *
   * @returns ends the watch over them
   * @see runsv(8), signals
   */
  tellToStop(): () => void {
    const { children, linux, loop } = this.#context;
    const unwatch = watchServices(linux, loop, [...this.#supervisors.keys()], (pid) => this.#releaseIfDown(pid));
    for (const [pid, { child }] of this.#supervisors) {
      children.signal(child, SIGNAL.SIGTERM);
      this.#releaseIfDown(pid);
    }
    return unwatch;
  }

  /** Kills what still runs of the services, log services only `withLogs`: they have yet to hear the last words. */
  force({ withLogs }: { readonly withLogs: boolean }): void {
    const living = [...this.#supervisors.values()].filter(({ child }) => child.end === undefined);
    const serviceOf = new Map(living.map(({ child, service }) => [child.pid, service]));
    const spared = withLogs ? [] : living.map(({ child }) => logServicePid(this.#context.linux, child.pid));
    for (const process of allProcesses(this.#context.linux)) {
      const service = serviceOf.get(process.parent);
      if (service === undefined || process.isZombie || spared.includes(process.pid)) continue;
      forceProcess(this.#context, process, service);
    }
  }

  /** Kills what is left then. */
  forceSupervisors(): void {
    for (const { child } of this.#supervisors.values()) forceToExit(this.#context, child);
    for (const process of this.#logServices) {
      if (isAlive(this.#context.linux, process)) forceProcess(this.#context, process);
    }
  }

  /** @returns whether none is about to become a runsv */
  #takeOver(): boolean {
    const { children, linux } = this.#context;
    const self = linux.getPid();
    const ours = allProcesses(linux).filter((process) => process.parent === self && !process.isZombie);
    for (const process of ours) {
      if (process.name !== "runsv" || this.#supervisors.has(process.pid)) continue;
      this.#supervisors.set(process.pid, { child: children.adopt(process.pid), service: this.#serviceOf(process) });
    }
    // A fork of runsvdir keeps its name, and its deafness to TERM, until it has executed runsv.
    return !ours.some(({ name }) => name === "runsvdir");
  }

  /** runsv's only argument is the service's folder, relative to runsvdir's. */
  #serviceOf(runsv: Process): string {
    return commandLine(this.#context.linux, runsv).split(" ").at(-1) ?? "";
  }

  /**
   * runsv sleeps for a second after a service that ran for less than one, deaf to TERM, and then starts
   * it again before it listens. A runsv whose service is down has nothing left to do: it can go at once.
   * Its log service reads the end of its input then, finishes, and is ours to wait for.
   */
  #releaseIfDown(pid: number): void {
    const { children, linux } = this.#context;
    const runsv = this.#supervisors.get(pid)?.child;
    if (runsv === undefined || runsv.end !== undefined || this.#released.has(pid) || !isServiceDown(linux, pid)) return;
    this.#released.add(pid);
    this.#logServices.push(...childPids(linux, pid).flatMap((child) => readProcess(linux, child) ?? []));
    children.signal(runsv, SIGNAL.SIGKILL);
  }
}
