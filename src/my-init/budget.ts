import { wholeNumber } from "../core/args.ts";
import type { Environment } from "../core/container-env.ts";
import { printable } from "../core/printable.ts";

/** How long shutting down may take, in milliseconds. @see spec.md section 2 */
export interface Limits {
  readonly wholeMs: number;
  /** For each wait for a service, a script or the command, where the user has said so. */
  readonly processMs: number | undefined;
  /** For the wait for all that is left at the end, where the user has said so. */
  readonly allMs: number | undefined;
}

/** Docker kills after 10 s, Kubernetes after 30 s: a little less leaves time to say who had to be killed. */
const DOCKER_SECONDS = 9;
const KUBERNETES_SECONDS = 28;

/** What the last steps can count on even where the first are slow. */
const RESERVE_MS = 500;

/**
 * Reads the limits from the environment.
 *
 * @param warn told of each value that is no whole number of seconds; the default stands then
 */
export function readLimits(env: Environment, warn: (message: string) => void): Limits {
  const seconds = (name: string): number | undefined => {
    const text = env.get(name);
    const number = text === undefined ? undefined : wholeNumber(text);
    if (text !== undefined && number === undefined) {
      warn(`${name} is "${printable(text)}", which is no whole number of seconds; the default stands`);
    }
    return number;
  };
  const fallback = env.has("KUBERNETES_SERVICE_HOST") ? KUBERNETES_SECONDS : DOCKER_SECONDS;
  const wholeMs = (seconds("SHUTDOWN_TIMEOUT") ?? fallback) * 1000;
  const processMs = milliseconds(seconds("KILL_PROCESS_TIMEOUT"));
  const allMs = milliseconds(seconds("KILL_ALL_PROCESSES_TIMEOUT"));
  const isSet = processMs !== undefined || allMs !== undefined;
  return { wholeMs: isSet ? (processMs ?? wholeMs) + (allMs ?? wholeMs) : wholeMs, processMs, allMs };
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}

/**
 * Shares the time of one shutdown among its steps: each may take all that is left but a reserve for
 * every step after it, so that one that hangs costs the others nothing but patience.
 */
export class Budget {
  readonly #limits: Limits;
  readonly #endMs: number;
  readonly #reserveMs: number;
  #stepsLeft: number;

  /** @param steps how many times {@link step} will be called, at most */
  constructor(limits: Limits, startMs: number, steps: number) {
    this.#limits = limits;
    this.#endMs = startMs + limits.wholeMs;
    this.#stepsLeft = steps;
    this.#reserveMs = Math.min(RESERVE_MS, limits.wholeMs / (2 * steps));
  }

  /** The deadline of the next step: of a script, the command or the services, or of all that is left. */
  step(what: "process" | "all", nowMs: number): number {
    this.#stepsLeft--;
    const ownMs = (what === "process" ? this.#limits.processMs : this.#limits.allMs) ?? Number.POSITIVE_INFINITY;
    const fairMs = this.#endMs - nowMs - this.#reserveMs * this.#stepsLeft;
    return nowMs + Math.max(0, Math.min(ownMs, fairMs));
  }
}
