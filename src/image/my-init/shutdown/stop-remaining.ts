// Tested by test/process/shutdown.test.ts, test/simulation/my-init.test.ts.
import { SIGNAL } from "../../../core/signals.ts";
import { ERRNO } from "../../../linux/errno.ts";
import { ignoresSignal, type Process, readProcess, signalProcess, wakeProcess } from "../../../linux/processes.ts";
import { type Context, waitInShutdown } from "../context.ts";
import { forceProcess, waitForKilled } from "./force.ts";
import { LastWork } from "./last-work.ts";
import { RemainingProcesses, type Spared } from "./remaining-processes.ts";
import type { Subtrees } from "./subtrees.ts";

/** To kill(2): every process but this one and PID 1; from PID 1 all others of its namespace. */
const ALL = -1;

/** No signal: kill(2) only checks that there is a process. */
const PROBE = 0;

/** How long obedient processes take; after that it is worth looking what is left. */
const OBEDIENT_MS = 50;

/** How often to look for new processes, which make no event. */
const POLL_INTERVAL_MS = 100;

/** The same while they are killed: a process that forks as fast as it can must not outrun us. */
const FORCING_INTERVAL_MS = 2;

/** Sends TERM to all remaining processes but the `spared`, waits for their end, and kills what is left at the deadline. */
export function stopRemainingProcesses(
  context: Context,
  subtrees: Subtrees,
  deadlineMs: number,
  spared: readonly Spared[],
): void {
  const { log, loop } = context;
  log.info("Killing all processes...");
  const remaining = new RemainingStop(context, subtrees, new RemainingProcesses(context, spared), deadlineMs);
  if (!remaining.begin()) return;
  const endTending = loop.tendTo(() => remaining.tend());
  const areGone = () => remaining.areGone;
  if (!waitInShutdown(context, areGone, Math.min(deadlineMs, loop.nowMs + OBEDIENT_MS))) {
    remaining.hangUp();
    if (!waitInShutdown(context, areGone, deadlineMs)) {
      log.warn("Not all processes have exited in time. Forcing them to exit.");
      remaining.force();
      if (!waitForKilled(context, areGone)) log.warn("Some processes are left: they obey no signal.");
    }
  }
  endTending();
}

/** The stop of the remaining processes. */
class RemainingStop {
  readonly #context: Context;
  readonly #subtrees: Subtrees;
  readonly #processes: RemainingProcesses;
  /** Start times by pid of the processes that were signalled, so that each is signalled once. */
  readonly #signalled = new Map<number, number>();
  /** Pids of these that are not known to be gone. */
  readonly #notGone = new Set<number>();
  readonly #lastWork: LastWork;
  #lookedMs = 0;
  #isForcing = false;
  #areGone = false;

  constructor(context: Context, subtrees: Subtrees, processes: RemainingProcesses, deadlineMs: number) {
    this.#context = context;
    this.#subtrees = subtrees;
    this.#processes = processes;
    this.#lastWork = new LastWork(context, subtrees, deadlineMs);
  }

  /** Whether none was left at the last look. */
  get areGone(): boolean {
    return this.#areGone;
  }

  /** Sends TERM to all. @returns whether there is any to wait for */
  begin(): boolean {
    const { children, linux, loop } = this.#context;
    const { isInit } = this.#processes;
    children.reap();
    if (!isInit && children.isEmpty) return false;
    if (!isInit && readProcess(linux, linux.getPid()) === undefined) return this.#warnWithoutProc();
    if (isInit && linux.kill(ALL, PROBE) === -ERRNO.ESRCH) return false;
    // Listed before the kill: a process that is forked after it, by a handler of TERM say, must be signalled too.
    const living = this.#processes.living();
    const readers = this.#lastWork.readers(living);
    const isForAll = this.#isForAll && readers.size === 0;
    for (const process of living) {
      if (readers.has(process.pid)) continue;
      // A second TERM is an order to hurry for many a program.
      if (!isForAll && !this.#subtrees.isSignalled(process)) this.#processes.signal(process, SIGNAL.SIGTERM);
      if (isForAll && linux.kill(process.pid, PROBE) === -ERRNO.EPERM) this.#processes.leaveAlone(process);
      this.#note(process);
    }
    if (isForAll) {
      linux.kill(ALL, SIGNAL.SIGTERM);
      for (const process of living) wakeProcess(linux, process);
      if (living.length === 0) linux.kill(ALL, SIGNAL.SIGCONT); // without /proc
    }
    this.#lookedMs = loop.nowMs;
    const hasOthers = this.#processes.hasUntouchable || this.#processes.sparesAny;
    // A signalled process may have forked and ended since: one look would not see its child.
    return !hasOthers || this.#signalled.size > 0 || this.#processes.living().length > 0;
  }

  /** Without /proc the pids of descendants are unknown, and no signal can be sent: they have a moment, and are left alone. */
  #warnWithoutProc(): false {
    const { children, log, loop } = this.#context;
    if (waitInShutdown(this.#context, () => children.isEmpty, loop.nowMs + OBEDIENT_MS)) return false;
    log.warn('cannot stop the processes that are left: "/proc" does not show them; mount it');
    return false;
  }

  /** Whether one signal can go to all, as the kernel offers it to PID 1: it spares no process. */
  get #isForAll(): boolean {
    return this.#processes.isInit && !this.#processes.sparesAny && !this.#subtrees.hasSignalled;
  }

  /** Sends HUP to interactive shells: they ignore TERM, but end when their terminal goes away. */
  hangUp(): void {
    for (const process of this.#processes.living()) {
      const isShell = process.hasTerminal && ignoresSignal(this.#context.linux, process.pid, SIGNAL.SIGTERM);
      if (isShell) this.#processes.signal(process, SIGNAL.SIGHUP);
    }
  }

  /** Sends KILL to all, with a warning for each. */
  force(): void {
    const { linux } = this.#context;
    this.#isForcing = true;
    this.#lastWork.end();
    const isForAll = this.#isForAll;
    if (!isForAll) this.#processes.suspend();
    for (const process of this.#processes.living()) {
      forceProcess(this.#context, process);
      this.#note(process);
    }
    if (isForAll) linux.kill(ALL, SIGNAL.SIGKILL);
  }

  /** Looks what is left where that can have changed. @returns when to be called at the latest */
  tend(): number {
    const { children, loop } = this.#context;
    const { isInit, sparesAny } = this.#processes;
    const intervalMs = this.#isForcing ? FORCING_INTERVAL_MS : POLL_INTERVAL_MS;
    if (sparesAny) this.#dropGone();
    const isTime = loop.nowMs - this.#lookedMs >= intervalMs;
    if (!isInit && children.isEmpty) this.#areGone = true;
    else if (isTime || children.isEmpty || (sparesAny && this.#notGone.size === 0)) this.#look();
    return this.#lookedMs + intervalMs;
  }

  /**
   * Forgets processes that are gone. A spared process is a child, and so there is no cheap sign that all others are gone:
   * reading /proc for each end would take the square of their number.
   */
  #dropGone(): void {
    for (const pid of this.#notGone) {
      if (this.#context.linux.kill(pid, PROBE) !== -ERRNO.ESRCH) return;
      this.#notGone.delete(pid);
    }
  }

  #look(): void {
    const { children, linux, loop } = this.#context;
    this.#lookedMs = loop.nowMs;
    const living = this.#processes.living();
    if (living.length > 0) {
      this.#signalNew(living);
      this.#processes.watchStrangers(living);
    } else if (children.isEmpty || this.#processes.sparesAny || this.#processes.hasUntouchable) {
      // Reading /proc is no snapshot: a process that forks and ends meanwhile hides its child. kill(2) sees all, but also
      // zombies that the container engine has not reaped; a second look settles that.
      this.#areGone = linux.kill(ALL, PROBE) < 0 || this.#processes.living().length === 0;
    }
  }

  #signalNew(living: readonly Process[]): void {
    const byPid = new Map(living.map((process) => [process.pid, process]));
    const isSignalled = ({ pid, startTime }: Process) => this.#signalled.get(pid) === startTime;
    // Where all have been signalled, no pipes are looked at.
    const readers = this.#lastWork.readers(living.every(isSignalled) ? [] : living);
    for (const process of living) {
      if (isSignalled(process)) {
        if (process.isStopped) signalProcess(this.#context.linux, process, SIGNAL.SIGCONT); // it stopped since
        continue;
      }
      if (readers.has(process.pid) || this.#lastWork.isHelper(process, byPid, isSignalled)) continue;
      this.#processes.signal(process, this.#isForcing ? SIGNAL.SIGKILL : SIGNAL.SIGTERM);
      this.#note(process);
    }
  }

  #note(process: Process): void {
    this.#signalled.set(process.pid, process.startTime);
    if (!this.#processes.isUntouchable(process)) this.#notGone.add(process.pid);
  }
}
