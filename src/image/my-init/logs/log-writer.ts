import { makeFifo, OWN_LOG, OWN_PROGRAMS, ownerOfFifo } from "../../../container/log-fifos.ts";
import type { LogFormat } from "../../../container/log-line.ts";
import type { Child } from "../../../linux/children.ts";
import { errorWords } from "../../../linux/errno.ts";
import { hasReader, removeTree } from "../../../linux/files.ts";
import { type Linux, SPAWN } from "../../../linux/linux.ts";
import { hasRoom } from "../../../linux/output.ts";
import { makePrivateDirectory, PLACES, privateDirectories } from "../../../linux/private-directory.ts";
import { sleepThrough } from "../../../linux/processes.ts";
import { STDERR, STDOUT } from "../../../linux/program.ts";
import { type Context, waitInShutdown } from "../context.ts";
import { failureWords } from "../outcome.ts";
import { Daemon } from "./daemon.ts";
import { readLogFormat } from "./log-format.ts";

const NAME = "log_lines";

/** The containers of a Kubernetes pod share /dev/shm, and in each my_init may be PID 1. */
const MAX_DIRECTORIES = 16;

/** A log writer that ran for this long did its work. */
const PROVEN_MS = 1000;
/** Programs wait meanwhile as soon as their FIFO is full. */
const LONGEST_PAUSE_MS = 1000;

/** How often to look whether it has nothing left to do. */
const POLL_INTERVAL_MS = 5;

/** How often it is started again if it dies while it is waited for. */
const LAST_STARTS = 3;

/** The time that it has at least to write the last lines. */
const LAST_LINES_MS = 300;

/**
 * The one program that writes the container's log if its lines name their service: up before all others, started
 * again when it dies, down after all others. @see docs/adr/0013-log-lines.md
 */
export class LogWriter {
  readonly #context: Context;
  #format: LogFormat = "plain";
  #directory = "";
  #ownFd = -1;
  #lastStarts = LAST_STARTS;
  readonly #daemon: Daemon;
  #endTending = () => {};

  constructor(context: Context) {
    const { loop } = context;
    this.#context = context;
    this.#daemon = new Daemon(context, {
      start: (_, isFirst) => this.#start(isFirst),
      hasWorked: (startedMs) => loop.nowMs - startedMs >= PROVEN_MS,
      onEnd: (child, pauseMs) => this.#onEnd(child, pauseMs),
      longestPauseMs: LONGEST_PAUSE_MS,
      retryMs: LONGEST_PAUSE_MS,
    });
  }

  /** Its pid while it runs. */
  get pid(): number | undefined {
    return this.#daemon.pid;
  }

  /** Whether there is one, dead or alive, that has to be stopped. */
  get isUsed(): boolean {
    return this.#ownFd >= 0;
  }

  /**
   * Decides how log lines look, and starts it where that takes one. Until then messages are kept.
   *
   * @param hasOthers whether anything is started that prints beside the command
   */
  start(hasOthers: boolean): void {
    const { environment, unavailable, log } = this.#context;
    this.#format = readLogFormat(environment.current, (message) => log.warn(message));
    const reason = this.#format === "plain" || !hasOthers ? "" : this.#prepare();
    if (this.isUsed) return;
    if (reason !== "") unavailable.add(this.#format === "json" ? "LOG_FORMAT=json" : "LOG_PREFIX=yes", reason);
    log.write(this.#format);
  }

  /** @returns why it cannot be used; empty where it can */
  #prepare(): string {
    const { linux, log, loop, streams } = this.#context;
    const directory = makeDirectory(linux);
    if (directory === undefined) return `${PLACES.join(", ")} cannot be written`;
    this.#directory = directory;
    const path = `${directory}/${OWN_LOG}`;
    const errno = -makeFifo(linux, path);
    if (errno === 0) streams.hold(path);
    const fd = errno === 0 ? linux.openToAppend(path) : -errno;
    const started = fd < 0 ? -fd : this.#daemon.start();
    if (started !== 0) {
      streams.release();
      if (fd >= 0) linux.close(fd);
      removeTree(linux, directory);
      return errorWords(started);
    }
    this.#ownFd = fd;
    streams.useDirectory(directory);
    log.sendTo(fd);
    this.#endTending = loop.tendTo(() => this.#daemon.tend());
    return "";
  }

  /**
   * Stops it, after it has written all that it was sent: all others are gone, unless `killsAll` is false; then it is left
   * to the others.
   */
  stop(untilMs: number, killsAll: boolean): void {
    if (!this.isUsed) return;
    const { linux, log, loop, streams } = this.#context;
    this.#endTending();
    this.#endTending = loop.tendTo(() => this.#restart());
    const deadlineMs = Math.max(untilMs, loop.nowMs + LAST_LINES_MS);
    const isSent = waitInShutdown(this.#context, () => !this.#isAtWork || !log.isBehind, deadlineMs);
    // It waits for our end of the FIFO. What we log until it is gone comes after what it writes.
    log.keep();
    linux.close(this.#ownFd);
    this.#ownFd = -1;
    const wait = (isDone: () => boolean) =>
      waitInShutdown(this.#context, () => !this.#isAtWork || isDone(), deadlineMs, POLL_INTERVAL_MS);
    const isDone = isSent && wait(() => this.#hasReadAll()) && wait(() => this.#isIdle());
    this.#endTending();
    if (this.#isAtWork && isDone && !killsAll) {
      log.write(this.#format);
      return;
    }
    this.#daemon.end(isDone);
    log.write(this.#format, streams.takeRest(`${this.#directory}/${OWN_LOG}`));
    streams.release();
    removeTree(linux, this.#directory);
  }

  get #isAtWork(): boolean {
    return this.pid !== undefined;
  }

  /** Starts it again if it died in the shutdown, immediately, at most LAST_STARTS times. @returns when to be called at the latest */
  #restart(): number {
    const end = this.#daemon.child?.end;
    const hasFinished = end?.how === "exited" && end.code === 0;
    if (!this.#isAtWork && !hasFinished && this.#lastStarts-- > 0) this.#daemon.start();
    return Number.POSITIVE_INFINITY;
  }

  /** Whether it has read all that was printed. The look itself may wake it. */
  #hasReadAll(): boolean {
    const { linux, streams } = this.#context;
    const names = linux.listDir(this.#directory);
    const isRead = (name: string) => ownerOfFifo(name) === undefined || streams.isEmpty(`${this.#directory}/${name}`);
    return typeof names !== "number" && names.every(isRead);
  }

  /** Whether it only waits for processes that may print more. */
  #isIdle(): boolean {
    const { linux } = this.#context;
    const { pid } = this;
    return pid !== undefined && sleepThrough(linux, [pid], () => hasRoom(linux, [STDOUT, STDERR]));
  }

  #start(isFirst: boolean): Child | number {
    const argv = [NAME, this.#format, this.#directory, ...(isFirst ? [] : ["again"])];
    const program = { file: `${OWN_PROGRAMS}/${NAME}`, argv, environ: [] };
    return this.#context.children.spawn(program, SPAWN.session | SPAWN.noInput);
  }

  /** What was printed meanwhile is in the FIFOs. */
  #onEnd({ end }: Child, pauseMs: number): boolean {
    const when = pauseMs === 0 ? "" : ` in ${pauseMs / 1000} s`;
    if (end !== undefined) this.#context.log.warn(`${NAME} ${failureWords(end)}; it is started again${when}`);
    return true;
  }
}

/** Makes the directory of the FIFOs, in the place of what a container that was stopped has left. */
function makeDirectory(linux: Linux): string | undefined {
  for (let number = 1; number <= MAX_DIRECTORIES; number++) {
    const name = `my_init-logs-${linux.getPid()}${number === 1 ? "" : `.${number}`}`;
    const old = privateDirectories(linux, [name]);
    // Read by another my_init with our number, in a container that shares this place with ours.
    if (old.some((path) => hasReader(linux, `${path}/${OWN_LOG}`))) continue;
    for (const path of old) removeTree(linux, path);
    return makePrivateDirectory(linux, [name]);
  }
  return undefined;
}
