import { type BootStep, formatRecord } from "../core/boot-record.ts";
import type { Linux } from "../linux/linux.ts";

/** What the file is called that boot_report looks for among our descriptors. */
const NAME = "boot_record";

/**
 * How long each step of the boot took, for boot_report. It is kept in a file in memory, which others read by way of
 * /proc: so it needs no place that can be written, and is gone with the container.
 */
export class Timeline {
  readonly #linux: Linux;
  readonly #originMs: number;
  readonly #beganMs: number;
  readonly #steps: BootStep[] = [];
  #current: { readonly name: string; readonly startMs: number } | undefined;

  constructor(linux: Linux) {
    this.#linux = linux;
    this.#originMs = linux.monotonicMs();
    this.#beganMs = linux.realtimeMs();
  }

  /** Begins a step, and ends the one before. */
  begin(name: string): void {
    const startMs = this.#end();
    this.#current = { name, startMs };
  }

  /** Ends the boot, and publishes what it was. Where the kernel has no such file there is no report. */
  publish(): void {
    this.#end();
    const fd = this.#linux.memoryFile(NAME);
    if (fd >= 0) this.#linux.write(fd, formatRecord({ beganMs: this.#beganMs, steps: this.#steps }));
  }

  /** @returns now, in milliseconds since the beginning */
  #end(): number {
    const endMs = this.#linux.monotonicMs() - this.#originMs;
    if (this.#current !== undefined) this.#steps.push({ ...this.#current, endMs });
    this.#current = undefined;
    return endMs;
  }
}
