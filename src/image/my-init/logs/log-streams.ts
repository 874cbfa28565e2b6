// Tested by src/image/my-init/logs/log-writer.test.ts, test/process/logs.test.ts.
import {
  closeStreams,
  fifoPath,
  LOG_DIRECTORY_VARIABLE,
  makeFifos,
  OWN_LOG,
  OWN_PROGRAMS,
  openStreams,
} from "../../../container/log-fifos.ts";
import { RUNSV } from "../../../container/runsv.ts";
import { type Environment, toEnviron } from "../../../core/container-env.ts";
import type { Streams } from "../../../linux/children.ts";
import { isSameFile } from "../../../linux/files.ts";
import type { Linux } from "../../../linux/linux.ts";
import { hasRoom } from "../../../linux/output.ts";
import { lookupCommand } from "../../../linux/path-lookup.ts";
import { STDERR, STDOUT } from "../../../linux/program.ts";
import type { Log } from "./log.ts";

/** What a FIFO holds. */
const MAX_BYTES = 65_536;

/** If more FIFOs are held, the empty ones are released first: there may be thousands of scripts. */
const MAX_HELD = 64;

/** The output descriptors of the scripts and services that my_init starts: its own, or FIFOs where log lines name their service. */
export class LogStreams {
  readonly #linux: Linux;
  readonly #log: Log;
  /** For outputs that are a terminal, descriptors of it that cannot be read: what is typed there is the command's. */
  readonly #terminals: Streams;
  #directory: string | undefined;
  /** Read ends by path, so that nothing is lost while no other process reads. */
  readonly #held = new Map<string, number>();

  constructor(linux: Linux, log: Log) {
    this.#linux = linux;
    this.#log = log;
    const openTerminal = (fd: number) => (linux.isTerminal(fd) ? linux.openToWrite(`/proc/self/fd/${fd}`) : -1);
    this.#terminals = { stdout: openTerminal(STDOUT), stderr: openTerminal(STDERR) };
  }

  /** From now on to FIFOs in this directory; undefined: to our own outputs. */
  useDirectory(directory: string | undefined): void {
    this.#directory = directory;
  }

  /** Calls `start` with the output descriptors for the new process. */
  of<T>(service: string, start: (streams: Streams) => T): T {
    if (this.#directory === undefined) return start(this.#terminals);
    const owner = makeFifos(this.#linux, this.#directory, service, (message) => this.#log.warn(message));
    const streams = openStreams(this.#linux, this.#directory, owner);
    if (this.#held.size > MAX_HELD) this.#releaseEmpty();
    this.hold(fifoPath(this.#directory, owner, "stdout"));
    this.hold(fifoPath(this.#directory, owner, "stderr"));
    const started = start(streams);
    closeStreams(this.#linux, streams);
    return started;
  }

  /** Keeps what is in a FIFO there, whoever else opens and closes it, until {@link release}. */
  hold(path: string): void {
    if (!this.#held.has(path)) this.#held.set(path, this.#linux.openToRead(path));
  }

  /** What is in a held FIFO. */
  takeRest(path: string): string {
    const fd = this.#held.get(path) ?? -1;
    let rest = "";
    for (;;) {
      const chunk = fd < 0 ? "" : this.#linux.read(fd, MAX_BYTES);
      if (typeof chunk === "number" || chunk === "") return rest;
      rest += chunk;
    }
  }

  /** Most FIFOs whose program has ended are empty; my_init's own FIFO is read to the end of its life. */
  #releaseEmpty(): void {
    for (const [path, fd] of this.#held) {
      if (path.endsWith(`/${OWN_LOG}`) || !this.isEmpty(path)) continue;
      if (fd >= 0) this.#linux.close(fd);
      this.#held.delete(path);
    }
  }

  release(): void {
    for (const fd of this.#held.values()) if (fd >= 0) this.#linux.close(fd);
    this.#held.clear();
  }

  /** Whether what a service prints on standard output finds room. */
  hasRoom(service: string): boolean {
    if (this.#directory !== undefined) return this.isEmpty(fifoPath(this.#directory, service, "stdout"));
    return hasRoom(this.#linux, [STDOUT]);
  }

  /** Whether all that was written to a FIFO has been read. */
  isEmpty(path: string): boolean {
    // Opened for this: a FIFO whose last writer is gone is ready for every reader that had it open before.
    const fd = this.#linux.openToRead(path);
    if (fd < 0) return true;
    const ready = this.#linux.poll([fd], [], 0);
    this.#linux.close(fd);
    return typeof ready !== "number" && ready.length === 0;
  }

  /**
   * The environment of runsvdir. runsvdir looks for runsv in PATH. Our runsv is the first there if log lines name their
   * service, or if PATH does not lead to runit's: my_init stops only services of that one. Ours takes this out again.
   */
  environOfRunsvdir(env: Environment): string[] {
    const path = env.get("PATH");
    if (this.#directory === undefined && this.#leadsToRunsv(path)) return toEnviron(env);
    const own = path === undefined ? OWN_PROGRAMS : `${OWN_PROGRAMS}:${path}`;
    const logs = this.#directory === undefined ? [] : ([[LOG_DIRECTORY_VARIABLE, this.#directory]] as const);
    return toEnviron(new Map([...env, ["PATH", own], ...logs]));
  }

  /** Whether runsvdir finds {@link RUNSV} with this PATH. */
  #leadsToRunsv(path: string | undefined): boolean {
    const found = lookupCommand(this.#linux, "runsv", path);
    return found.kind === "found" && isSameFile(this.#linux.stat(found.path), this.#linux.stat(RUNSV));
  }
}
