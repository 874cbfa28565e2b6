import { isPlain, logServicePid, serviceState } from "../../../container/runsv.ts";
import { SIGNAL } from "../../../core/signals.ts";
import type { Child } from "../../../linux/children.ts";
import { childPids, isAlive, type Process, readProcess } from "../../../linux/processes.ts";
import type { Context } from "../context.ts";
import { forceProcess } from "../shutdown/force.ts";
import type { Subtrees } from "../shutdown/subtrees.ts";
import { hasOwnTerm } from "./essential.ts";
import type { Supervisor } from "./supervisors.ts";

/**
 * Where a service is on the way to its end:
 *
 *     supervised -+-> stopping ------------------------------------------------> gone
 *                 +-> young <--> inspected -+
 *                 +-------------------------+-> released -> adopted -> draining -> gone
 *
 * stop() leads from `supervised`, step() from all others. From each of the first four, the end of its runsv leads to
 * `gone`. A state is left out where nothing of it is left: without a log service, there is no `draining`.
 */
export type State =
  /** It was not asked to stop yet: runsv starts it again when it ends. */
  | "supervised"
  /** runsv got TERM: it stops the service, then the log service, and ends. */
  | "stopping"
  /** The same, but runsv may sleep for a second first: the service is down, or may have run for less than a second. */
  | "young"
  /** runsv is stopped, to see whether it has anything left to do. */
  | "inspected"
  /** runsv was killed. The kernel is about to hand us its children. */
  | "released"
  /** The service is our child, and got TERM. */
  | "adopted"
  /** The service has ended. The log service, our child, reads the end of its input. */
  | "draining"
  /** Nothing is left of it. */
  | "gone";

/** runsv starts a service that ran for less than a second only a second later; the status has whole seconds. */
const LONG_LIVED_MS = 3000;

/** The processes that a runsv has started: of its service, its finish script or a control script; of the log service. */
interface RunsvChildren {
  readonly service: Process | undefined;
  readonly log: Process | undefined;
}

/** A service whose runsvdir is gone, while it is stopped. @see docs/adr/0005-runsv-handed-over.md */
export class StoppingService {
  readonly name: string;
  readonly runsv: Child;
  readonly #context: Context;
  readonly #subtrees: Subtrees;
  readonly #deadlineMs: number;
  #state: State = "supervised";
  #stoppedMs: number | undefined;
  /** What runsv left, once it was killed. */
  #left: RunsvChildren | undefined;
  #service: Child | undefined;
  #log: Child | undefined;

  /** @param deadlineMs when what is left is killed */
  constructor(context: Context, subtrees: Subtrees, { child, service }: Supervisor, deadlineMs: number) {
    this.#context = context;
    this.#subtrees = subtrees;
    this.runsv = child;
    this.name = service;
    this.#deadlineMs = deadlineMs;
  }

  get state(): State {
    return this.#state;
  }

  /** Whether its service or finish script runs. */
  get isRunning(): boolean {
    if (this.#left === undefined) return isAtWork(this.runsv) && !this.#isDown;
    return this.#state === "released" ? this.#left.service !== undefined : this.#state === "adopted";
  }

  /** The pid of its log service; undefined where it has none. */
  get logPid(): number | undefined {
    return this.#left === undefined ? logServicePid(this.#context.linux, this.runsv.pid) : this.#left.log?.pid;
  }

  /** When it was asked to stop, and when the last of its processes ended; undefined: it was not, they have not. */
  get times(): { readonly stoppedMs: number | undefined; readonly endedMs: number | undefined } {
    const children = [this.runsv, this.#service, this.#log];
    const endedMs = Math.max(...children.map((child) => child?.endedMs ?? 0));
    return { stoppedMs: this.#stoppedMs, endedMs: children.some(isAtWork) ? undefined : endedMs };
  }

  /** Takes the next step if it is time for it. To be called after each event; while `young`, at intervals: it makes events. */
  step(): void {
    const { children, linux } = this.#context;
    if (this.#left === undefined && !isAtWork(this.runsv)) this.#state = "gone";
    switch (this.#state) {
      case "young":
        if (!this.#isDown) break;
        // runsv writes "down" also in the instant before it starts the service: it has to be looked at while it is stopped.
        children.signal(this.runsv, SIGNAL.SIGSTOP);
        this.#state = "inspected";
        break;
      case "inspected":
        if (readProcess(linux, this.runsv.pid)?.isStopped) this.#releaseOrResume();
        break;
      case "released":
        if (!isAtWork(this.runsv)) this.#adopt();
        break;
      case "adopted":
      case "draining":
        this.#state = this.#stateOfLeft();
    }
  }

  /** Asks it to stop. @see runsv(8), signals */
  stop(): void {
    const { children, linux, loop } = this.#context;
    const { pid } = this.runsv;
    this.#stoppedMs = loop.nowMs;
    const state = serviceState(linux, pid);
    const isLongLived = state !== undefined && !state.isDown && state.ageMs > LONG_LIVED_MS;
    if (isLongLived && isPlain(linux, pid)) {
      // We do runsv's work: it would record each step, and these files are four of five disk writes of a stop.
      this.#release();
      return;
    }
    const isUp = state !== undefined && !state.isDown && !state.isFinishing;
    const process = isUp ? readProcess(linux, state.pid) : undefined;
    const signal = hasOwnTerm(linux, pid) ? undefined : SIGNAL.SIGTERM;
    this.#subtrees.stop(process, signal, this.#deadlineMs, () => void children.signal(this.runsv, SIGNAL.SIGTERM));
    children.wake(this.runsv);
    this.#state = isLongLived ? "stopping" : "young";
  }

  /** Kills what runs of it: the log service only `withLog`, as it has the last lines to write. */
  force(withLog: boolean): void {
    const { children, linux } = this.#context;
    children.reap();
    const adopted = [this.#service, this.#log].flatMap((child) => (isAtWork(child) ? [child.pid] : []));
    const pids = isAtWork(this.runsv) ? childPids(linux, this.runsv.pid) : adopted;
    for (const pid of pids) {
      const process = readProcess(linux, pid);
      if (process === undefined || process.isZombie || (pid === this.logPid && !withLog)) continue;
      forceProcess(this.#context, process, this.name);
    }
  }

  get #isDown(): boolean {
    return serviceState(this.#context.linux, this.runsv.pid)?.isDown === true;
  }

  /**
   * runsv sleeps for a second after a service that ran for less than one; it does not react to TERM then, and starts the
   * service again before it does. If its service is down and it has no child, it has nothing left to do.
   */
  #releaseOrResume(): void {
    if (this.#isDown && this.#children().service === undefined) this.#release();
    else {
      this.#context.children.signal(this.runsv, SIGNAL.SIGCONT);
      this.#state = "young";
    }
  }

  /** Kills runsv, to do its work: TERM and CONT to the service, and the end of the log service's input. */
  #release(): void {
    this.#left = this.#children();
    this.#context.children.signal(this.runsv, SIGNAL.SIGKILL);
    this.#state = "released";
  }

  #children(): RunsvChildren {
    const { linux } = this.#context;
    const { logPid } = this;
    const living = childPids(linux, this.runsv.pid)
      .flatMap((pid) => readProcess(linux, pid) ?? [])
      .filter(({ isZombie }) => !isZombie);
    return { service: living.find(({ pid }) => pid !== logPid), log: living.find(({ pid }) => pid === logPid) };
  }

  /** runsv cannot start the service again now. A process that has ended meanwhile is left out: another may have its pid. */
  #adopt(): void {
    const { children, linux } = this.#context;
    const adopt = (process: Process | undefined) =>
      process !== undefined && isAlive(linux, process) ? children.adopt(process.pid) : undefined;
    this.#log = adopt(this.#left?.log);
    this.#service = adopt(this.#left?.service);
    if (this.#service !== undefined) this.#subtrees.stopChild(this.#service, SIGNAL.SIGTERM, this.#deadlineMs);
    this.#state = this.#stateOfLeft();
  }

  #stateOfLeft(): State {
    if (isAtWork(this.#service)) return "adopted";
    return isAtWork(this.#log) ? "draining" : "gone";
  }
}

function isAtWork(child: Child | undefined): child is Child {
  return child !== undefined && child.end === undefined;
}
