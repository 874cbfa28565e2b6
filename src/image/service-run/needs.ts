// Tested by src/image/service-run/needs.test.ts, test/process/needs.test.ts.
import type { Need } from "../../container/needs.ts";
import { log, type Service } from "../../container/own-service.ts";
import { SUPERVISE } from "../../container/runsv.ts";
import { recordWaiting } from "../../container/service-start.ts";
import { printable } from "../../core/printable.ts";
import type { Linux } from "../../linux/linux.ts";
import { STATUS_FAILED } from "../../linux/program.ts";
import { logFailure } from "./failure.ts";
import { Needed } from "./needed.ts";
import type { Wait } from "./wait.ts";

/** After so long, one line names the services that are not ready. */
const REPORT_MS = 5000;

/**
 * Waits until each service that `service` needs is ready: up, and its `check`, if it has one, succeeds; or done.
 *
 * @returns undefined: they are ready; else the exit status of a start that has failed, after a line that says why
 */
export function awaitNeeds(linux: Linux, service: Service, needs: readonly Need[], wait: Wait): number | undefined {
  return new NeedsWait(linux, service, needs, wait).run();
}

/** The wait of a service for all services that it needs. */
class NeedsWait {
  readonly #linux: Linux;
  readonly #service: Service;
  readonly #supervise: string;
  readonly #wait: Wait;
  readonly #needed: readonly Needed[];
  /** The names that were published last. */
  #published: string | undefined;
  #isReported = false;

  constructor(linux: Linux, service: Service, needs: readonly Need[], wait: Wait) {
    this.#linux = linux;
    this.#service = service;
    this.#supervise = `${service.directory}/${SUPERVISE}`;
    this.#wait = wait;
    const { children, directories, loop } = wait;
    const look = { linux, children, directories };
    this.#needed = needs.map((need) => new Needed(look, service.services, need, loop.nowMs));
  }

  run(): number | undefined {
    const { loop } = this.#wait;
    const startMs = loop.nowMs;
    // From an earlier start that was killed.
    recordWaiting(this.#linux, this.#supervise, undefined);
    const endTending = loop.tendTo(() => this.#tend(startMs));
    const late = () => this.#needed.find((needed) => needed.isLate(loop.nowMs));
    const areReady = () => this.#needed.every(({ isReady }) => isReady);
    const status = this.#wait.until(() => late() !== undefined || areReady());
    endTending();
    for (const needed of this.#needed) needed.end();
    recordWaiting(this.#linux, this.#supervise, undefined);
    const first = late();
    if (status !== undefined || first === undefined) return status;
    const { limitSeconds, service } = first.need;
    const what = `${printable(service)}, which it needs, is not ready after ${limitSeconds} s`;
    logFailure(this.#linux, this.#service, `${what}: ${first.reason}`);
    return STATUS_FAILED;
  }

  /** Looks at all of them. @returns when to look again */
  #tend(startMs: number): number {
    const { nowMs } = this.#wait.loop;
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
