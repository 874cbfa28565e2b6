// Tested by test/e2e/docker-bash.test.ts.
import { SIGNAL } from "../../core/signals.ts";
import type { EventLoop } from "../../linux/event-loop.ts";
import { STDOUT } from "../../linux/program.ts";
import type { Host } from "../host.ts";
import { Flow } from "./flow.ts";

const STDIN = 0;

/** While another process group has the terminal: how often to check for it. The kernel has no event for this. */
const POLL_INTERVAL_MS = 500;

/** More than a terminal buffers. */
const MAX_LEFT_BYTES = 1 << 17;

/** The time limit for the last output, if the terminal is stopped (Ctrl-S). */
const LAST_WORDS_MS = 2000;

/** Copies bytes and the size of the window between the host's terminal and the container's. */
export class TerminalRelay {
  readonly #host: Host;
  readonly #loop: EventLoop;
  readonly #master: number;
  readonly #typed: Flow;
  readonly #printed: Flow;
  readonly #mode: string | number;
  #isForeground = false;
  #wasRaw = false;
  #hasHungUp = false;

  /**
   * @param master the host's side of the container's terminal
   * @param onGone called when the host's terminal is gone
   */
  constructor(host: Host, loop: EventLoop, master: number, onGone: () => void) {
    this.#host = host;
    this.#loop = loop;
    this.#master = master;
    this.#mode = host.getTerminalMode(STDIN);
    // Our own open file description: O_NONBLOCK must not affect other processes at the terminal.
    const screen = host.openToAppend(`/proc/self/fd/${STDOUT}`);
    this.#typed = new Flow(host, loop, STDIN, master, onGone);
    this.#printed = new Flow(host, loop, master, screen < 0 ? STDOUT : screen, () => {});
    this.#printed.open();
    loop.tendTo(() => this.#tend());
  }

  /** Handles the signals that concern the terminal. */
  onSignal(signal: number): void {
    if (signal === SIGNAL.SIGWINCH) this.#resize();
    if (signal === SIGNAL.SIGCONT) this.#isForeground = false; // the shell may have set the terminal's mode
  }

  /** Ends the terminal in the container. */
  hangUp(): void {
    if (this.#hasHungUp) return;
    this.#hasHungUp = true;
    this.#typed.close();
    this.#printed.close();
    this.#host.close(this.#master);
  }

  /** Writes the last output. */
  finish(): void {
    if (this.#hasHungUp) return;
    this.#typed.close();
    this.#printed.drain(MAX_LEFT_BYTES);
    this.#printed.close();
    const endMs = this.#loop.nowMs + LAST_WORDS_MS;
    this.#loop.waitUntil(
      () => !this.#printed.isBehind,
      () => endMs,
    );
  }

  /** Restores the terminal's mode. */
  restore(): void {
    if (this.#wasRaw && typeof this.#mode === "string") this.#host.setTerminalMode(STDIN, this.#mode, false);
  }

  /** Reads the terminal's keys only in its foreground: in the background they are for another process group. */
  #tend(): number {
    if (this.#hasHungUp || this.#isForeground) return Number.POSITIVE_INFINITY;
    const group = this.#host.getForeground(STDIN);
    // Below zero: it is not our session's terminal, so it has no foreground group for us.
    if (group >= 0 && group !== this.#host.getGroup()) return this.#loop.nowMs + POLL_INTERVAL_MS;
    this.#isForeground = true;
    this.#wasRaw = true;
    if (typeof this.#mode === "string") this.#host.setTerminalMode(STDIN, this.#mode, true);
    this.#resize();
    this.#typed.open();
    return Number.POSITIVE_INFINITY;
  }

  #resize(): void {
    const size = this.#host.getWindowSize(STDIN);
    if (typeof size !== "number") this.#host.setWindowSize(this.#master, size[0], size[1]);
  }
}
