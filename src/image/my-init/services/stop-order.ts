import { dependants, type NeedsGraph } from "../../../container/needs.ts";

/** Which services are to be told to stop when: each once those that need it are gone. */
export class StopOrder {
  readonly #dependants: ReadonlyMap<string, readonly string[]>;
  readonly #waiting: Set<string>;
  readonly #isRunning: (service: string) => boolean;

  /** @param isRunning whether a service that was told to stop still runs */
  constructor(graph: NeedsGraph, services: Iterable<string>, isRunning: (service: string) => boolean) {
    this.#dependants = dependants(graph);
    this.#waiting = new Set(services);
    this.#isRunning = isRunning;
  }

  /** Those that are to be told now: nobody needs them any more. None is answered twice. */
  next(): readonly string[] {
    // One look at each: who ends between two of them would pass for running and for gone.
    const isGoing = new Map<string, boolean>();
    for (const each of [...this.#waiting].flatMap((service) => this.#dependantsOf(service))) {
      if (!isGoing.has(each)) isGoing.set(each, !this.#waiting.has(each) && this.#isRunning(each));
    }
    const isNeeded = (service: string) =>
      this.#dependantsOf(service).some((each) => this.#waiting.has(each) || isGoing.get(each));
    let next = [...this.#waiting].filter((service) => !isNeeded(service));
    // Where all wait for each other, in a cycle that came about since the start, none would ever be told.
    if (next.length === 0 && ![...isGoing.values()].includes(true)) next = [...this.#waiting];
    for (const service of next) this.#waiting.delete(service);
    return next;
  }

  /** All the rest, each with those that need it and are still there. */
  rest(): readonly { readonly service: string; readonly neededBy: readonly string[] }[] {
    const rest = [...this.#waiting].map((service) => ({
      service,
      neededBy: this.#dependantsOf(service).filter((each) => this.#waiting.has(each) || this.#isRunning(each)),
    }));
    this.#waiting.clear();
    return rest;
  }

  #dependantsOf(service: string): readonly string[] {
    return this.#dependants.get(service) ?? [];
  }
}
