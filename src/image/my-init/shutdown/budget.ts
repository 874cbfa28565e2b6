import { wholeNumber } from "../../../core/args.ts";
import type { Environment } from "../../../core/container-env.ts";
import { printable } from "../../../core/printable.ts";

/** How long shutting down may take, in milliseconds. @see docs/reference/my_init.md */
export interface Limits {
  readonly wholeMs: number;
  /** For each wait for a service, a script or the command, if the environment has it. */
  readonly processMs: number | undefined;
  /** For the wait for the remaining processes, if the environment has it. */
  readonly allMs: number | undefined;
}

/** Docker kills after 10 s, Kubernetes after 30 s: a little less leaves time to log what was killed. */
const DOCKER_SECONDS = 9;
const KUBERNETES_SECONDS = 28;

/** What each step that stops processes keeps of the whole, even where the steps before it are slow. */
const SHARE = 1 / 12;

/** The same for a step that ends what is of ours: it takes as long whatever the whole is. */
const OWN_STEP_MS = 500;

/**
 * Reads the limits from the environment.
 *
 * @param warn called for each value that is no whole number of seconds; the default stands then
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

/** How many steps a shutdown has at most. */
export interface Steps {
  /** They stop the user's processes, or run scripts. */
  readonly process: number;
  /** They stop what my_init has started for itself, or wait for what was killed. */
  readonly own: number;
}

/**
 * Shares the time of one shutdown among its steps: each may take all that is left but a reserve for every step after
 * it. So every step has time to stop its processes in order, however many steps before it had to be cut off.
 */
export class Budget {
  readonly #limits: Limits;
  readonly #endMs: number;
  readonly #shareMs: number;
  readonly #ownStepMs: number;
  #left: Steps;

  constructor(limits: Limits, startMs: number, steps: Steps) {
    this.#limits = limits;
    this.#endMs = startMs + limits.wholeMs;
    this.#left = steps;
    const mostMs = limits.wholeMs / (2 * (steps.process + steps.own));
    this.#shareMs = Math.min(limits.wholeMs * SHARE, mostMs);
    this.#ownStepMs = Math.min(OWN_STEP_MS, mostMs);
  }

  /** The deadline of the next step: of a script, the command or the services; of all that is left; of what is of ours. */
  step(what: "process" | "all" | "own", nowMs: number): number {
    const { own, process } = this.#left;
    this.#left = what === "own" ? { own: own - 1, process } : { own, process: process - 1 };
    const limitMs = (what === "all" ? this.#limits.allMs : this.#limits.processMs) ?? Number.POSITIVE_INFINITY;
    const fairMs = this.#endMs - nowMs - this.#shareMs * this.#left.process - this.#ownStepMs * this.#left.own;
    return nowMs + Math.max(0, Math.min(limitMs, fairMs));
  }
}
