import { SIGNAL, SIGRTMIN_PLUS_3 } from "../core/signals.ts";

/** The signals that ask for shutdown. SIGRTMIN+3 is what systemd and Podman send to end a container. */
const STOP_SIGNALS: readonly number[] = [SIGNAL.SIGTERM, SIGNAL.SIGINT, SIGNAL.SIGQUIT, SIGNAL.SIGPWR, SIGRTMIN_PLUS_3];

/** After a second request each wait may take this long from its start, or from the request. */
const HURRY_MS = 1000;

/** Whether and how urgently the container was asked to stop. */
export class StopRequest {
  #signal: number | undefined;
  #hurryMs: number | undefined;

  /** The first signal that asked, or undefined. */
  get signal(): number | undefined {
    return this.#signal;
  }

  /** Takes note of a signal. @returns whether it was one that asks for shutdown */
  note(signal: number, nowMs: number): boolean {
    if (!STOP_SIGNALS.includes(signal)) return false;
    if (this.#signal === undefined) this.#signal = signal;
    else if (signal === SIGNAL.SIGTERM || signal === SIGNAL.SIGINT) this.#hurryMs ??= nowMs;
    return true;
  }

  /** The deadline of a wait that began at `startMs`: its own, or sooner once there was a second request. */
  hurried(startMs: number, deadlineMs: number): number {
    return this.#hurryMs === undefined ? deadlineMs : Math.min(deadlineMs, Math.max(startMs, this.#hurryMs) + HURRY_MS);
  }
}
