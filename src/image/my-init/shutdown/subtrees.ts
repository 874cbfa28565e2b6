import { isShell } from "../../../core/shells.ts";
import { SIGNAL } from "../../../core/signals.ts";
import type { Child } from "../../../linux/children.ts";
import {
  allProcesses,
  childrenOf,
  commandWords,
  groupByParent,
  type Process,
  readProcess,
  signalEffect,
  signalProcess,
  wakeProcess,
} from "../../../linux/processes.ts";
import type { Context } from "../context.ts";
import { PipeReaders } from "./pipe-readers.ts";
import type { Subtree } from "./subtree.ts";
import { WaitingReaders } from "./waiting-readers.ts";

/**
 * Sends TERM to the descendants of a process that is stopped, if the process does not stop them itself: immediately, if it
 * ignores the signal; at half of its time, if it is a shell or has ended and left them. A process that handles the signal
 * and is no shell stops its children itself.
 *
 * @see docs/adr/0015-children-of-stopped-processes.md
 */
export class Subtrees {
  /** The rest of the shutdown stops these later, too. */
  readonly pipeReaders: PipeReaders;
  readonly #context: Context;
  readonly #isUsed: boolean;
  /** Start times by pid of the descendants that got TERM. */
  readonly #signalled = new Map<number, number>();
  #waiting: Subtree[] = [];
  readonly #readers: WaitingReaders;
  readonly #endTending: () => void;

  /** @param isUsed false: no descendant is signalled */
  constructor(context: Context, isUsed: boolean) {
    this.#context = context;
    this.pipeReaders = new PipeReaders(context.linux);
    this.#readers = new WaitingReaders(context, this.pipeReaders);
    this.#isUsed = isUsed;
    this.#endTending = context.loop.tendTo(() => this.#tend());
  }

  /** Stops a child by `signal`, and its descendants when that is due. The other parameters: see {@link stop}. */
  stopChild(
    child: Child,
    signal: number,
    deadlineMs: number,
    process = readProcess(this.#context.linux, child.pid),
  ): void {
    const { children } = this.#context;
    this.stop(process, signal, deadlineMs, () => {
      children.signal(child, signal);
      children.wake(child);
    });
  }

  /**
   * Stops a process by `send`, and its descendants when that is due.
   *
   * @param root undefined: it is gone
   * @param signal the signal that `send` sends to it; undefined: it is stopped by other means
   * @param deadlineMs when it is killed
   */
  stop(root: Process | undefined, signal: number | undefined, deadlineMs: number, send: () => void): void {
    const { linux, loop } = this.#context;
    if (root === undefined || !this.#isUsed) {
      send();
      return;
    }
    const members = childrenOf(linux, root);
    for (const member of members) members.push(...childrenOf(linux, member));
    const dueMs = (loop.nowMs + deadlineMs) / 2;
    const subtree = { root, members, signal: signal ?? SIGNAL.SIGTERM, dueMs, deadlineMs };
    this.#waiting.push(subtree);
    const isAsked = members.length > 0 && signal !== undefined;
    const isDeaf = isAsked && signalEffect(linux, root.pid, signal) === "dropped";
    send();
    // Only now: it ends with its children, and its runsv must know by then that it is not to start it again.
    if (isDeaf) this.#signalChildren(root, subtree, this.pipeReaders.among(members, loop.nowMs));
  }

  /** Sends TERM, once. */
  signal(process: Process): void {
    const { linux } = this.#context;
    if (this.isSignalled(process)) return;
    this.#signalled.set(process.pid, process.startTime);
    signalProcess(linux, process, SIGNAL.SIGTERM);
    wakeProcess(linux, process);
  }

  /** Whether a process got TERM from {@link signal}. */
  isSignalled({ pid, startTime }: Process): boolean {
    return this.#signalled.get(pid) === startTime;
  }

  /** Whether any process did. */
  get hasSignalled(): boolean {
    return this.#signalled.size > 0;
  }

  /** From here on no process is signalled. */
  end(): void {
    this.#endTending();
  }

  /** Signals the children of a process that ignores TERM, and theirs where a child ignores it, too. */
  #signalChildren(parent: Process, subtree: Subtree, readers: ReadonlySet<number>): void {
    const { deadlineMs, members } = subtree;
    for (const member of members) {
      if (member.parent !== parent.pid) continue;
      const isDeaf = signalEffect(this.#context.linux, member.pid, SIGNAL.SIGTERM) === "dropped";
      if (!this.#signalUnlessReader(member, members, readers, deadlineMs)) continue;
      if (isDeaf) this.#signalChildren(member, subtree, readers);
    }
  }

  /**
   * Sends TERM, but to a reader only when its writers are gone.
   *
   * @param readers pids of the readers among `members`
   * @returns whether it was sent
   */
  #signalUnlessReader(
    process: Process,
    members: readonly Process[],
    readers: ReadonlySet<number>,
    deadlineMs: number,
  ): boolean {
    if (!readers.has(process.pid)) {
      this.signal(process);
      return true;
    }
    this.#readers.add(process, members, deadlineMs);
    return false;
  }

  /** @returns when to be called at the latest */
  #tend(): number {
    const { loop, stop } = this.#context;
    for (const process of this.#readers.takeDue()) this.signal(process);
    const isDue = ({ dueMs }: Subtree) => stop.isHurried || dueMs <= loop.nowMs;
    const due = this.#waiting.filter(isDue);
    if (due.length > 0) {
      this.#waiting = this.#waiting.filter((subtree) => !isDue(subtree));
      this.#signalLeft(due);
    }
    return this.#waiting.reduce((least, { dueMs }) => Math.min(least, dueMs), this.#readers.nextMs);
  }

  #signalLeft(subtrees: readonly Subtree[]): void {
    const processes = allProcesses(this.#context.linux).filter(({ isZombie }) => !isZombie);
    const living = new Map(processes.map((process) => [process.pid, process]));
    const children = groupByParent(processes);
    for (const { deadlineMs, members, root, signal } of subtrees) {
      const left = [root, ...members].flatMap(({ pid, startTime }) => {
        const now = living.get(pid);
        return now?.startTime === startTime ? [now] : [];
      });
      const pids = new Set(left.map(({ pid }) => pid));
      const readers = this.pipeReaders.among(left, this.#context.loop.nowMs);
      const send = (process: Process) => this.#signalUnlessReader(process, left, readers, deadlineMs);
      for (const process of left) {
        if (pids.has(process.parent)) continue; // it is reached from there, if it is not its parent's to stop
        const got = process.pid === root.pid ? signal : SIGNAL.SIGTERM;
        if (process.pid === root.pid || send(process)) this.#signalBelow(process, got, children, pids, send);
      }
    }
  }

  /**
   * @param signal what the process got
   * @param earlier pids of the descendants that were there when the root was stopped
   * @param send sends TERM; answers whether it did
   */
  #signalBelow(
    process: Process,
    signal: number,
    children: ReadonlyMap<number, readonly Process[]>,
    earlier: ReadonlySet<number>,
    send: (process: Process) => boolean,
  ): void {
    const { linux } = this.#context;
    const isHandled = signalEffect(linux, process.pid, signal) === "handled";
    if (isHandled && !isShell(commandWords(linux, process.pid)[0])) return;
    for (const child of children.get(process.pid) ?? []) {
      // What a trap has started is the shell's last work.
      if (isHandled && !earlier.has(child.pid)) continue;
      if (send(child)) this.#signalBelow(child, SIGNAL.SIGTERM, children, earlier, send);
    }
  }
}
