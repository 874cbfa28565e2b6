import type { NeedsGraph } from "../../../container/needs.ts";
import { isPlain, logServicePid, ownSupervisor, serviceState, superviseDirectory } from "../../../container/runsv.ts";
import { printable } from "../../../core/printable.ts";
import { SIGNAL } from "../../../core/signals.ts";
import type { Child } from "../../../linux/children.ts";
import {
  allProcesses,
  childPids,
  descendants,
  isAlive,
  type Process,
  pipeHolders,
  readProcess,
} from "../../../linux/processes.ts";
import { type Context, waitInShutdown } from "../context.ts";
import { forceProcess, forceToExit, serviceStep } from "../shutdown/force.ts";
import type { Subtrees } from "../shutdown/subtrees.ts";
import { hasOwnTerm } from "./essential.ts";
import { needsOf } from "./needs.ts";
import { StopOrder } from "./stop-order.ts";

/** How soon to look again at a child of runsvdir that has not become a runsv yet: a matter of microseconds. */
const FORK_TO_EXEC_MS = 2;
/** What calls itself runsvdir for longer than this is not ours. */
const FORK_AT_MOST_MS = 100;

/** runsv starts a service that ran for less than a second only a second later; the status tells whole seconds. */
const LONG_LIVED_MS = 3000;

/** How often to look at such services beside listening to what their watch tells. */
export const POLL_INTERVAL_MS = 20;

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
  /** Services whose runsv was killed, and is about to end. */
  #orphaned: { readonly runsv: Child; readonly process: Process; readonly service: string }[] = [];
  /** Services that we tell to stop in the place of their runsv. */
  #services: { readonly child: Child; readonly process: Process; readonly service: string }[] = [];
  /** Log services whose runsv was killed before them. */
  readonly #logServices: Process[] = [];
  /** Those whose service may have run for less than a second. */
  readonly #young = new Set<number>();
  #lookedMs = Number.POSITIVE_INFINITY;
  /** Those who kept a log service waiting, and were told. */
  readonly #holders = new Set<number>();
  /** Those stopped to see whether they have anything left to do. */
  readonly #held = new Map<number, Child>();
  #order: StopOrder | undefined;
  /** Their supervisors: more than one where a directory was replaced by another of the same name. */
  readonly #supervisorsOf = new Map<string, number[]>();
  readonly #subtrees: Subtrees;
  /** When what is left is killed. */
  #deadlineMs = Number.POSITIVE_INFINITY;
  /** When those that others still need are told, too. */
  #patienceMs = Number.POSITIVE_INFINITY;
  /** When each service was told to stop. */
  readonly #toldMs = new Map<string, number>();
  readonly #endWatches: (() => void)[] = [];

  /** Finds the runsv processes among our children, and waits for those that are only about to become one. */
  constructor(context: Context, subtrees: Subtrees) {
    this.#context = context;
    this.#subtrees = subtrees;
    waitInShutdown(context, () => this.#takeOver(), context.loop.nowMs + FORK_AT_MOST_MS, FORK_TO_EXEC_MS);
  }

  /** Takes the next step of each service's end, after each event. @returns Infinity: the waits of runit.ts poll */
  #tend(): number {
    const { loop, stop } = this.#context;
    if (stop.isHurried || loop.nowMs >= this.#patienceMs) this.#tellRest();
    this.#decideOnHeld();
    this.#tellOrphaned();
    this.#tellNext();
    this.#lookAgain();
    return Number.POSITIVE_INFINITY;
  }

  /** Whether all supervisors, and so all services and their log services, have ended. */
  areGone(): boolean {
    for (const { child } of this.#supervisors.values()) if (child.end === undefined) return false;
    for (const { child } of this.#services) if (child.end === undefined) return false;
    return !this.#logServices.some((process) => isAlive(this.#context.linux, process));
  }

  /**
   * Tells those to stop who keep a log service waiting: a child that a service left behind holds the other end of
   * its pipe, and it will not read the end of its input before that one is gone.
   */
  #tellHolders(): void {
    const { linux } = this.#context;
    const supervised = [...this.#supervisors].filter(([, { child }]) => child.end === undefined);
    const isBusy = ([pid]: readonly [number, Supervisor]) => serviceState(linux, pid)?.isDown !== true;
    if (this.#orphaned.length > 0 || this.#services.some(({ child }) => child.end === undefined)) return;
    if (supervised.some(isBusy)) return;
    const readers = [
      ...this.#logServices.map(({ pid }) => pid),
      ...supervised.map(([pid]) => logServicePid(linux, pid)),
    ];
    const others = descendants(allProcesses(linux), linux.getPid()).filter(
      ({ pid, isZombie }) =>
        !isZombie && !readers.includes(pid) && !this.#supervisors.has(pid) && !this.#holders.has(pid),
    );
    for (const process of pipeHolders(linux, readers, others)) {
      this.#holders.add(process.pid);
      this.#subtrees.signal(process);
    }
  }

  /**
   * Tells every service to stop, and its log service after it: all at once, but for those that others need, whose turn
   * comes when they have ended, or at half of the time.
   *
   * @param mayHaveNeeds false: none has a file `needs`, and none is looked for
   * @param deadlineMs when what is left is killed
   * @returns ends it: from then on no service is signalled
   */
  tellToStop(mayHaveNeeds: boolean, deadlineMs: number): () => void {
    const { linux, loop } = this.#context;
    this.#deadlineMs = deadlineMs;
    const supervisors = [...this.#supervisors];
    const graph: NeedsGraph = new Map(
      mayHaveNeeds ? supervisors.map(([pid, { service }]) => [service, needsOf(linux, `/proc/${pid}/cwd`)]) : [],
    );
    for (const [pid, { service }] of supervisors) {
      this.#supervisorsOf.set(service, [...(this.#supervisorsOf.get(service) ?? []), pid]);
    }
    this.#order = new StopOrder(graph, this.#supervisorsOf.keys(), (service) => this.#isRunning(service));
    this.#tellNext();
    this.#lookedMs = loop.nowMs;
    this.#patienceMs = (loop.nowMs + deadlineMs) / 2;
    this.#endWatches.push(loop.tendTo(() => this.#tend()));
    return () => {
      for (const end of this.#endWatches) end();
    };
  }

  /** Tells those, too, that others still need. */
  #tellRest(): void {
    for (const { neededBy, service } of this.#order?.rest() ?? []) {
      const who = neededBy.map(printable).join(", ");
      const words = neededBy.length === 1 ? "needs it, still runs" : "need it, still run";
      // It may be its turn in this very moment.
      if (who !== "") this.#context.log.warn(`${printable(service)} is told to stop while ${who}, which ${words}`);
      this.#tell(service);
    }
  }

  /** A service that was down before it was told is gone at once: one round may make room for another. */
  #tellNext(): void {
    for (let names = this.#order?.next() ?? []; names.length > 0; names = this.#order?.next() ?? []) {
      for (const name of names) this.#tell(name);
    }
  }

  #isRunning(service: string): boolean {
    const { linux } = this.#context;
    const isOf = (other: { readonly service: string }) => other.service === service;
    if (this.#orphaned.some(isOf)) return true;
    if (this.#services.some((each) => isOf(each) && each.child.end === undefined)) return true;
    return (this.#supervisorsOf.get(service) ?? []).some(
      (pid) => this.#supervisors.get(pid)?.child.end === undefined && serviceState(linux, pid)?.isDown !== true,
    );
  }

  /** @see runsv(8), signals */
  #tell(service: string): void {
    const { children, directories, linux, loop } = this.#context;
    this.#toldMs.set(service, loop.nowMs);
    for (const pid of this.#supervisorsOf.get(service) ?? []) {
      const supervisor = this.#supervisors.get(pid);
      if (supervisor === undefined) continue;
      const state = serviceState(linux, pid);
      const isLongLived = state !== undefined && !state.isDown && state.ageMs > LONG_LIVED_MS;
      if (isLongLived && isPlain(linux, pid)) {
        this.#standInFor(supervisor);
        continue;
      }
      const send = () => void children.signal(supervisor.child, SIGNAL.SIGTERM);
      const isUp = state !== undefined && !state.isDown && !state.isFinishing;
      const process = isUp ? readProcess(linux, state.pid) : undefined;
      const signal = hasOwnTerm(linux, pid) ? undefined : SIGNAL.SIGTERM;
      this.#subtrees.stop(process, signal, this.#deadlineMs, send);
      children.wake(supervisor.child);
      if (isLongLived) continue;
      const end = directories.add(superviseDirectory(pid), () => this.#holdIfDown(pid));
      if (end !== undefined) this.#endWatches.push(end);
      this.#young.add(pid);
      this.#holdIfDown(pid);
    }
  }

  /**
   * Does for a service what its runsv would: TERM, CONT, and the end of the log service's input. Four of
   * five writes to the disk that a stop costs are runsv's notes on states that nobody will read.
   */
  #standInFor({ child: runsv, service }: Supervisor): void {
    const { children, linux } = this.#context;
    const logService = logServicePid(linux, runsv.pid);
    for (const pid of childPids(linux, runsv.pid)) {
      const process = readProcess(linux, pid);
      if (process === undefined) continue;
      if (pid === logService) this.#logServices.push(process);
      else this.#orphaned.push({ runsv, process, service });
    }
    children.signal(runsv, SIGNAL.SIGKILL);
  }

  /** Services are told once their runsv is gone and cannot start them again. */
  #tellOrphaned(): void {
    const { children, linux } = this.#context;
    const isReady = ({ runsv }: { runsv: Child }) => runsv.end !== undefined;
    if (!this.#orphaned.some(isReady)) return;
    for (const { process, service } of this.#orphaned.filter(isReady)) {
      if (!isAlive(linux, process)) continue; // it ended by itself, and its runsv saw it
      const child = children.adopt(process.pid);
      this.#services.push({ child, process, service });
      this.#subtrees.stopChild(child, SIGNAL.SIGTERM, this.#deadlineMs, process);
    }
    this.#orphaned = this.#orphaned.filter((orphaned) => !isReady(orphaned));
  }

  /** Kills what still runs of the services, log services only `withLogs`: they have yet to hear the last words. */
  force({ withLogs }: { readonly withLogs: boolean }): void {
    for (const { process, service } of this.#services) {
      if (isAlive(this.#context.linux, process)) forceProcess(this.#context, process, service);
    }
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

  /** Puts on record how long each service took, with its log service: until its end, or until now. */
  record(startMs: number): void {
    const { linux, timeline } = this.#context;
    const nowMs = linux.monotonicMs();
    const ends = new Map<string, number>();
    for (const { child, service } of [...this.#supervisors.values(), ...this.#services]) {
      const endMs = child.end === undefined ? nowMs : (child.endedMs ?? nowMs);
      ends.set(service, Math.max(endMs, ends.get(service) ?? startMs));
    }
    for (const [service, endMs] of ends)
      timeline.addPart(serviceStep(service), this.#toldMs.get(service) ?? startMs, endMs);
  }

  /** For what makes no event. A watch tells nothing of a runsv that had not made its directory yet, nor of a log service that was not there yet. */
  #lookAgain(): void {
    const { nowMs } = this.#context.loop;
    if (nowMs - this.#lookedMs < POLL_INTERVAL_MS) return;
    this.#lookedMs = nowMs;
    for (const pid of this.#young) this.#holdIfDown(pid);
    this.#tellHolders();
  }

  /** @returns whether none is about to become a runsv */
  #takeOver(): boolean {
    const { children, linux } = this.#context;
    const self = linux.getPid();
    let isForking = false;
    // Twice: where one of our children ends while they are listed, the list may lack another.
    for (const pid of [...childPids(linux, self), ...childPids(linux, self)]) {
      if (this.#supervisors.has(pid)) continue;
      const supervisor = ownSupervisor(linux, pid);
      if (supervisor === "forking") isForking = true;
      else if (supervisor !== undefined) this.#supervisors.set(pid, { child: children.adopt(pid), ...supervisor });
    }
    return !isForking;
  }

  /**
   * runsv sleeps for a second after a service that ran for less than one, deaf to TERM, and then starts
   * it again before it listens. A runsv whose service is down has nothing left to do: it can go at once.
   * But it also says "down" in the instant before it starts the service; so it is stopped, looked at when
   * it is (which SIGCHLD tells), and then goes or goes on.
   */
  #holdIfDown(pid: number): void {
    const { children, linux } = this.#context;
    const runsv = this.#supervisors.get(pid)?.child;
    if (runsv === undefined || runsv.end !== undefined || this.#held.has(pid)) return;
    if (serviceState(linux, pid)?.isDown !== true) return;
    this.#held.set(pid, runsv);
    children.signal(runsv, SIGNAL.SIGSTOP);
  }

  /** Looks at those who are held; the log service of one that goes reads the end of its input and is ours to wait for. */
  #decideOnHeld(): void {
    const { children, linux } = this.#context;
    for (const [pid, runsv] of this.#held) {
      if (runsv.end === undefined && !readProcess(linux, pid)?.isStopped) continue;
      this.#held.delete(pid);
      const logService = logServicePid(linux, pid);
      if (serviceState(linux, pid)?.isDown !== true || this.#hasChildBut(pid, logService)) {
        children.signal(runsv, SIGNAL.SIGCONT);
        continue;
      }
      const log = logService === undefined ? undefined : readProcess(linux, logService);
      if (log !== undefined) this.#logServices.push(log);
      children.signal(runsv, SIGNAL.SIGKILL);
    }
  }

  #hasChildBut(pid: number, logService: number | undefined): boolean {
    const { linux } = this.#context;
    return childPids(linux, pid).some((child) => child !== logService && readProcess(linux, child)?.isZombie === false);
  }
}
