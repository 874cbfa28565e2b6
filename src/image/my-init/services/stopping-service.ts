import { isPlain, logServicePid, runningService, serviceState } from "../../../container/runsv.ts";
import { SIGNAL } from "../../../core/signals.ts";
import type { Child } from "../../../linux/children.ts";
import { childPids, isAlive, type Process, readProcess } from "../../../linux/processes.ts";
import type { Context } from "../context.ts";
import { forceProcess } from "../shutdown/force.ts";
import type { Subtrees } from "../shutdown/subtrees.ts";
import { type RunsvChildren, runsvChildren } from "./runsv-children.ts";
import { type HowToStop, howToStop } from "./stop-control.ts";
import type { State } from "./stop-state.ts";
import type { Supervisor } from "./supervisors.ts";

/** runsv starts a service that ran for less than a second only a second later; the status has whole seconds. */
const LONG_LIVED_MS = 3000;

/** A service whose runsvdir is gone, while it is stopped. @see docs/adr/0005-runsv-handed-over.md */
export class StoppingService {
  readonly name: string;
  readonly runsv: Child;
  readonly #context: Context;
  readonly #subtrees: Subtrees;
  readonly #deadlineMs: number;
  #state: State = "supervised";
  #stoppedMs: number | undefined;
  #how: HowToStop | undefined;
  /** When its service is killed: at the deadline, or before. */
  #killMs: number;
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
    this.#killMs = deadlineMs;
  }

  get state(): State {
    return this.#state;
  }

  /** What its stop is called in the record of the shutdown: `service web`, or `service web (SIGQUIT, at most 3 s)`. */
  get stepName(): string {
    return `service ${this.name}${this.#how?.words ?? ""}`;
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

  /** Asks it to stop. @param hasRules false: it has no file for its stop @see runsv(8), signals */
  stop(hasRules = true): void {
    const { children, linux, loop } = this.#context;
    const { pid } = this.runsv;
    this.#stoppedMs = loop.nowMs;
    this.#how = howToStop(linux, pid, hasRules);
    this.#killMs = Math.min(this.#deadlineMs, loop.nowMs + this.#how.limitMs);
    const state = serviceState(linux, pid);
    const isLongLived = state !== undefined && !state.isDown && state.ageMs > LONG_LIVED_MS;
    if (isLongLived && isPlain(linux, pid)) {
      // We do runsv's work: it would record each step, and these files are four of five disk writes of a stop.
      this.#release();
      return;
    }
    const send = () => void children.signal(this.runsv, SIGNAL.SIGTERM);
    this.#subtrees.stop(runningService(linux, pid), this.#how.signal, this.#killMs, send);
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
      forceProcess(this.#context, process, this);
    }
  }

  /** Asks runsv again to end if its service is down: after `sv down`, which a finish script may call, runsv would stay. */
  askAgain(): void {
    if (this.#state === "stopping" && this.#isDown) this.#context.children.signal(this.runsv, SIGNAL.SIGTERM);
  }

  /** Kills its service, and no finish script, if its own time limit is over. */
  forceIfLate(): void {
    const { children, linux, loop } = this.#context;
    if (loop.nowMs < this.#killMs || this.#killMs === this.#deadlineMs) return;
    children.reap();
    const adopted = isAtWork(this.#service) ? readProcess(linux, this.#service.pid) : undefined;
    const process = isAtWork(this.runsv) ? runningService(linux, this.runsv.pid) : adopted;
    if (process === undefined || process.isZombie) return;
    this.#killMs = this.#deadlineMs;
    forceProcess(this.#context, process, this);
  }

  get #isDown(): boolean {
    return serviceState(this.#context.linux, this.runsv.pid)?.isDown === true;
  }

  /**
   * runsv sleeps for a second after a service that ran for less than one; it does not react to TERM then, and starts the
   * service again before it does. If its service is down and it has no child, it has nothing left to do.
   */
  #releaseOrResume(): void {
    if (this.#isDown && runsvChildren(this.#context.linux, this.runsv.pid).service === undefined) this.#release();
    else {
      this.#context.children.signal(this.runsv, SIGNAL.SIGCONT);
      this.#state = "young";
    }
  }

  /** Kills runsv, to do its work: TERM and CONT to the service, and the end of the log service's input. */
  #release(): void {
    this.#left = runsvChildren(this.#context.linux, this.runsv.pid);
    this.#context.children.signal(this.runsv, SIGNAL.SIGKILL);
    this.#state = "released";
  }

  /** runsv cannot start the service again now. A process that has ended meanwhile is left out: another may have its pid. */
  #adopt(): void {
    const { children, linux } = this.#context;
    const adopt = (process: Process | undefined) =>
      process !== undefined && isAlive(linux, process) ? children.adopt(process.pid) : undefined;
    this.#log = adopt(this.#left?.log);
    this.#service = adopt(this.#left?.service);
    if (this.#service !== undefined) {
      this.#subtrees.stopChild(this.#service, this.#how?.signal ?? SIGNAL.SIGTERM, this.#killMs);
    }
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
