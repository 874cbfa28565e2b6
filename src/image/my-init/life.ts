// Tested by src/image/my-init/main.test.ts.
import type { Supervision } from "../../container/phase-record.ts";
import { exitStatus } from "../../core/child-end.ts";
import { printable } from "../../core/printable.ts";
import { SIGNAL } from "../../core/signals.ts";
import type { Child } from "../../linux/children.ts";
import { readProcess } from "../../linux/processes.ts";
import { Failure } from "../../linux/sys-error.ts";
import { Boot } from "./boot.ts";
import { reportCommand, startCommand } from "./command.ts";
import type { Context } from "./context.ts";
import { hasMore, type Options } from "./options.ts";
import { failureWords, killedWords, type Outcome, statusOf, stopRequested } from "./outcome.ts";
import { type EndedService, endedService } from "./services/essential.ts";
import { shutDown } from "./shutdown/shutdown.ts";

const NO_DEADLINE = () => Number.POSITIVE_INFINITY;

/** One container from its first step to its last: boot, run, shutdown. @see docs/reference/my_init.md */
export class Life {
  readonly #context: Context;
  readonly #options: Options;
  readonly #boot: Boot;
  #command: Child | undefined;

  constructor(context: Context, options: Options) {
    this.#context = context;
    this.#options = options;
    this.#boot = new Boot(context, options);
  }

  /** The command, while it runs: signals are forwarded to it. */
  get command(): Child | undefined {
    return this.#command;
  }

  /** Lives it. From here on nothing is thrown. @returns the exit status of my_init */
  live(): number {
    let outcome: Outcome = { kind: "cannot-go-on" };
    this.#tryTo(() => {
      outcome = this.#boot.run() ?? this.#run();
    });
    outcome = this.#exitRequested() ?? outcome;
    const hasCommandEnded = this.#command?.end !== undefined;
    if (hasCommandEnded) this.#finishCommand();
    this.#tryTo(() => this.#shutDown(outcome));
    if (!hasCommandEnded) this.#finishCommand();
    return statusOf(outcome, this.#options.command.length > 0, this.#command?.end);
  }

  /** The exit status that was requested before what ended the container: the end may have been seen first. */
  #exitRequested(): Outcome | undefined {
    const { linux, log, loop, stop } = this.#context;
    loop.turn();
    const { status } = stop;
    if (status === undefined) return undefined;
    const { path } = this.#boot.services;
    const ended = path === undefined ? undefined : endedService(linux, path, status);
    const cause = ended === undefined ? "container_exit was called" : `the essential service ${endedWords(ended)}`;
    const line = `${cause}: the container ends with exit status ${status}`;
    if (status === 0) log.info(line);
    else log.warn(line);
    return { kind: "exit-requested", status };
  }

  #shutDown(outcome: Outcome): void {
    this.#boot.unfollow();
    const wholeMs = shutDown(
      this.#context,
      this.#boot,
      this.#command,
      outcome.kind === "stop-requested" ? outcome.signal : SIGNAL.SIGTERM,
      this.#options.killAllOnExit,
    );
    const { log, timeline } = this.#context;
    const { tookMs, longest, isSlow } = timeline.endShutdown(wholeMs);
    if (isSlow && longest !== undefined) {
      const name = printable(longest.name);
      log.info(`The shutdown took ${seconds(tookMs)}; longest: ${name}, ${seconds(longest.endMs - longest.startMs)}`);
    }
    if (hasMore(this.#options)) timeline.keep();
  }

  #finishCommand(): void {
    this.#context.terminal.takeBack();
    if (this.#command !== undefined) reportCommand(this.#context, this.#options.command, this.#command);
  }

  /** What throws has no plan left but the shutdown; a shutdown that throws has not even that. */
  #tryTo(act: () => void): void {
    try {
      act();
    } catch (error) {
      for (const line of errorLines(error)) this.#context.log.warn(line);
    }
  }

  #run(): Outcome {
    const { loop, stop } = this.#context;
    const { command: words } = this.#options;
    // Before the command, which may be the one to ask.
    this.#context.timeline.publish(this.#supervision(), hasMore(this.#options));
    if (words.length > 0) {
      this.#context.timeline.begin("command");
      const command = startCommand(this.#context, words);
      if (typeof command === "number") return { kind: "command-ended", status: command };
      this.#command = command;
      if (hasMore(this.#options)) this.#context.timeline.publishStep();
    }
    const { runsvdir } = this.#boot;
    const hasEnded = () => this.#command?.end !== undefined || runsvdir?.end !== undefined;
    loop.waitUntil(() => hasEnded() || stop.signal !== undefined, NO_DEADLINE);
    if (this.#command?.end !== undefined) return { kind: "command-ended", status: exitStatus(this.#command.end) };
    if (runsvdir?.end === undefined) return stopRequested(stop) ?? { kind: "cannot-go-on" };
    this.#context.log.warn(`Runit ${failureWords(runsvdir.end)}; without it no service is looked after`);
    return { kind: "cannot-go-on" };
  }

  /** What runs the services; undefined where nothing does, or no more. */
  #supervision(): Supervision | undefined {
    const { runsvdir, services } = this.#boot;
    const { path } = services;
    if (runsvdir === undefined || path === undefined) return undefined;
    const process = readProcess(this.#context.linux, runsvdir.pid);
    return process && { pid: process.pid, startTime: process.startTime, directory: path };
  }
}

/** To a tenth: `1.5 s`. */
function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** `app exited with status 3` or `app was killed by signal 9 (SIGKILL)`. */
function endedWords({ end, service }: EndedService): string {
  return `${printable(service)} ${end.how === "exited" ? `exited with status ${end.code}` : killedWords(end.signal)}`;
}

/** A failure with a sentence of its own, no memory left, or a bug, which shows its stack. */
function errorLines(error: unknown): string[] {
  if (error instanceof Failure) return [error.message];
  if (!(error instanceof Error)) return [`internal error: ${printable(String(error))}`];
  if (error.message === "out of memory") return ["out of memory (ENOMEM): the container cannot go on"];
  return [`internal error: ${error.message}`, ...(error.stack ?? "").split("\n").filter((line) => line !== "")];
}
