import { LAST_SHUTDOWN, ownHostName } from "../../container/last-shutdown.ts";
import { isSecondInit } from "../../container/own-init.ts";
import {
  BOOT_IS_OVER,
  formatRecord,
  formatStep,
  formatSupervision,
  IS_STOPPING,
  type Killed,
  type Phase,
  type Step,
  type Supervision,
} from "../../container/phase-record.ts";
import type { Linux } from "../../linux/linux.ts";

/** The name of the file that boot_report looks for among our descriptors. */
const NAME = "boot_record";

/** A step of the shutdown is slow if it takes more than this share of the time limit. */
const SLOW_SHARE = 1 / 3;

/**
 * How long each step of the boot took, and then of the shutdown, for boot_report. The boot's record is a file in
 * memory. Root and our user read it through /proc: it needs no writable directory, and no other user can write to it.
 * container_health reads the Supervision there. The shutdown's record has to outlive us.
 */
export class Timeline {
  readonly #linux: Linux;
  #phase: Phase = "boot";
  #originMs: number;
  #beganMs: number;
  #steps: Step[] = [];
  #killed: Killed[] = [];
  /** The file in memory; -1: there is none. */
  #fd = -1;
  #hasReport = false;
  /** Names of steps that have parts, which replace the step. */
  readonly #divided = new Set<string>();
  #current: { readonly name: string; readonly startMs: number } | undefined;

  constructor(linux: Linux) {
    this.#linux = linux;
    this.#originMs = linux.monotonicMs();
    this.#beganMs = linux.realtimeMs();
  }

  /** Begins a step, and ends the step before. */
  begin(name: string): void {
    const startMs = this.#end();
    this.#current = { name, startMs };
  }

  /**
   * A part of the present step, with its own end.
   *
   * @param startMs and `endMs` on the clock of Linux.monotonicMs
   */
  addPart(name: string, startMs: number, endMs: number): void {
    if (this.#current !== undefined) this.#divided.add(this.#current.name);
    this.#steps.push({ name, startMs: startMs - this.#originMs, endMs: endMs - this.#originMs });
  }

  /** A process had to be killed. @param step the step that waited for it */
  noteKilled(process: string, step = this.#current?.name ?? ""): void {
    this.#killed.push({ step, process });
  }

  /**
   * Publishes that the boot is over. If the kernel has no memory files, there is neither report nor health.
   *
   * @param services what runs them; undefined: nothing does
   * @param hasReport whether to publish the steps, too
   */
  publish(services: Supervision | undefined, hasReport: boolean): void {
    this.#end();
    this.#fd = this.#linux.memoryFile(NAME);
    this.#hasReport = hasReport;
    const report = hasReport ? this.#record() : BOOT_IS_OVER;
    this.#append(services === undefined ? report : report + formatSupervision(services));
  }

  /** Ends the present step, and publishes it. */
  publishStep(): void {
    this.#end();
    const step = this.#steps.at(-1);
    if (step !== undefined) this.#append(formatStep(step));
  }

  /** From here on the steps are the shutdown's. */
  beginShutdown(): void {
    this.#append(IS_STOPPING);
    if (!this.#hasReport) this.#forget();
    this.#phase = "shutdown";
    this.#originMs = this.#linux.monotonicMs();
    this.#beganMs = this.#linux.realtimeMs();
    this.#steps = [];
    this.#killed = [];
    this.#current = undefined;
  }

  /**
   * Ends the shutdown.
   *
   * @param wholeMs its time limit
   * @returns how long it took, in milliseconds; the longest step; and whether it was slow: a process had to be killed,
   * or one step took more than a third of the limit
   */
  endShutdown(wholeMs: number): {
    readonly tookMs: number;
    readonly longest: Step | undefined;
    readonly isSlow: boolean;
  } {
    const tookMs = this.#end();
    const took = ({ startMs, endMs }: Step) => endMs - startMs;
    const longest = this.#steps
      .filter(({ name }) => !this.#divided.has(name))
      .reduce<Step | undefined>((most, step) => (most && took(most) >= took(step) ? most : step), undefined);
    const isLong = longest !== undefined && took(longest) > wholeMs * SLOW_SHARE;
    return { tookMs, longest, isSlow: isLong || this.#killed.length > 0 };
  }

  /**
   * Writes the record of the shutdown to a file for after a restart, if possible. A second my_init in the container
   * does not replace the first one's.
   */
  keep(): void {
    if (isSecondInit(this.#linux, false)) return;
    this.#linux.unlink(LAST_SHUTDOWN); // made again: a link there is not followed, a file not kept
    const written = this.#linux.writeFile(LAST_SHUTDOWN, this.#record(), true);
    if (written < 0) this.#linux.unlink(LAST_SHUTDOWN);
  }

  /** Without a report it is not needed, and the shutdown may need the descriptor. */
  #forget(): void {
    if (this.#fd >= 0) this.#linux.close(this.#fd);
    this.#fd = -1;
  }

  #append(text: string): void {
    if (this.#fd >= 0) this.#linux.write(this.#fd, text);
  }

  #record(): string {
    return formatRecord({
      phase: this.#phase,
      host: this.#phase === "shutdown" ? ownHostName(this.#linux) : "",
      beganMs: this.#beganMs,
      // A part ends before its step, and is added first.
      steps: [...this.#steps].sort((one, other) => one.startMs - other.startMs),
      killed: this.#killed,
    });
  }

  /** @returns now, in milliseconds since the beginning */
  #end(): number {
    const endMs = this.#linux.monotonicMs() - this.#originMs;
    if (this.#current !== undefined) this.#steps.push({ ...this.#current, endMs });
    this.#current = undefined;
    return endMs;
  }
}
