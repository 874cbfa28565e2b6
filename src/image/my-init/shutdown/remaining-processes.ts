// Tested by test/process/shutdown.test.ts, test/simulation/my-init.test.ts.
import { SIGNAL } from "../../../core/signals.ts";
import { allProcesses, descendants, type Process, signalProcess, wakeProcess } from "../../../linux/processes.ts";
import type { Context } from "../context.ts";
import { warnUntouchable } from "./force.ts";

/** How many looks it may take to stop processes that fork meanwhile. */
const STOP_PASSES = 50;

/** A child of ours that all the others may still need: it is stopped after them. */
export interface Spared {
  /** Undefined where it does not run. */
  readonly pid: number | undefined;
}

/**
 * All processes but us that are ours to end. As PID 1 those are all processes of the namespace, also what `docker exec`
 * started, which is no descendant of ours; otherwise they are our descendants.
 */
export class RemainingProcesses {
  /** Whether we are PID 1. */
  readonly isInit: boolean;
  readonly #context: Context;
  readonly #spared: readonly Spared[];
  readonly #self: number;
  /** Start times by pid of processes that we may not signal: they are not waited for. */
  readonly #untouchable = new Map<number, number>();
  /** Start times by pid of the processes that have a pidfd. */
  readonly #watched = new Map<number, number>();

  constructor(context: Context, spared: readonly Spared[]) {
    this.#context = context;
    this.#spared = spared;
    this.#self = context.linux.getPid();
    this.isInit = this.#self === 1;
  }

  /** Whether a child of ours is spared that runs. */
  get sparesAny(): boolean {
    return this.#spared.some(({ pid }) => pid !== undefined);
  }

  /** Whether any process was left alone. */
  get hasUntouchable(): boolean {
    return this.#untouchable.size > 0;
  }

  /** The living ones, without spared children, their descendants, and processes that are left alone. */
  living(): Process[] {
    const all = allProcesses(this.#context.linux);
    const ours = this.isInit ? all.filter(({ pid }) => pid !== this.#self) : descendants(all, this.#self);
    const spared = new Set<number>();
    for (const { pid } of this.#spared) {
      if (pid !== undefined) for (const each of [{ pid }, ...descendants(all, pid)]) spared.add(each.pid);
    }
    return ours.filter((process) => !process.isZombie && !spared.has(process.pid) && !this.isUntouchable(process));
  }

  /** Whether a process was left alone. */
  isUntouchable({ pid, startTime }: Process): boolean {
    return this.#untouchable.get(pid) === startTime;
  }

  /** Leaves a process alone from here on that we may not signal, with a warning. */
  leaveAlone(process: Process): void {
    this.#untouchable.set(process.pid, process.startTime);
    warnUntouchable(this.#context, process);
  }

  /** Sends a signal, and CONT to a process that is stopped and could not handle it. */
  signal(process: Process, signal: number): void {
    const { linux } = this.#context;
    if (!signalProcess(linux, process, signal)) this.leaveAlone(process);
    else wakeProcess(linux, process);
  }

  /** Has the event loop wake at the end of processes that are no children of ours, by a pidfd: no SIGCHLD comes. */
  watchStrangers(living: readonly Process[]): void {
    const { linux, loop } = this.#context;
    for (const { parent, pid, startTime } of living) {
      if (parent !== 0 || this.#watched.get(pid) === startTime) continue;
      const fd = linux.pidfdOpen(pid);
      if (fd < 0) continue; // gone meanwhile, or no pidfds here: the next look finds out
      this.#watched.set(pid, startTime);
      loop.watch(fd, () => loop.unwatch(fd));
    }
  }

  /** Stops all by SIGSTOP, until none is new: a process that is stopped forks no child that the last look would miss. */
  suspend(): void {
    const stopped = new Map<number, number>();
    for (let pass = 0; pass < STOP_PASSES; pass++) {
      const moving = this.living().filter(({ pid, startTime }) => stopped.get(pid) !== startTime);
      if (moving.length === 0) return;
      for (const process of moving) {
        signalProcess(this.#context.linux, process, SIGNAL.SIGSTOP);
        stopped.set(process.pid, process.startTime);
      }
    }
  }
}
