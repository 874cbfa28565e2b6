import { SIGNAL } from "../../../core/signals.ts";
import { ERRNO } from "../../../linux/errno.ts";
import {
  allProcesses,
  descendants,
  ignoresSignal,
  type Process,
  readProcess,
  signalEffect,
  signalProcess,
  wakeProcess,
} from "../../../linux/processes.ts";
import { type Context, waitInShutdown } from "../context.ts";
import { forceProcess, waitForKilled, warnUntouchable } from "./force.ts";
import type { Subtrees } from "./subtrees.ts";

/** To kill(2): every process but this one and PID 1; in a namespace of our own that is everyone else in it. */
const EVERYONE = -1;

/** No signal: kill(2) only says whether there is somebody. */
const ANYBODY = 0;

/** How long those who obey take; after that it is worth looking who is left. */
const OBEDIENT_MS = 50;

/** How often to look for processes that were started since: nothing else tells of them. */
const POLL_INTERVAL_MS = 100;

/** How often while they are killed: who forks as fast as it can must not outrun us. */
const LOOK_AGAIN_FORCING_MS = 2;

/** How many looks it may take to stop who forks meanwhile. */
const STOP_PASSES = 50;

/** A child of ours that all the others may still need: it is stopped after them. */
interface Spared {
  /** Undefined where it does not run. */
  readonly pid: number | undefined;
}

/** Tells all that is left but those who are `spared` to end, waits for it, and kills what does not go by the deadline. */
export function stopRemainingProcesses(
  context: Context,
  subtrees: Subtrees,
  deadlineMs: number,
  spared: readonly Spared[],
): void {
  context.log.info("Killing all processes...");
  const rest = new Rest(context, subtrees, spared, deadlineMs);
  if (!rest.tell()) return;
  const soonMs = Math.min(deadlineMs, context.loop.nowMs + OBEDIENT_MS);
  if (waitInShutdown(context, () => rest.isGone(), soonMs)) return;
  rest.hangUp();
  if (waitInShutdown(context, () => rest.isGone(), deadlineMs, POLL_INTERVAL_MS)) return;

  context.log.warn("Not all processes have exited in time. Forcing them to exit.");
  rest.force();
  if (!waitForKilled(context, () => rest.isGone(), LOOK_AGAIN_FORCING_MS)) {
    context.log.warn("Some processes are left: they obey no signal.");
  }
}

/**
 * All processes but us that are ours to end. As PID 1 those are all in the namespace, also what
 * `docker exec` started, which is nobody's descendant here; otherwise our descendants and no others.
 */
class Rest {
  readonly #context: Context;
  readonly #subtrees: Subtrees;
  readonly #spared: readonly Spared[];
  readonly #isInit: boolean;
  readonly #self: number;
  /** Start times by pid of those told, so that each is told once. */
  readonly #told = new Map<number, number>();
  /** Those of them who are not known to be gone. */
  readonly #notGone = new Set<number>();
  /** Those who are not our children and whose end a pidfd will tell. */
  readonly #awaited = new Map<number, number>();
  /** Those that we have not the right to signal: not ours to end, and so not to be waited for. */
  readonly #untouchable = new Map<number, number>();
  /** Until when who was started by somebody who has been told is left to them. */
  readonly #patientMs: number;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #isForcing = false;

  constructor(context: Context, subtrees: Subtrees, spared: readonly Spared[], deadlineMs: number) {
    this.#context = context;
    this.#subtrees = subtrees;
    this.#spared = spared;
    const { nowMs } = context.loop;
    this.#patientMs = nowMs + (deadlineMs - nowMs) / 2;
    this.#self = context.linux.getPid();
    this.#isInit = this.#self === 1;
  }

  /** TERM, and CONT for those who are stopped and could not handle it. @returns whether there is anybody */
  tell(): boolean {
    const { children, linux } = this.#context;
    children.reap();
    if (!this.#isInit && children.isEmpty) return false;
    if (!this.#isInit && readProcess(linux, this.#self) === undefined) return this.#tellNobody();
    if (this.#isInit && linux.kill(EVERYONE, ANYBODY) === -ERRNO.ESRCH) return false;
    // Listed before the kill: who is forked after it, by a handler of TERM say, must be told too.
    const living = this.#living();
    const readers = this.#readers(living);
    const isForAll = this.#isForAll() && readers.size === 0;
    for (const process of living) {
      if (readers.has(process.pid)) continue;
      if (!isForAll) {
        // A second TERM is an order to hurry for many a program.
        if (!this.#subtrees.isSignalled(process)) this.#tellOne(process);
      } else if (linux.kill(process.pid, ANYBODY) === -ERRNO.EPERM) this.#leaveAlone(process);
      this.#noteTold(process);
    }
    if (isForAll) {
      linux.kill(EVERYONE, SIGNAL.SIGTERM);
      for (const process of living) wakeProcess(linux, process);
      if (living.length === 0) linux.kill(EVERYONE, SIGNAL.SIGCONT); // without /proc
    }
    this.#lookedMs = this.#context.loop.nowMs;
    const hasOthers = this.#untouchable.size > 0 || this.#sparesAny;
    // Who was told may have forked and ended since: one look would not see its child.
    return !hasOthers || this.#told.size > 0 || this.#living().length > 0;
  }

  /** Without /proc nobody knows the pids of descendants, and so no signal can be sent: they have a moment, and are left alone. */
  #tellNobody(): false {
    const { children, log, loop } = this.#context;
    if (waitInShutdown(this.#context, () => children.isEmpty, loop.nowMs + OBEDIENT_MS)) return false;
    log.warn('cannot stop the processes that are left: "/proc" does not show them; mount it');
    return false;
  }

  /** Whether one signal can go to all at once, as the kernel offers it to PID 1: to all, whoever is spared too. */
  #isForAll(): boolean {
    return this.#isInit && !this.#sparesAny && !this.#subtrees.hasSignalled;
  }

  get #sparesAny(): boolean {
    return this.#spared.some(({ pid }) => pid !== undefined);
  }

  /** A shell at a terminal is deaf to TERM; that its terminal went away it understands. */
  hangUp(): void {
    const { linux } = this.#context;
    for (const process of this.#living()) {
      if (process.hasTerminal && ignoresSignal(linux, process.pid, SIGNAL.SIGTERM)) {
        signalProcess(linux, process, SIGNAL.SIGHUP);
        wakeProcess(linux, process);
      }
    }
  }

  /** Whether nobody is left. */
  isGone(): boolean {
    const { children, loop } = this.#context;
    if (children.isEmpty) return this.#strangersAreGone();
    const isTime = loop.nowMs - this.#lookedMs >= (this.#isForcing ? LOOK_AGAIN_FORCING_MS : POLL_INTERVAL_MS);
    if (this.#sparesAny) return (isTime || !this.#isAnyThere()) && this.#strangersAreGone();
    if (!isTime) return false;
    this.#tellNew();
    return this.#untouchable.size > 0 && this.#living().length === 0;
  }

  /**
   * Whether one of those who were told is there still, alive or not reaped. Who is spared always is a child, and
   * nothing else says cheaply that it is the last: reading /proc for each end would take the square of their number.
   */
  #isAnyThere(): boolean {
    const { linux } = this.#context;
    for (const pid of this.#notGone) {
      if (linux.kill(pid, ANYBODY) !== -ERRNO.ESRCH) return true;
      this.#notGone.delete(pid);
    }
    return false;
  }

  /** KILL, with a warning for each. */
  force(): void {
    const { linux } = this.#context;
    this.#isForcing = true;
    const isForAll = this.#isForAll();
    if (!isForAll) this.#holdStill();
    for (const process of this.#living()) {
      forceProcess(this.#context, process);
      this.#noteTold(process);
    }
    if (isForAll) linux.kill(EVERYONE, SIGNAL.SIGKILL);
  }

  /** Stops all, until none is new: who is stopped forks no child that the last look would miss. */
  #holdStill(): void {
    const stopped = new Map<number, number>();
    for (let pass = 0; pass < STOP_PASSES; pass++) {
      const moving = this.#living().filter(({ pid, startTime }) => stopped.get(pid) !== startTime);
      if (moving.length === 0) return;
      for (const process of moving) {
        signalProcess(this.#context.linux, process, SIGNAL.SIGSTOP);
        stopped.set(process.pid, process.startTime);
      }
    }
  }

  /** Processes that are not our children end without a word to us: a pidfd says it. */
  #strangersAreGone(): boolean {
    if (!this.#isInit && this.#context.children.isEmpty) return true;
    const { linux, loop } = this.#context;
    // Reading /proc is no snapshot: one who forks and ends meanwhile hides its child. kill(2) sees all at
    // once, but also the dead whom the engine has not reaped; a second look settles that.
    const strangers = this.#living();
    if (strangers.length === 0) return linux.kill(EVERYONE, ANYBODY) < 0 || this.#living().length === 0;
    this.#tellNew();
    for (const { parent, pid, startTime } of strangers) {
      if (parent !== 0 || this.#awaited.get(pid) === startTime) continue;
      const fd = linux.pidfdOpen(pid);
      if (fd < 0) continue; // gone meanwhile, or no pidfds here: the next look tells
      this.#awaited.set(pid, startTime);
      loop.watch(fd, () => loop.unwatch(fd));
    }
    return false;
  }

  #tellNew(): void {
    const living = this.#living();
    const byPid = new Map(living.map((process) => [process.pid, process]));
    // Where all have been told, nobody's pipes are looked at.
    const readers = this.#readers(living.every((process) => this.#isTold(process)) ? [] : living);
    for (const process of living) {
      if (this.#isTold(process)) {
        if (process.isStopped) signalProcess(this.#context.linux, process, SIGNAL.SIGCONT); // it stopped since
        continue;
      }
      if (readers.has(process.pid) || this.#isHelping(process, byPid)) continue;
      this.#tellOne(process);
      this.#noteTold(process);
    }
    this.#lookedMs = this.#context.loop.nowMs;
  }

  /**
   * Pids of the processes that read the last words of others: `logger` in `server | logger`. Such a process ends when
   * its input ends; if it does not, it gets TERM then.
   */
  #readers(living: readonly Process[]): ReadonlySet<number> {
    const { nowMs } = this.#context.loop;
    if (this.#isForcing || nowMs >= this.#patientMs) return new Set();
    return this.#subtrees.pipeReaders.among(living, nowMs);
  }

  #isTold({ pid, startTime }: Process): boolean {
    return this.#told.get(pid) === startTime;
  }

  /**
   * Whether a process that has been told started it, and is there still: what a handler of TERM starts (to save, to say
   * goodbye) is its last work. When its parent is gone it is handed over to us, and told. A process that ignores TERM
   * has no handler.
   */
  #isHelping(process: Process, byPid: ReadonlyMap<number, Process>): boolean {
    if (this.#isForcing || this.#context.loop.nowMs >= this.#patientMs) return false;
    const parent = byPid.get(process.parent);
    if (parent === undefined || !(this.#isTold(parent) || this.#isHelping(parent, byPid))) return false;
    return signalEffect(this.#context.linux, parent.pid, SIGNAL.SIGTERM) !== "dropped";
  }

  #tellOne(process: Process): void {
    const { linux } = this.#context;
    if (!signalProcess(linux, process, this.#isForcing ? SIGNAL.SIGKILL : SIGNAL.SIGTERM)) this.#leaveAlone(process);
    else wakeProcess(linux, process);
  }

  #noteTold({ pid, startTime }: Process): void {
    this.#told.set(pid, startTime);
    if (this.#untouchable.get(pid) !== startTime) this.#notGone.add(pid);
  }

  #leaveAlone(process: Process): void {
    this.#untouchable.set(process.pid, process.startTime);
    warnUntouchable(this.#context, process);
  }

  #living(): Process[] {
    const all = allProcesses(this.#context.linux);
    const ours = this.#isInit ? all.filter(({ pid }) => pid !== this.#self) : descendants(all, this.#self);
    const spared = new Set<number>();
    for (const { pid } of this.#spared) {
      if (pid !== undefined) for (const each of [{ pid }, ...descendants(all, pid)]) spared.add(each.pid);
    }
    return ours.filter(
      ({ isZombie, pid, startTime }) => !isZombie && !spared.has(pid) && this.#untouchable.get(pid) !== startTime,
    );
  }
}
