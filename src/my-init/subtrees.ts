import { SIGNAL } from "../core/signals.ts";
import {
  allProcesses,
  childrenOf,
  commandWords,
  type Process,
  readProcess,
  signalEffect,
  signalProcess,
} from "../linux/processes.ts";
import type { Context } from "./context.ts";

/** They run a trap only after the program that they wait for has ended. */
const SHELLS = ["ash", "bash", "busybox", "dash", "ksh", "mksh", "sh", "yash", "zsh"];

/** A process that was told to stop, and the descendants that it had then. */
interface Subtree {
  readonly root: Process;
  readonly members: readonly Process[];
  /** When those that are left are told, too: half of the time for the root is over. */
  readonly dueMs: number;
}

/**
 * Sends TERM to the descendants of a process that was told to stop, if the process does not stop them itself: at once,
 * where it ignores the signal; at half of its time, where it is a shell or has ended and left them. A process that
 * handles TERM and is no shell stops its children as it likes.
 *
 * @see docs/adr/0016-children-of-stopped-processes.md
 */
export class Subtrees {
  readonly #context: Context;
  readonly #isUsed: boolean;
  /** Start times by pid of the descendants that got TERM. */
  readonly #told = new Map<number, number>();
  #waiting: Subtree[] = [];
  #nextMs = Number.POSITIVE_INFINITY;
  readonly #endTending: () => void;

  /** @param isUsed false: no descendant is signalled */
  constructor(context: Context, isUsed: boolean) {
    this.#context = context;
    this.#isUsed = isUsed;
    this.#endTending = context.loop.tendTo(() => this.#tend());
  }

  /**
   * Tells a process to stop, and then its descendants, at the time that is theirs.
   *
   * @param signal what the process gets; undefined: something else than a signal of ours
   * @param deadlineMs when it is killed
   * @param send sends it
   */
  stop(pid: number, signal: number | undefined, deadlineMs: number, send: () => void): void {
    const { linux, loop } = this.#context;
    const root = this.#isUsed ? readProcess(linux, pid) : undefined;
    if (root === undefined) {
      send();
      return;
    }
    const members = childrenOf(linux, root);
    for (const member of members) members.push(...childrenOf(linux, member));
    const dueMs = (loop.nowMs + deadlineMs) / 2;
    this.#waiting.push({ root, members, dueMs });
    this.#nextMs = Math.min(this.#nextMs, dueMs);
    const isAsked = members.length > 0 && signal !== undefined;
    const isDeaf = isAsked && signalEffect(linux, pid, signal) === "dropped";
    send();
    // Only now: its supervisor has been told that it is not to start it again when its children have ended.
    if (isDeaf) this.#tellChildren(root, members);
  }

  /** Sends TERM, once. */
  tell(process: Process): void {
    const { linux } = this.#context;
    if (this.isTold(process)) return;
    this.#told.set(process.pid, process.startTime);
    signalProcess(linux, process, SIGNAL.SIGTERM);
    if (process.isStopped) signalProcess(linux, process, SIGNAL.SIGCONT);
  }

  /** Whether a process got TERM from {@link tell}. */
  isTold({ pid, startTime }: Process): boolean {
    return this.#told.get(pid) === startTime;
  }

  /** Whether any process did. */
  get hasTold(): boolean {
    return this.#told.size > 0;
  }

  /** From here on no process is signalled. */
  end(): void {
    this.#endTending();
  }

  /** The children of a process that ignores TERM; theirs as well, where a child ignores it, too. */
  #tellChildren(parent: Process, members: readonly Process[]): void {
    for (const member of members) {
      if (member.parent !== parent.pid) continue;
      const isDeaf = signalEffect(this.#context.linux, member.pid, SIGNAL.SIGTERM) === "dropped";
      this.tell(member);
      if (isDeaf) this.#tellChildren(member, members);
    }
  }

  /** @returns when to be asked again */
  #tend(): number {
    const { loop, stop } = this.#context;
    const { nowMs } = loop;
    const isDue = ({ dueMs }: Subtree) => stop.isHurried || dueMs <= nowMs;
    if (this.#waiting.length === 0 || !(stop.isHurried || this.#nextMs <= nowMs)) return this.#nextMs;
    const due = this.#waiting.filter(isDue);
    this.#waiting = this.#waiting.filter((subtree) => !isDue(subtree));
    this.#nextMs = this.#waiting.reduce((least, { dueMs }) => Math.min(least, dueMs), Number.POSITIVE_INFINITY);
    this.#tellLeft(due);
    return this.#nextMs;
  }

  #tellLeft(subtrees: readonly Subtree[]): void {
    const living = new Map<number, Process>();
    const children = new Map<number, Process[]>();
    for (const process of allProcesses(this.#context.linux)) {
      if (process.isZombie) continue;
      living.set(process.pid, process);
      children.set(process.parent, [...(children.get(process.parent) ?? []), process]);
    }
    for (const { members, root } of subtrees) {
      const left = [root, ...members].flatMap(({ pid, startTime }) => {
        const now = living.get(pid);
        return now?.startTime === startTime ? [now] : [];
      });
      const pids = new Set(left.map(({ pid }) => pid));
      for (const process of left) {
        if (pids.has(process.parent)) continue; // reached from there, or that one's to stop
        if (process.pid !== root.pid) this.tell(process);
        this.#tellBelow(process, children);
      }
    }
  }

  #tellBelow(process: Process, children: ReadonlyMap<number, readonly Process[]>): void {
    if (this.#stopsItsOwn(process)) return;
    for (const child of children.get(process.pid) ?? []) {
      this.tell(child);
      this.#tellBelow(child, children);
    }
  }

  #stopsItsOwn({ pid }: Process): boolean {
    const { linux } = this.#context;
    const [word = ""] = commandWords(linux, pid);
    // A login shell's name begins with a dash.
    const name = word.slice(word.lastIndexOf("/") + 1);
    const isShell = SHELLS.includes(name.startsWith("-") ? name.slice(1) : name);
    return !isShell && signalEffect(linux, pid, SIGNAL.SIGTERM) === "handled";
  }
}
