import type { Supervision } from "../../container/phase-record.ts";
import { exitStatus } from "../../core/child-end.ts";
import { printable } from "../../core/printable.ts";
import { SIGNAL } from "../../core/signals.ts";
import type { Child } from "../../linux/children.ts";
import { ERRNO } from "../../linux/errno.ts";
import { readProcess } from "../../linux/processes.ts";
import { Failure, failure } from "../../linux/sys-error.ts";
import { reportCommand, startCommand } from "./command.ts";
import type { Context } from "./context.ts";
import { fillHosts } from "./hosts.ts";
import { LogWriter } from "./logs/log-writer.ts";
import { tendToRotation } from "./logs/rotation.ts";
import { SYSLOG_SCRIPT, Syslog } from "./logs/syslog.ts";
import type { Options } from "./options.ts";
import { failureWords, killedWords, type Outcome, statusOf } from "./outcome.ts";
import { isScript, scriptsIn, startScript } from "./scripts.ts";
import { type EndedService, endedService } from "./services/essential.ts";
import { startRunit } from "./services/runit.ts";
import { ServiceDirectory } from "./services/service-directory.ts";
import { shutDown } from "./shutdown/shutdown.ts";

const INSECURE_KEY = "/usr/sbin/enable_insecure_key";
const STARTUP_SCRIPTS = "/etc/my_init.d";
const RC_LOCAL = "/etc/rc.local";

const NO_DEADLINE = () => Number.POSITIVE_INFINITY;

/** One container from its first step to its last: boot, run, shutdown. @see docs/reference/my_init.md */
export class Life {
  readonly #context: Context;
  readonly #options: Options;
  #script: Child | undefined;
  #command: Child | undefined;
  #runsvdir: Child | undefined;
  readonly #logWriter: LogWriter;
  readonly #syslog: Syslog;
  readonly #services: ServiceDirectory;
  #endRotation = () => {};

  constructor(context: Context, options: Options) {
    this.#context = context;
    this.#options = options;
    this.#logWriter = new LogWriter(context);
    this.#syslog = new Syslog(context);
    this.#services = new ServiceDirectory(context);
  }

  /** The command, while it runs: who signals are passed on to. */
  get command(): Child | undefined {
    return this.#command;
  }

  /** Lives it. From here on nothing is thrown. @returns the exit status of my_init */
  live(): number {
    let outcome: Outcome = { kind: "cannot-go-on" };
    this.#tryTo(() => {
      outcome = this.#boot() ?? this.#run();
    });
    outcome = this.#exitRequested() ?? outcome;
    const hasCommandEnded = this.#command?.end !== undefined;
    if (hasCommandEnded) this.#finishCommand();
    this.#tryTo(() => this.#shutDown(outcome));
    if (!hasCommandEnded) this.#finishCommand();
    return statusOf(outcome, this.#options.command.length > 0, this.#command?.end);
  }

  /** Whether somebody asked for an exit status before what ended the container: its end may have been seen first. */
  #exitRequested(): Outcome | undefined {
    const { linux, log, stop } = this.#context;
    this.#takeSignals();
    const { status } = stop;
    if (status === undefined) return undefined;
    const { path } = this.#services;
    const ended = path === undefined ? undefined : endedService(linux, path, status);
    const who = ended === undefined ? "container_exit was called" : `the essential service ${endedWords(ended)}`;
    const line = `${who}: the container ends with exit status ${status}`;
    if (status === 0) log.info(line);
    else log.warn(line);
    return { kind: "exit-requested", status };
  }

  #shutDown(outcome: Outcome): void {
    this.#services.unfollow();
    this.#endRotation();
    const wholeMs = shutDown(
      this.#context,
      {
        script: this.#script,
        command: this.#command,
        runsvdir: this.#runsvdir,
        services: this.#services,
        syslog: this.#syslog,
        logWriter: this.#logWriter,
      },
      outcome.kind === "stop-requested" ? outcome.signal : SIGNAL.SIGTERM,
      this.#options.killAllOnExit,
    );
    const { log, timeline } = this.#context;
    const { tookMs, longest, isSlow } = timeline.endShutdown(wholeMs);
    if (isSlow && longest !== undefined) {
      const name = printable(longest.name);
      log.info(`The shutdown took ${seconds(tookMs)}; longest: ${name}, ${seconds(longest.endMs - longest.startMs)}`);
    }
    if (this.#hasMore) timeline.keep();
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

  /** @returns undefined when booted, else what kept it from being */
  #boot(): Outcome | undefined {
    const { environment, unavailable, log } = this.#context;
    this.#context.timeline.begin("environment");
    try {
      environment.import();
    } finally {
      this.#logWriter.start(this.#hasMore);
    }
    fillHosts(this.#context);
    if (this.#hasMore) {
      this.#context.timeline.begin("system log");
      this.#syslog.start(!this.#options.skipRunit);
    }
    if (!this.#options.skipRunit) this.#services.prepare();
    unavailable.tell();
    if (this.#options.enableInsecureKey) {
      log.info("Installing insecure SSH key for user root");
      const outcome = this.#runStartupScript(INSECURE_KEY);
      if (outcome !== undefined) return outcome;
    }
    for (const path of this.#startupScripts()) {
      const outcome = this.#runStartupScript(path);
      if (outcome !== undefined) return outcome;
    }
    const outcome = this.#stopRequested();
    if (outcome !== undefined || this.#options.skipRunit) return outcome;
    return this.#startServices();
  }

  /** Whether there is more than the command: with both left out nothing runs that would log, nor what is worth a report. */
  get #hasMore(): boolean {
    return !(this.#options.skipStartupFiles && this.#options.skipRunit);
  }

  #startServices(): Outcome | undefined {
    this.#context.timeline.begin("services");
    const hasCommand = this.#options.command.length > 0;
    this.#services.prepare();
    this.#services.warnOfOthers();
    this.#services.checkNeeds();
    // A mirror of many services takes a while to make.
    this.#takeSignals();
    const requested = this.#stopRequested();
    if (requested !== undefined) return requested;
    const { areElsewhere, path } = this.#services;
    if (path !== undefined) this.#runsvdir = startRunit(this.#context, path, !hasCommand);
    // A second my_init leaves it to the first.
    if (!areElsewhere) this.#endRotation = tendToRotation(this.#context);
    this.#services.follow();
    // A command can do without services where none can run; without one there is nothing else to wait for.
    const canGoOn = path === undefined ? hasCommand || areElsewhere : this.#runsvdir !== undefined;
    return canGoOn ? undefined : { kind: "cannot-go-on" };
  }

  #startupScripts(): string[] {
    if (this.#options.skipStartupFiles) return [];
    const { environment, linux, log } = this.#context;
    const wanted = environment.current.get("ENV_INIT_DIRECTORY");
    if (wanted !== undefined && linux.access(wanted, 0) === -ERRNO.ENOENT) {
      const reason = failure("cannot read", wanted, ERRNO.ENOENT);
      log.warn(`no startup scripts: ${reason}; make the directory or correct ENV_INIT_DIRECTORY`);
    }
    const scripts = scriptsIn(this.#context, wanted ?? STARTUP_SCRIPTS).filter((path) => path !== SYSLOG_SCRIPT);
    const hasRcLocal = linux.access(RC_LOCAL, 0) !== -ERRNO.ENOENT && isScript(this.#context, RC_LOCAL);
    return hasRcLocal ? [...scripts, RC_LOCAL] : scripts;
  }

  #runStartupScript(path: string): Outcome | undefined {
    const { environment, log, loop, stop } = this.#context;
    const requested = this.#stopRequested();
    if (requested !== undefined) return requested;
    this.#context.timeline.begin(path);
    const script = startScript(this.#context, path, 0);
    if (typeof script === "number") return { kind: "script-failed", status: script };
    this.#script = script;
    loop.waitUntil(() => script.end !== undefined || stop.signal !== undefined, NO_DEADLINE);
    if (script.end === undefined) return this.#stopRequested();
    this.#script = undefined;
    // At a terminal Ctrl-C reaches the script, too; what ends the boot is that somebody asked.
    if (stop.signal !== undefined && script.end.how === "killed") return this.#stopRequested();
    if (script.end.how === "killed" || script.end.code !== 0) {
      log.warn(`${printable(path)} ${failureWords(script.end)}`);
      return { kind: "script-failed", status: exitStatus(script.end) };
    }
    environment.refresh();
    return undefined;
  }

  #run(): Outcome {
    const { loop, stop } = this.#context;
    const { command: words } = this.#options;
    // Before the command, which may be the one to ask.
    this.#context.timeline.publish(this.#supervision(), this.#hasMore);
    if (words.length > 0) {
      this.#context.timeline.begin("command");
      const command = startCommand(this.#context, words);
      if (typeof command === "number") return { kind: "command-ended", status: command };
      this.#command = command;
      if (this.#hasMore) this.#context.timeline.publishStep();
    }
    const runsvdir = this.#runsvdir;
    const hasEnded = () => this.#command?.end !== undefined || runsvdir?.end !== undefined;
    loop.waitUntil(() => hasEnded() || stop.signal !== undefined, NO_DEADLINE);
    if (this.#command?.end !== undefined) return { kind: "command-ended", status: exitStatus(this.#command.end) };
    if (runsvdir?.end === undefined) return this.#stopRequested() ?? { kind: "cannot-go-on" };
    this.#context.log.warn(`Runit ${failureWords(runsvdir.end)}; without it no service is looked after`);
    return { kind: "cannot-go-on" };
  }

  /** What runs the services; undefined where nothing does, or no more. */
  #supervision(): Supervision | undefined {
    const { path } = this.#services;
    if (this.#runsvdir === undefined || path === undefined) return undefined;
    const process = readProcess(this.#context.linux, this.#runsvdir.pid);
    return process && { pid: process.pid, startTime: process.startTime, directory: path };
  }

  /** Those that have come since the last wait. */
  #takeSignals(): void {
    this.#context.loop.waitUntil(() => true, NO_DEADLINE);
  }

  #stopRequested(): Outcome | undefined {
    const { signal } = this.#context.stop;
    return signal === undefined ? undefined : { kind: "stop-requested", signal };
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
