import { dependants, type NeedsGraph } from "../core/needs.ts";

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
    let next = [...this.#waiting].filter((service) => !this.#dependantsOf(service).some((each) => this.#isThere(each)));
    if (next.length === 0) {
      // Where all wait for each other, in a circle that came about since the start, none would ever be told.
      const isGoing = (each: string) => !this.#waiting.has(each) && this.#isRunning(each);
      const isMoving = [...this.#waiting].some((service) => this.#dependantsOf(service).some(isGoing));
      if (!isMoving) next = [...this.#waiting];
    }
    for (const service of next) this.#waiting.delete(service);
    return next;
  }

  /** All the rest, each with those that need it and are still there. */
  rest(): readonly { readonly service: string; readonly neededBy: readonly string[] }[] {
    const rest = [...this.#waiting].map((service) => ({
      service,
      neededBy: this.#dependantsOf(service).filter((each) => this.#isThere(each)),
    }));
    this.#waiting.clear();
    return rest;
  }

  #dependantsOf(service: string): readonly string[] {
    return this.#dependants.get(service) ?? [];
  }

  #isThere(service: string): boolean {
    return this.#waiting.has(service) || this.#isRunning(service);
  }
}
