import { SIGNAL } from "../../core/signals.ts";
import type { EventLoop } from "../../linux/event-loop.ts";
import { STDOUT } from "../../linux/program.ts";
import type { Host } from "../host.ts";
import { Flow } from "./flow.ts";

const STDIN = 0;

/** While another process group has the terminal: how often to look whether we have it. The kernel tells nobody. */
const POLL_INTERVAL_MS = 500;

/** More than a terminal holds back of what was printed. */
const MAX_LEFT_BYTES = 1 << 17;

/** Who stopped reading the terminal (Ctrl-S) is not waited for longer than this at the end. */
const LAST_WORDS_MS = 2000;

/** Carries bytes between the terminal on the host and the one in the container, and the size of the window. */
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
   * @param onGone the host's terminal is no more
   */
  constructor(host: Host, loop: EventLoop, master: number, onGone: () => void) {
    this.#host = host;
    this.#loop = loop;
    this.#master = master;
    this.#mode = host.getTerminalMode(STDIN);
    // A description of its own: whoever else has the terminal shall not find that it never waits.
    const screen = host.openToAppend(`/proc/self/fd/${STDOUT}`);
    this.#typed = new Flow(host, loop, STDIN, master, onGone);
    this.#printed = new Flow(host, loop, master, screen < 0 ? STDOUT : screen, () => {});
    this.#printed.open();
    loop.tendTo(() => this.#tend());
  }

  /** Minds those signals that concern the terminal. */
  onSignal(signal: number): void {
    if (signal === SIGNAL.SIGWINCH) this.#resize();
    if (signal === SIGNAL.SIGCONT) this.#isForeground = false; // what stopped us may have set the terminal's mode
  }

  /** Ends the terminal in the container. */
  hangUp(): void {
    if (this.#hasHungUp) return;
    this.#hasHungUp = true;
    this.#typed.close();
    this.#printed.close();
    this.#host.close(this.#master);
  }

  /** Writes what was printed last. */
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

  /** Gives the terminal back as it was. */
  restore(): void {
    if (this.#wasRaw && typeof this.#mode === "string") this.#host.setTerminalMode(STDIN, this.#mode, false);
  }

  /** Takes the terminal's keys once we are in its foreground: before, they are for somebody else. */
  #tend(): number {
    if (this.#hasHungUp || this.#isForeground) return Number.POSITIVE_INFINITY;
    const group = this.#host.getForeground(STDIN);
    // Below zero: it is not the terminal of our session, and there is no foreground to ask about.
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
