import { toEnviron } from "../../../core/container-env.ts";
import { SIGNAL } from "../../../core/signals.ts";
import type { Child } from "../../../linux/children.ts";
import { execFailure } from "../../../linux/exec-failure.ts";
import { isExecutable } from "../../../linux/files.ts";
import { SPAWN } from "../../../linux/linux.ts";
import {
  allProcesses,
  childPids,
  commandWords,
  countSockets,
  descendants,
  isAlive,
  readProcess,
  signalProcess,
  sleepThrough,
} from "../../../linux/processes.ts";
import { type Context, waitInShutdown } from "../context.ts";
import { failureWords } from "../outcome.ts";
import { Daemon } from "./daemon.ts";
import { hasSocket, makeRoom, removeTraces, SOCKET, SOCKET_DIRECTORY } from "./syslog-socket.ts";

/** Executes the system log daemon. An image without the script has none. */
export const SYSLOG_SCRIPT = "/etc/my_init.d/10_syslog-ng.init";

/** Given to the script after a start that failed: it looks for what syslog-ng refused. */
const AGAIN = "again";

/** Its name in a log whose lines name their service. */
const SERVICE = "syslog";

/** How long the boot waits for the socket, which takes ten milliseconds or so. */
const READY_MS = 5000;
const READY_IN_STOP_MS = 500;
/** How often to look for it where the kernel has no watch to give. */
const POLL_INTERVAL_MS = 2;

/** A daemon that listened for this long did its work. */
const PROVEN_MS = 1000;
/** So did a daemon that ran for this long: its configuration may have it listen elsewhere. */
const LONG_MS = 60_000;
const LONGEST_PAUSE_MS = 60_000;

/** The two of a daemon that only listens here: for messages, and for its control program. */
const LOCAL_SOCKETS = 2;

/** The time that a daemon has at least to end after TERM. syslog-ng takes a tenth of a second. */
const ORDERLY_MS = 300;

/**
 * The system log daemon: up before the first startup script, started again when it dies, down after all others,
 * so that neither the first message nor the last is lost. @see docs/reference/syslog.md, docs/adr/0008-syslog.md
 */
export class Syslog {
  readonly #context: Context;
  readonly #daemon: Daemon;
  /** Since when the present one listens. */
  #listensMs: number | undefined;
  #endTending = () => {};

  constructor(context: Context) {
    this.#context = context;
    this.#daemon = new Daemon(context, {
      start: (pauseMs) => this.#start(pauseMs),
      hasWorked: (startedMs) => this.#hasWorked(startedMs),
      onEnd: (child, pauseMs) => this.#onEnd(child, pauseMs),
      longestPauseMs: LONGEST_PAUSE_MS,
      retryMs: Number.POSITIVE_INFINITY,
    });
  }

  /** Its pid while it runs. */
  get pid(): number | undefined {
    return this.#daemon.pid;
  }

  /**
   * Starts it where there is one, and waits until it listens. A failure is logged, and stops nothing.
   *
   * @param hasServices whether services are going to be run
   */
  start(hasServices: boolean): void {
    const { directories, linux, loop, log, stop } = this.#context;
    if (!(isExecutable(linux, SYSLOG_SCRIPT) && makeRoom(this.#context, hasServices))) return;
    const endWatch = directories.add(SOCKET_DIRECTORY, () => {});
    this.#daemon.start();
    const endTending = loop.tendTo(() => this.#tend());
    this.#endTending = () => {
      endTending();
      endWatch?.();
    };
    const startMs = loop.nowMs;
    // If a stop was requested already, there are still shutdown scripts with something to log.
    const deadlineMs = () => startMs + (stop.signal === undefined ? READY_MS : READY_IN_STOP_MS);
    const pollIntervalMs = endWatch === undefined ? POLL_INTERVAL_MS : undefined;
    const isSettled = loop.waitUntil(() => hasSocket(linux) || this.pid === undefined, deadlineMs, pollIntervalMs);
    if (!isSettled && stop.signal === undefined) {
      log.warn(`no "${SOCKET}" ${READY_MS / 1000} seconds after ${SYSLOG_SCRIPT} was run; the boot goes on without it`);
    }
  }

  /**
   * Stops it, after it has written all that it was sent: all programs that could send more are gone.
   *
   * A daemon that is asleep, with room in its output and no connection to elsewhere, has nothing left to do. It is
   * killed: after TERM, syslog-ng first sleeps for a tenth of a second, a good part of a short container's life.
   */
  stop(untilMs: number): void {
    const { children, linux, loop, streams } = this.#context;
    this.#endTending();
    children.reap();
    const { child } = this.#daemon;
    if (child === undefined || child.end !== undefined) return;
    children.wake(child);
    this.#endTrials(child);
    // Its helpers, which write for it, end after it, at the end of their input.
    const helpers = childPids(linux, child.pid).flatMap((pid) => readProcess(linux, pid) ?? []);
    // At least this long, even if the steps before took all the time.
    const deadlineMs = Math.max(untilMs, loop.nowMs + ORDERLY_MS);
    const orderlyMs = deadlineMs - ORDERLY_MS / 2;
    const writers = () => [child, ...helpers.filter((helper) => isAlive(linux, helper))].map(({ pid }) => pid);
    const hasRoom = () => streams.hasRoom(SERVICE);
    const hasWrittenAll = () => child.end !== undefined || sleepThrough(linux, writers(), hasRoom);
    const isDone =
      waitInShutdown(this.#context, hasWrittenAll, orderlyMs, POLL_INTERVAL_MS) && this.#isLocal(child.pid);
    if (!isDone) {
      children.signal(child, SIGNAL.SIGTERM);
      waitInShutdown(this.#context, () => child.end !== undefined, deadlineMs);
    }
    this.#daemon.end(isDone);
    removeTraces(linux);
    const areGone = () => !helpers.some((helper) => isAlive(linux, helper));
    if (waitInShutdown(this.#context, areGone, deadlineMs)) return;
    for (const helper of helpers) signalProcess(linux, helper, SIGNAL.SIGKILL);
  }

  /** A script that still looks at rules has taken no message, and what it runs for that may take long. */
  #endTrials(script: Child): void {
    const { children, linux } = this.#context;
    if (hasSocket(linux) || !commandWords(linux, script.pid).includes(SYSLOG_SCRIPT)) return;
    const trials = descendants(allProcesses(linux), script.pid);
    children.signal(script, SIGNAL.SIGKILL);
    for (const trial of trials) signalProcess(linux, trial, SIGNAL.SIGKILL);
  }

  /** Whether it only takes messages and writes them to what is here. */
  #isLocal(pid: number): boolean {
    const { linux } = this.#context;
    const sockets = countSockets(linux, pid);
    return sockets !== undefined && sockets <= LOCAL_SOCKETS && readProcess(linux, pid)?.threads === 1;
  }

  /** @returns the child, or the errno (above zero) with which it could not be started; the reason was logged */
  #start(pauseMs: number): Child | number {
    const { children, environment, linux, log, streams } = this.#context;
    const argv = pauseMs > 0 ? [SYSLOG_SCRIPT, AGAIN] : [SYSLOG_SCRIPT];
    const program = { file: SYSLOG_SCRIPT, argv, environ: toEnviron(environment.current) };
    const child = streams.of(SERVICE, (each) =>
      children.spawn({ ...program, streams: each }, SPAWN.session | SPAWN.noInput),
    );
    this.#listensMs = undefined;
    if (typeof child === "number") log.warn(execFailure(linux, SYSLOG_SCRIPT, child));
    return child;
  }

  /** Its script may have looked at rules for long before it listened. */
  #hasWorked(startedMs: number): boolean {
    const { nowMs } = this.#context.loop;
    return nowMs - (this.#listensMs ?? nowMs) >= PROVEN_MS || nowMs - startedMs >= LONG_MS;
  }

  #onEnd({ end, startError }: Child, pauseMs: number): boolean {
    // With status 0 it wants to be left alone, or has started a daemon that looks after itself.
    if (end === undefined || (end.how === "exited" && end.code === 0)) return false;
    if (startError !== undefined) return false; // a warning was logged, and another try would not help
    // What is sent meanwhile must fail, not wait for a reader.
    removeTraces(this.#context.linux);
    const when = pauseMs === 0 ? "it is started again" : `it is tried again in ${pauseMs / 1000} s`;
    this.#context.log.warn(`the system log daemon ${failureWords(end)}; ${when}`);
    return true;
  }

  #tend(): number {
    const isUp = this.pid !== undefined && this.#listensMs === undefined && hasSocket(this.#context.linux);
    if (isUp) this.#listensMs = this.#context.loop.nowMs;
    return this.#daemon.tend();
  }
}
