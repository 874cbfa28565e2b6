import { markTorn, OWN_LOG, ownerOfFifo, tornStreams } from "../../container/log-fifos.ts";
import type { LogFormat, Stream } from "../../container/log-line.ts";
import { refuse } from "../../core/args.ts";
import { printable } from "../../core/printable.ts";
import { raiseDescriptorLimit } from "../../linux/descriptors.ts";
import type { Linux } from "../../linux/linux.ts";
import { answerHelp, reply } from "../../linux/program.ts";
import { type Sink, standardSinks } from "./sink.ts";
import { type Got, Source } from "./source.ts";

/** How often to look for new FIFOs if the kernel has no watch left. */
const POLL_INTERVAL_MS = 50;

const NAME = "log_lines";
const USAGE = "usage: log_lines prefix|json DIRECTORY [again]\n";

/**
 * The program log_lines: reads the FIFOs of a directory and writes their lines to its own outputs, in the requested
 * format. It ends when my_init has closed its FIFO and no FIFO has a writer.
 *
 * Only KILL ends it: other signals are blocked and dropped.
 *
 * @returns its exit status
 * @see docs/adr/0013-log-lines.md
 */
export function main(linux: Linux): number {
  const helped = answerHelp(linux, NAME, USAGE);
  if (helped !== undefined) return helped;
  const [format, directory, isAgain] = linux.argv.slice(1);
  if ((format !== "prefix" && format !== "json") || directory === undefined) {
    return reply(linux, NAME, USAGE, refuse("a format and a directory are needed"));
  }
  // There are two FIFOs for each service. It starts no program that would inherit the limit.
  raiseDescriptorLimit(linux);
  new LogLines(linux, format, directory).run(isAgain !== undefined);
  return 0;
}

class LogLines {
  readonly #linux: Linux;
  readonly #format: LogFormat;
  readonly #directory: string;
  readonly #sinks: Readonly<Record<Stream, Sink>>;
  /** By descriptor; the source that was read last is last. */
  readonly #sources = new Map<number, Source>();
  /** The names of the known FIFOs. */
  readonly #names = new Set<string>();
  /** Sources with an unfinished line. */
  readonly #begun = new Set<Source>();
  readonly #inotify: number;
  /** my_init has closed its FIFO. */
  #isEnding = false;

  constructor(linux: Linux, format: LogFormat, directory: string) {
    this.#linux = linux;
    this.#format = format;
    this.#directory = directory;
    this.#sinks = standardSinks(linux, (torn) => markTorn(linux, directory, torn));
    const inotify = linux.inotifyOpen();
    this.#inotify = inotify >= 0 && linux.inotifyAdd(inotify, directory) < 0 ? -1 : inotify;
  }

  /** @param isAgain whether it replaces a killed log_lines */
  run(isAgain: boolean): void {
    if (isAgain) {
      for (const stream of tornStreams(this.#linux, this.#directory)) this.#sinks[stream].write("\n");
      markTorn(this.#linux, this.#directory, []);
    }
    this.#lookForSources();
    // It may be the end already, which poll(2) would not report.
    for (const source of [...this.#sources.values()]) {
      if (source.name === OWN_LOG) while (this.#read(source) === "some");
    }
    while (!(this.#isEnding && this.#areDone())) {
      this.#wait();
      this.#sinks.stdout.flush();
      this.#sinks.stderr.flush();
      this.#showSilent();
    }
  }

  /** Writes lines that have not continued for a while. Not if the log's reader is behind: then no source is read. */
  #showSilent(): void {
    for (const source of [...this.#begun]) {
      const isSilent = !source.sink.isFull && source.dueMs <= this.#linux.monotonicMs();
      if (isSilent && this.#read(source) === "nothing-yet") this.#showBegun(source, true);
    }
  }

  #wait(): void {
    const reads = this.#inotify < 0 ? [] : [this.#inotify];
    for (const [fd, source] of this.#sources) if (!source.sink.isFull) reads.push(fd);
    const writes = Object.values(this.#sinks).flatMap((sink) => (sink.isFull ? [sink.fd] : []));
    const ready = this.#linux.poll(reads, writes, this.#timeoutMs());
    if (typeof ready === "number" || ready.length === 0) this.#dropSignals();
    if (typeof ready === "number") return;
    if (this.#inotify < 0 || ready.includes(this.#inotify)) this.#lookForSources();
    for (const fd of ready) {
      const source = this.#sources.get(fd);
      if (source !== undefined && !source.sink.isFull) this.#read(source);
    }
  }

  /** Pending signals would end the next wait. */
  #dropSignals(): void {
    let taken: unknown;
    do taken = this.#linux.takeSignal();
    while (typeof taken !== "number");
  }

  #timeoutMs(): number {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const source of this.#begun) if (!source.sink.isFull) dueMs = Math.min(dueMs, source.dueMs);
    const ms = this.#inotify < 0 ? POLL_INTERVAL_MS : -1;
    if (dueMs === Number.POSITIVE_INFINITY) return ms;
    const leftMs = Math.max(0, Math.ceil(dueMs - this.#linux.monotonicMs()));
    return ms < 0 ? leftMs : Math.min(leftMs, ms);
  }

  #read(source: Source): Got {
    const got = source.read();
    if (source.hasBegun) this.#begun.add(source);
    else this.#begun.delete(source);
    this.#sources.delete(source.fd);
    if (got === "end") {
      this.#showBegun(source, false);
      if (source.name === OWN_LOG) this.#isEnding = true;
      source.reopen();
    }
    if (source.fd >= 0) this.#sources.set(source.fd, source);
    else this.#names.delete(source.name);
    return got;
  }

  #showBegun(source: Source, canGoOn: boolean): void {
    source.showBegun(canGoOn);
    this.#begun.delete(source);
  }

  #lookForSources(): void {
    if (this.#inotify >= 0) this.#linux.inotifyRead(this.#inotify);
    const names = this.#linux.listDir(this.#directory);
    if (typeof names === "number") return;
    for (const name of names) {
      const owner = ownerOfFifo(name);
      if (owner === undefined || this.#names.has(name)) continue;
      const service = printable(owner.service);
      const printer = { service, quotedService: this.#linux.frameLines(service, "", "", true), stream: owner.stream };
      const source = new Source(this.#linux, this.#directory, name, this.#format, printer, this.#sinks[owner.stream]);
      // The kernel had no descriptor left; now it may have one.
      if (source.fd < 0) continue;
      this.#names.add(name);
      this.#sources.set(source.fd, source);
    }
  }

  /** Whether all has been read and written, and no FIFO has a writer. */
  #areDone(): boolean {
    this.#lookForSources();
    let hasWriters = false;
    for (const source of this.#sources.values()) {
      // Reads without poll(2), which does not report the end of a FIFO that had no writers when it was opened.
      for (let got: Got = "some"; got === "some"; ) {
        if (source.sink.isFull) return false;
        got = source.read();
        if (got === "nothing-yet") hasWriters = true;
      }
    }
    // Now my_init waits only for us.
    for (const source of this.#sources.values()) this.#showBegun(source, hasWriters);
    return !hasWriters && !Object.values(this.#sinks).some((sink) => sink.isFull);
  }
}
