import { requestedStatus } from "../../container/exit-request.ts";
import { SIGNAL, SIGRTMIN_PLUS_3 } from "../../core/signals.ts";

/** The signals that ask for shutdown. SIGRTMIN+3 is what systemd and Podman send to end a container. */
const STOP_SIGNALS: readonly number[] = [SIGNAL.SIGTERM, SIGNAL.SIGINT, SIGNAL.SIGQUIT, SIGNAL.SIGPWR, SIGRTMIN_PLUS_3];

/** After a second request each wait may take this long from its start, or from the request. */
const HURRY_MS = 1000;

/** The requests to stop the container. */
export class StopRequest {
  #signal: number | undefined;
  #status: number | undefined;
  #hurryMs: number | undefined;

  /** The first signal that asked, or undefined. If it had an exit status: TERM, which programs know. */
  get signal(): number | undefined {
    return this.#signal;
  }

  /** The exit status of the first request; undefined if it has none. */
  get status(): number | undefined {
    return this.#status;
  }

  /** Whether there was a second request. */
  get isHurried(): boolean {
    return this.#hurryMs !== undefined;
  }

  /**
   * Takes note of a signal.
   *
   * @param value the number that was sent with it
   * @returns whether the command gets it now. The first request to stop reaches it during the shutdown, later requests
   *   immediately, except a request for an exit status, which is for my_init
   */
  note(signal: number, value: number, nowMs: number): boolean {
    if (!STOP_SIGNALS.includes(signal)) return true;
    const status = signal === SIGRTMIN_PLUS_3 ? requestedStatus(value) : undefined;
    if (this.#signal === undefined) {
      this.#status = status;
      this.#signal = status === undefined ? signal : SIGNAL.SIGTERM;
      return false;
    }
    if (signal === SIGNAL.SIGTERM || signal === SIGNAL.SIGINT) this.#hurryMs ??= nowMs;
    return status === undefined;
  }

  /** The deadline of a wait that began at `startMs`: `deadlineMs`, or sooner after a second request. */
  hurried(startMs: number, deadlineMs: number): number {
    return this.#hurryMs === undefined ? deadlineMs : Math.min(deadlineMs, Math.max(startMs, this.#hurryMs) + HURRY_MS);
  }
}
