// Tested by test/simulation/my-init.test.ts.
import { type NeedsGraph, needsOf } from "../../../container/needs.ts";
import { superviseDirectory } from "../../../container/runsv.ts";
import { printable } from "../../../core/printable.ts";
import { allProcesses, descendants, pipeHolders } from "../../../linux/processes.ts";
import { type Context, waitInShutdown } from "../context.ts";
import { forceToExit } from "../shutdown/force.ts";
import type { Subtrees } from "../shutdown/subtrees.ts";
import { StopOrder } from "./stop-order.ts";
import { StoppingService } from "./stopping-service.ts";
import { adoptSupervisors, type Supervisor } from "./supervisors.ts";

/** How often to look for what makes no event. */
const POLL_INTERVAL_MS = 20;

/** What finish scripts and log services have left after their services were killed. */
const FINISH_MS = 300;

/**
 * Stops all services of a runsvdir that has ended, and kills what is left at the deadline.
 *
 * @param haveFiles false: no service has a file `needs`, `stop-signal` or `stop-timeout`
 */
export function stopServices(context: Context, subtrees: Subtrees, deadlineMs: number, haveFiles: boolean): void {
  const { loop } = context;
  const supervisors = adoptSupervisors(context);
  const startMs = loop.nowMs;
  const services = new StoppingServices(context, subtrees, supervisors, haveFiles, deadlineMs);
  const areGone = () => services.areGone();
  if (!waitInShutdown(context, areGone, deadlineMs)) {
    services.force(false);
    if (!waitInShutdown(context, areGone, loop.nowMs + FINISH_MS)) {
      services.force(true);
      services.forceSupervisors();
    }
  }
  services.end();
  services.record(startMs);
}

/** All services while they are stopped. Each is asked to stop when no service that needs it runs, or at half of the time. */
class StoppingServices {
  readonly #context: Context;
  readonly #subtrees: Subtrees;
  readonly #haveFiles: boolean;
  readonly #byName = new Map<string, StoppingService[]>();
  readonly #all: readonly StoppingService[];
  readonly #order: StopOrder;
  /** When also the services are stopped that others still need. */
  readonly #restMs: number;
  readonly #ends: (() => void)[] = [];
  #lookedMs: number;

  constructor(
    context: Context,
    subtrees: Subtrees,
    supervisors: readonly Supervisor[],
    haveFiles: boolean,
    deadlineMs: number,
  ) {
    const { linux, loop } = context;
    this.#context = context;
    this.#subtrees = subtrees;
    this.#haveFiles = haveFiles;
    this.#all = supervisors.map((each) => new StoppingService(context, subtrees, each, deadlineMs));
    // A directory that was replaced by another of its name leaves two services of one name.
    for (const each of this.#all) this.#byName.set(each.name, [...(this.#byName.get(each.name) ?? []), each]);
    const graph: NeedsGraph = new Map(
      haveFiles ? supervisors.map(({ child, service }) => [service, needsOf(linux, `/proc/${child.pid}/cwd`)]) : [],
    );
    const isRunning = (name: string) => this.#byName.get(name)?.some((each) => each.isRunning) === true;
    this.#order = new StopOrder(graph, this.#byName.keys(), isRunning);
    this.#lookedMs = loop.nowMs;
    this.#restMs = (loop.nowMs + deadlineMs) / 2;
    this.#stopNext();
    this.#ends.push(loop.tendTo(() => this.#tend()));
  }

  /** Whether all services, log services and supervisors have ended. */
  areGone(): boolean {
    return this.#all.every(({ state }) => state === "gone");
  }

  /** Kills what still runs of the services, log services only `withLogs`. */
  force(withLogs: boolean): void {
    for (const each of this.#all) each.force(withLogs);
  }

  /** Kills the supervisors that are left. */
  forceSupervisors(): void {
    for (const { runsv } of this.#all) forceToExit(this.#context, runsv);
  }

  /** From here on no service is signalled. */
  end(): void {
    for (const end of this.#ends) end();
  }

  /** Puts on record how long each service took, with its log service: until its end, or until now. */
  record(startMs: number): void {
    const { loop, timeline } = this.#context;
    const { nowMs } = loop;
    for (const services of this.#byName.values()) {
      const times = services.map((each) => each.times);
      const stoppedMs = Math.min(...times.map((each) => each.stoppedMs ?? startMs));
      timeline.addPart(
        services[0]?.stepName ?? "",
        stoppedMs,
        Math.max(...times.map(({ endedMs }) => endedMs ?? nowMs)),
      );
    }
  }

  /** Takes the steps that are due. @returns when to be called at the latest */
  #tend(): number {
    const { nowMs } = this.#context.loop;
    const isTime = nowMs - this.#lookedMs >= POLL_INTERVAL_MS;
    // For young ones there is a watch; it misses changes if runsv had not made its directory yet.
    for (const each of this.#all) if (isTime || each.state !== "young") each.step();
    if (this.#context.stop.isHurried || nowMs >= this.#restMs) this.#stopRest();
    this.#stopNext();
    if (isTime) {
      this.#lookedMs = nowMs;
      for (const each of this.#all) {
        each.askAgain();
        each.forceIfLate();
      }
      this.#stopPipeHolders();
    }
    return this.#lookedMs + POLL_INTERVAL_MS;
  }

  /** Again and again: if a service is down already, the services that it needs are next. */
  #stopNext(): void {
    for (let names = this.#order.next(); names.length > 0; names = this.#order.next()) {
      for (const name of names) this.#stop(name);
    }
  }

  /** Stops the services that others still need. */
  #stopRest(): void {
    for (const { neededBy, service } of this.#order.rest()) {
      const dependants = neededBy.map(printable).join(", ");
      const words = neededBy.length === 1 ? "needs it, still runs" : "need it, still run";
      // It may be its turn in this very moment.
      if (dependants !== "") {
        this.#context.log.warn(`${printable(service)} is told to stop while ${dependants}, which ${words}`);
      }
      this.#stop(service);
    }
  }

  #stop(name: string): void {
    for (const each of this.#byName.get(name) ?? []) {
      each.stop(this.#haveFiles);
      if (each.state !== "young") continue;
      const end = this.#context.directories.add(superviseDirectory(each.runsv.pid), () => each.step());
      if (end !== undefined) this.#ends.push(end);
      each.step();
    }
  }

  /**
   * Sends TERM to the processes that keep log services waiting: a log service ends at the end of its input, and a
   * process that a service left behind holds the other end of that pipe.
   */
  #stopPipeHolders(): void {
    const { linux } = this.#context;
    if (this.#all.some(({ isRunning }) => isRunning)) return;
    const readers = this.#all.flatMap(({ logPid }) => logPid ?? []);
    const spared = [...readers, ...this.#all.map(({ runsv }) => runsv.pid)];
    const others = descendants(allProcesses(linux), linux.getPid()).filter(
      (process) => !process.isZombie && !spared.includes(process.pid) && !this.#subtrees.isSignalled(process),
    );
    for (const process of pipeHolders(linux, readers, others)) this.#subtrees.signal(process);
  }
}
