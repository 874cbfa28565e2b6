import { toEnviron } from "../../../core/container-env.ts";
import { SIGNAL } from "../../../core/signals.ts";
import type { Child } from "../../../linux/children.ts";
import { ERRNO, errorWords } from "../../../linux/errno.ts";
import { execFailure } from "../../../linux/exec-failure.ts";
import { fileFacts, isExecutable, MAKE_FILES } from "../../../linux/files.ts";
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
import { isBound } from "../../../linux/unix-sockets.ts";
import { type Context, waitInShutdown } from "../context.ts";
import { failureWords } from "../outcome.ts";
import { forceToExit } from "../shutdown/force.ts";

/** Becomes the system log daemon. Who deletes it wants none. */
export const SYSLOG_SCRIPT = "/etc/my_init.d/10_syslog-ng.init";

/** An image's own service for it, as phusion/baseimage had one until 2016. */
const OWN_SERVICE = "/etc/service/syslog-ng";

/** Given to the script after a start that failed: it looks for what syslog-ng refused. */
const AGAIN = "again";

/** Whose its lines are in a log that tells. */
const SERVICE = "syslog";

/** Where programs send their messages. @see syslog(3) */
const SOCKET = "/dev/log";
const SOCKET_DIRECTORY = "/dev";
const PID_FILE = "/run/syslog-ng.pid";

/** Where it keeps what it needs while it runs. */
const RUN_DIRECTORY = "/run";

const FORBIDDEN: readonly number[] = [-ERRNO.EACCES, -ERRNO.EROFS];

/** How long the boot waits for the socket, which takes ten milliseconds or so. */
const READY_MS = 5000;
const READY_IN_STOP_MS = 500;
/** How often to look for it where the kernel has no watch to give. */
const POLL_INTERVAL_MS = 2;

/** One that has listened for this long is started again at once; the others after a pause. */
const PROVEN_MS = 1000;
/** So is one that has run for this long: its configuration may listen elsewhere. */
const LONG_MS = 60_000;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/** The two of a daemon that only listens here: for messages, and for its control program. */
const LOCAL_SOCKETS = 2;

/** What a daemon has that is told to end in order: it may take a tenth of a second for it. */
const ORDERLY_MS = 300;

/**
 * The system log daemon: up before the first startup script, started again when it dies, down after all others,
 * so that neither the first message nor the last is lost. @see docs/reference/syslog.md, docs/adr/0008-syslog.md
 */
export class Syslog {
  readonly #context: Context;
  #child: Child | undefined;
  #startedMs = 0;
  /** Since when the present one listens. */
  #listensMs: number | undefined;
  #pauseMs = 0;
  /** When to start it again. */
  #dueMs = Number.POSITIVE_INFINITY;
  #endTending = () => {};

  constructor(context: Context) {
    this.#context = context;
  }

  /** Its pid while it runs. */
  get pid(): number | undefined {
    return this.#child?.end === undefined ? this.#child?.pid : undefined;
  }

  /**
   * Starts it where there is one, and waits until it listens. That it does not work is told, and stops nothing.
   *
   * @param hasServices whether services are going to be run
   */
  start(hasServices: boolean): void {
    const { directories, unavailable, linux, loop, log, stop } = this.#context;
    if (!isExecutable(linux, SYSLOG_SCRIPT)) return;
    if (
      hasServices &&
      isExecutable(linux, `${OWN_SERVICE}/run`) &&
      fileFacts(linux, `${OWN_SERVICE}/down`) === ERRNO.ENOENT
    ) {
      log.info(`"${OWN_SERVICE}" runs the system log daemon: no other is started`);
      return;
    }
    // Of another my_init in this container, say.
    if (fileFacts(linux, SOCKET) !== ERRNO.ENOENT && isBound(linux, SOCKET)) {
      log.info(`"${SOCKET}" is in use: no system log daemon is started`);
      return;
    }
    const errno = -linux.unlink(SOCKET); // left by one that is gone: nobody must take it for this one's
    if (errno !== 0 && errno !== ERRNO.ENOENT) {
      log.info(`"${SOCKET}" is not ours (${errorWords(errno)}): no system log daemon is started`);
      return;
    }
    for (const directory of [SOCKET_DIRECTORY, RUN_DIRECTORY]) {
      const answer = linux.access(directory, MAKE_FILES);
      if (!FORBIDDEN.includes(answer)) continue;
      unavailable.add("the system log", `${directory}: ${errorWords(-answer)}`);
      return;
    }
    const endWatch = directories.add(SOCKET_DIRECTORY, () => {});
    this.#spawn();
    const endTending = loop.tendTo(() => this.#tend());
    this.#endTending = () => {
      endTending();
      endWatch?.();
    };
    const startMs = loop.nowMs;
    // Also who is to stop already has shutdown scripts with something to say.
    const deadlineMs = () => startMs + (stop.signal === undefined ? READY_MS : READY_IN_STOP_MS);
    const pollIntervalMs = endWatch === undefined ? POLL_INTERVAL_MS : undefined;
    const isSettled = loop.waitUntil(() => this.#isUp() || this.pid === undefined, deadlineMs, pollIntervalMs);
    if (!isSettled && stop.signal === undefined) {
      log.warn(`no "${SOCKET}" ${READY_MS / 1000} seconds after ${SYSLOG_SCRIPT} was run; the boot goes on without it`);
    }
  }

  /**
   * Stops it, after it has written all that it was sent: nobody else is there that could send more.
   *
   * A daemon that is asleep, with room in its output and no connection to elsewhere, has nothing left to do. It is
   * killed: told to end in order, syslog-ng sleeps for a tenth of a second first, a good part of a short container's life.
   */
  stop(untilMs: number): void {
    const { children, linux, loop, streams } = this.#context;
    this.#endTending();
    children.reap();
    const child = this.#child;
    if (child === undefined || child.end !== undefined) return;
    children.wake(child);
    this.#endTrials(child);
    // Who writes for it goes after it, at the end of its input.
    const helpers = childPids(linux, child.pid).flatMap((pid) => readProcess(linux, pid) ?? []);
    // Also where those before it took all the time there was.
    const deadlineMs = Math.max(untilMs, loop.nowMs + ORDERLY_MS);
    const orderlyMs = deadlineMs - ORDERLY_MS / 2;
    const writers = () => [child, ...helpers.filter((helper) => isAlive(linux, helper))].map(({ pid }) => pid);
    const hasRoom = () => streams.hasRoom(SERVICE);
    const hasWrittenAll = () => child.end !== undefined || sleepThrough(linux, writers(), hasRoom);
    const isDone =
      waitInShutdown(this.#context, hasWrittenAll, orderlyMs, POLL_INTERVAL_MS) && this.#isLocal(child.pid);
    children.signal(child, isDone ? SIGNAL.SIGKILL : SIGNAL.SIGTERM);
    if (!waitInShutdown(this.#context, () => child.end !== undefined, deadlineMs)) forceToExit(this.#context, child);
    this.#removeTraces();
    const areGone = () => !helpers.some((helper) => isAlive(linux, helper));
    if (waitInShutdown(this.#context, areGone, deadlineMs)) return;
    for (const helper of helpers) signalProcess(linux, helper, SIGNAL.SIGKILL);
  }

  #isUp(): boolean {
    const facts = fileFacts(this.#context.linux, SOCKET);
    return typeof facts !== "number" && facts.type === "socket";
  }

  /** A script that still looks at rules has taken no message, and what it runs for that may take long. */
  #endTrials(script: Child): void {
    const { children, linux } = this.#context;
    if (this.#isUp() || !commandWords(linux, script.pid).includes(SYSLOG_SCRIPT)) return;
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

  /** What it leaves behind when it is killed: its pid can become somebody else's, who gets a signal meant for it then. */
  #removeTraces(): void {
    const { linux } = this.#context;
    linux.unlink(SOCKET);
    linux.unlink(PID_FILE);
  }

  #spawn(): void {
    const { children, environment, linux, log, loop, streams } = this.#context;
    const argv = this.#pauseMs > 0 ? [SYSLOG_SCRIPT, AGAIN] : [SYSLOG_SCRIPT];
    const program = { file: SYSLOG_SCRIPT, argv, environ: toEnviron(environment.current) };
    const child = streams.of(SERVICE, (each) =>
      children.spawn({ ...program, streams: each }, SPAWN.session | SPAWN.noInput),
    );
    this.#startedMs = loop.nowMs;
    this.#listensMs = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#child = typeof child === "number" ? undefined : child;
    if (typeof child === "number") log.warn(execFailure(linux, SYSLOG_SCRIPT, child));
  }

  /** Starts it again after it died. @returns when to be asked again */
  #tend(): number {
    const { loop, log } = this.#context;
    const { end, startError } = this.#child ?? {};
    if (end === undefined && this.#listensMs === undefined && this.#isUp()) this.#listensMs = loop.nowMs;
    if (end !== undefined) {
      this.#child = undefined;
      // It wants to be left alone, or has started a daemon that looks after itself.
      if (end.how === "exited" && end.code === 0) return this.#dueMs;
      if (startError !== undefined) return this.#dueMs; // a warning has said it, and another try would not help
      // Its script may have looked at rules for long before.
      const isProven =
        loop.nowMs - (this.#listensMs ?? loop.nowMs) >= PROVEN_MS || loop.nowMs - this.#startedMs >= LONG_MS;
      this.#pauseMs = isProven ? 0 : Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, this.#pauseMs * 2));
      this.#dueMs = loop.nowMs + this.#pauseMs;
      // What is sent meanwhile must fail, not wait for a reader.
      this.#removeTraces();
      const when = isProven ? "it is started again" : `it is tried again in ${this.#pauseMs / 1000} s`;
      log.warn(`the system log daemon ${failureWords(end)}; ${when}`);
    }
    if (loop.nowMs >= this.#dueMs) this.#spawn();
    return this.#dueMs;
  }
}
