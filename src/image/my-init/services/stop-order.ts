import { dependants, type NeedsGraph } from "../../../container/needs.ts";

/** The order in which services are stopped: each when its dependants are gone. */
export class StopOrder {
  readonly #dependants: ReadonlyMap<string, readonly string[]>;
  readonly #waiting: Set<string>;
  readonly #isRunning: (service: string) => boolean;

  /** @param isRunning whether a service that was asked to stop still runs */
  constructor(graph: NeedsGraph, services: Iterable<string>, isRunning: (service: string) => boolean) {
    this.#dependants = dependants(graph);
    this.#waiting = new Set(services);
    this.#isRunning = isRunning;
  }

  /** The services to stop now: none that runs needs them. Each is given once. */
  next(): readonly string[] {
    // One look at each: a service that ends between two looks would pass for running and for gone.
    const isGoing = new Map<string, boolean>();
    for (const each of [...this.#waiting].flatMap((service) => this.#dependantsOf(service))) {
      if (!isGoing.has(each)) isGoing.set(each, !this.#waiting.has(each) && this.#isRunning(each));
    }
    const isNeeded = (service: string) =>
      this.#dependantsOf(service).some((each) => this.#waiting.has(each) || isGoing.get(each));
    let next = [...this.#waiting].filter((service) => !isNeeded(service));
    // Services that wait for each other, in a cycle that came about since the start, would never be stopped.
    if (next.length === 0 && ![...isGoing.values()].includes(true)) next = [...this.#waiting];
    for (const service of next) this.#waiting.delete(service);
    return next;
  }

  /** All the rest, each with its dependants that are still there. */
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
