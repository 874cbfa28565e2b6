import { requestedStatus } from "../../container/exit-request.ts";
import { SIGNAL, SIGRTMIN_PLUS_3 } from "../../core/signals.ts";

/** The signals that ask for shutdown. SIGRTMIN+3 is what systemd and Podman send to end a container. */
const STOP_SIGNALS: readonly number[] = [SIGNAL.SIGTERM, SIGNAL.SIGINT, SIGNAL.SIGQUIT, SIGNAL.SIGPWR, SIGRTMIN_PLUS_3];

/** After a second request each wait may take this long from its start, or from the request. */
const HURRY_MS = 1000;

/** Whether and how urgently the container was asked to stop. */
export class StopRequest {
  #signal: number | undefined;
  #status: number | undefined;
  #hurryMs: number | undefined;

  /** The first signal that asked, or undefined; where an exit status came with it, TERM, which programs know. */
  get signal(): number | undefined {
    return this.#signal;
  }

  /** The exit status that the first who asked wants; undefined where he named none. */
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
   * @param value what was sent with it
   * @returns whether the command gets it now. The first that asks for shutdown it gets when the shutdown comes to it;
   *   later ones at once, but for a request for an exit status, which is for my_init
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

  /** The deadline of a wait that began at `startMs`: its own, or sooner once there was a second request. */
  hurried(startMs: number, deadlineMs: number): number {
    return this.#hurryMs === undefined ? deadlineMs : Math.min(deadlineMs, Math.max(startMs, this.#hurryMs) + HURRY_MS);
  }
}
