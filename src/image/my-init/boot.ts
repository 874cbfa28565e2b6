// Tested by src/image/my-init/main.test.ts.
import { SCRIPTS } from "../../container/scripts.ts";
import { exitStatus } from "../../core/child-end.ts";
import { printable } from "../../core/printable.ts";
import type { Child } from "../../linux/children.ts";
import { ERRNO } from "../../linux/errno.ts";
import { failure } from "../../linux/sys-error.ts";
import type { Context } from "./context.ts";
import { fillHosts } from "./hosts.ts";
import { LogWriter } from "./logs/log-writer.ts";
import { tendToRotation } from "./logs/rotation.ts";
import { SYSLOG_SCRIPT, Syslog } from "./logs/syslog.ts";
import { hasMore, type Options } from "./options.ts";
import { failureWords, type Outcome, stopRequested } from "./outcome.ts";
import { makeRunDirectories } from "./run-directories.ts";
import { acceptScript, scriptsIn, startScript } from "./scripts.ts";
import { startRunit } from "./services/runit.ts";
import { ServiceDirectory } from "./services/service-directory.ts";
import { warnOfFaults } from "./services/warn-of-faults.ts";

const INSECURE_KEY = "/usr/sbin/enable_insecure_key";

/** The boot, and what it has started: log writer, system log, startup scripts, services. @see docs/reference/my_init.md */
export class Boot {
  readonly logWriter: LogWriter;
  readonly syslog: Syslog;
  readonly services: ServiceDirectory;
  readonly #context: Context;
  readonly #options: Options;
  #script: Child | undefined;
  #runsvdir: Child | undefined;
  #endRotation = () => {};

  constructor(context: Context, options: Options) {
    this.#context = context;
    this.#options = options;
    this.logWriter = new LogWriter(context);
    this.syslog = new Syslog(context);
    this.services = new ServiceDirectory(context);
  }

  /** The startup script that runs, if shutdown was requested meanwhile. */
  get script(): Child | undefined {
    return this.#script;
  }

  /** What runs the services, if they were started. */
  get runsvdir(): Child | undefined {
    return this.#runsvdir;
  }

  /** Changes of /etc/service and the rotation of the log are of no interest from here on. */
  unfollow(): void {
    this.services.unfollow();
    this.#endRotation();
  }

  /** Boots. @returns what kept it from being booted, if anything did */
  run(): Outcome | undefined {
    const { environment, unavailable, log } = this.#context;
    this.#context.timeline.begin("environment");
    try {
      environment.import();
    } finally {
      this.logWriter.start(hasMore(this.#options));
    }
    fillHosts(this.#context);
    if (hasMore(this.#options)) {
      makeRunDirectories(this.#context);
      this.#context.timeline.begin("system log");
      this.syslog.start(!this.#options.skipRunit);
    }
    if (!this.#options.skipRunit) this.services.prepare();
    unavailable.report();
    // A mirror of many services takes a while to make.
    const early = this.#newRequest();
    if (early !== undefined) return early;
    if (this.#options.enableInsecureKey) {
      log.info("Installing insecure SSH key for user root");
      if (this.#context.linux.access(INSECURE_KEY, 0) === -ERRNO.ENOENT) log.warn("this image has no sshd");
      const outcome = this.#runStartupScript(INSECURE_KEY);
      if (outcome !== undefined) return outcome;
    }
    for (const path of this.#startupScripts()) {
      const outcome = this.#runStartupScript(path);
      if (outcome !== undefined) return outcome;
    }
    const outcome = stopRequested(this.#context.stop);
    if (outcome !== undefined || this.#options.skipRunit) return outcome;
    return this.#startServices();
  }

  /** A request to stop, also one that has come since the last wait. */
  #newRequest(): Outcome | undefined {
    this.#context.loop.turn();
    return stopRequested(this.#context.stop);
  }

  #startServices(): Outcome | undefined {
    this.#context.timeline.begin("services");
    const hasCommand = this.#options.command.length > 0;
    this.services.prepare();
    this.services.warnOfOthers();
    this.services.checkRules();
    const requested = this.#newRequest();
    if (requested !== undefined) return requested;
    const { areElsewhere, path } = this.services;
    if (path !== undefined) {
      this.#runsvdir = startRunit(this.#context, path, !hasCommand);
      // While services start: to look at a hundred of them takes ten milliseconds.
      warnOfFaults(this.#context, path, (name) => this.services.startByUs(name));
      this.services.link();
    }
    // A second my_init leaves it to the first.
    if (!areElsewhere) this.#endRotation = tendToRotation(this.#context);
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
    const scripts = scriptsIn(this.#context, wanted ?? SCRIPTS.startup).filter((path) => path !== SYSLOG_SCRIPT);
    const hasRcLocal =
      linux.access(SCRIPTS.rcLocal, 0) !== -ERRNO.ENOENT && acceptScript(this.#context, SCRIPTS.rcLocal);
    return hasRcLocal ? [...scripts, SCRIPTS.rcLocal] : scripts;
  }

  #runStartupScript(path: string): Outcome | undefined {
    const { environment, log, loop, stop } = this.#context;
    const requested = stopRequested(stop);
    if (requested !== undefined) return requested;
    this.#context.timeline.begin(path);
    const script = startScript(this.#context, path, 0);
    if (typeof script === "number") return { kind: "script-failed", status: script };
    this.#script = script;
    loop.waitUntil(
      () => script.end !== undefined || stop.signal !== undefined,
      () => Number.POSITIVE_INFINITY,
    );
    if (script.end === undefined) return stopRequested(stop);
    this.#script = undefined;
    // At a terminal Ctrl-C reaches the script, too; the request ends the boot.
    if (stop.signal !== undefined && script.end.how === "killed") return stopRequested(stop);
    if (script.end.how === "killed" || script.end.code !== 0) {
      log.warn(`${printable(path)} ${failureWords(script.end)}`);
      return { kind: "script-failed", status: exitStatus(script.end) };
    }
    environment.refresh();
    return undefined;
  }
}
