import { NEEDS, NEEDS_FORM, type Need, readNeeds } from "../../container/needs.ts";
import { log, type Service } from "../../container/own-service.ts";
import { SUPERVISE } from "../../container/runsv.ts";
import { faultWords, fileFault } from "../../container/service-file.ts";
import { recordWaiting } from "../../container/service-start.ts";
import { printable } from "../../core/printable.ts";
import { SIGNAL } from "../../core/signals.ts";
import { Children } from "../../linux/children.ts";
import { DirectoryWatch } from "../../linux/directory-watch.ts";
import { EventLoop } from "../../linux/event-loop.ts";
import type { Linux } from "../../linux/linux.ts";
import { Output } from "../../linux/output.ts";
import { STATUS_FAILED, STDERR } from "../../linux/program.ts";
import { Needed } from "./needed.ts";

/** Signals that end the wait. Other signals are for the service, which does not run yet. */
const ENDING: readonly number[] = [SIGNAL.SIGTERM, SIGNAL.SIGINT, SIGNAL.SIGQUIT];

/** After so long, one line names the services that are not ready. */
const REPORT_MS = 5000;

/**
 * Waits until each service that `service` needs is ready: up, and its `check`, if it has one, succeeds.
 *
 * @returns undefined: they are ready; else the exit status of a start that has failed, after a line that says why
 */
export function awaitNeeds(linux: Linux, service: Service): number | undefined {
  const needs = needsOf(linux, service);
  if (typeof needs === "number") return needs;
  if (needs.length === 0) return undefined;
  return new Wait(linux, service, needs).wait();
}

/** Reads the file `needs`, which was correct when the container started. @returns an exit status if it no longer is */
function needsOf(linux: Linux, service: Service): readonly Need[] | number {
  const read = readNeeds(linux, service.directory);
  if (typeof read !== "number" && read.kind === "ok") return read.value;
  const fault = fileFault(NEEDS, read, NEEDS_FORM);
  if (fault !== undefined) log(linux, service, printable(faultWords(fault)));
  return STATUS_FAILED;
}

/** The wait of a service for all services that it needs. */
class Wait {
  readonly #linux: Linux;
  readonly #service: Service;
  readonly #supervise: string;
  readonly #loop: EventLoop;
  readonly #needed: readonly Needed[];
  #endedBy: number | undefined;
  /** The names that were published last. */
  #published: string | undefined;
  #isReported = false;

  constructor(linux: Linux, service: Service, needs: readonly Need[]) {
    this.#linux = linux;
    this.#service = service;
    this.#supervise = `${service.directory}/${SUPERVISE}`;
    const children = new Children(linux);
    this.#loop = new EventLoop(linux, children, new Output(linux, STDERR), (signal) => {
      if (ENDING.includes(signal)) this.#endedBy ??= signal;
    });
    const directories = new DirectoryWatch(linux, this.#loop);
    const { nowMs } = this.#loop;
    this.#needed = needs.map((need) => new Needed({ linux, children, directories }, service.services, need, nowMs));
  }

  wait(): number | undefined {
    const startMs = this.#loop.nowMs;
    // From an earlier start that was killed.
    recordWaiting(this.#linux, this.#supervise, undefined);
    this.#loop.tendTo(() => this.#tend(startMs));
    const late = () => this.#needed.find((needed) => needed.isLate(this.#loop.nowMs));
    this.#loop.waitUntil(
      () => this.#endedBy !== undefined || late() !== undefined || this.#needed.every(({ isReady }) => isReady),
      () => Number.POSITIVE_INFINITY,
    );
    for (const needed of this.#needed) needed.end();
    recordWaiting(this.#linux, this.#supervise, undefined);
    if (this.#endedBy !== undefined) return 128 + this.#endedBy;
    const first = late();
    if (first === undefined) return undefined;
    const { limitSeconds, service } = first.need;
    const what = `${printable(service)}, which it needs, is not ready after ${limitSeconds} s`;
    log(this.#linux, this.#service, `${what}: ${first.reason}`);
    return STATUS_FAILED;
  }

  /** Looks at all of them. @returns when to look again */
  #tend(startMs: number): number {
    const { nowMs } = this.#loop;
    for (const needed of this.#needed) needed.tend(nowMs);
    // A service that was ready earlier may be down again.
    if (this.#needed.every(({ isReady }) => isReady)) for (const needed of this.#needed) needed.confirm(nowMs);
    const unready = this.#needed.filter(({ isReady }) => !isReady);
    if (unready.length > 0) this.#publish(unready, nowMs - startMs);
    const reportMs = this.#isReported ? Number.POSITIVE_INFINITY : startMs + REPORT_MS;
    return Math.min(reportMs, ...unready.map((needed) => needed.nextMs));
  }

  /** Publishes the names for other processes, and writes one line to the log. */
  #publish(unready: readonly Needed[], waitedMs: number): void {
    const names = unready.map(({ need }) => printable(need.service));
    const published = names.join(", ");
    if (published !== this.#published) recordWaiting(this.#linux, this.#supervise, published);
    this.#published = published;
    if (this.#isReported || waitedMs < REPORT_MS) return;
    this.#isReported = true;
    const words = unready.map(({ reason }, index) => `${names[index]} (${reason})`);
    log(this.#linux, this.#service, `waits for ${words.join(", ")}`);
  }
}
