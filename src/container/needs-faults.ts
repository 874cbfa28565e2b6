// Tested by src/image/my-init/services/needs.test.ts.
import type { Linux } from "../linux/linux.ts";
import type { Fault } from "./fault.ts";
import { findCycle, NEEDS, NEEDS_FORM, type Need, type NeedsGraph, readNeeds } from "./needs.ts";
import { fileFault, parsedValue } from "./service-file.ts";

/**
 * Reads what services need, and finds why they cannot get it: a file cannot be read or understood, or names no service; or,
 * if there is nothing else, services need each other in a cycle.
 *
 * @param directory of the services
 * @param names of the services that are to run
 * @param all the names of all services, whether or not they are to run
 */
export function needsFaults(
  linux: Linux,
  directory: string,
  names: readonly string[],
  all: readonly string[],
): { readonly graph: NeedsGraph; readonly faults: readonly Fault[] } {
  const graph = new Map<string, readonly Need[]>();
  const faults: Fault[] = [];
  for (const name of names) {
    const own = ownNeedsFaults(linux, directory, name, all);
    faults.push(...own.faults);
    if (own.needs !== undefined) graph.set(name, own.needs);
  }
  const cycle = faults.length === 0 ? findCycle(graph) : undefined;
  if (cycle !== undefined) faults.push(cycleFault(directory, graph, cycle));
  return { graph, faults };
}

/**
 * Reads what one service needs, and finds the mistakes in its file. The other parameters are those of {@link needsFaults}.
 *
 * @returns undefined as `needs`: the file cannot be read or understood
 */
export function ownNeedsFaults(
  linux: Linux,
  directory: string,
  name: string,
  all: readonly string[],
): { readonly needs: readonly Need[] | undefined; readonly faults: readonly Fault[] } {
  const path = `${directory}/${name}/${NEEDS}`;
  const read = readNeeds(linux, `${directory}/${name}`);
  const fault = fileFault(path, read, NEEDS_FORM);
  if (fault !== undefined) return { needs: undefined, faults: [fault] };
  const needs = parsedValue(read) ?? [];
  const faults = needs.flatMap(({ line, service }): Fault[] => {
    if (service === name) return [{ path, line, reason: "a service cannot need itself; take the line out" }];
    const reason = `there is no service "${service}" in ${directory}; correct the name or take the line out`;
    return all.includes(service) ? [] : [{ path, line, reason }];
  });
  return { needs, faults };
}

function cycleFault(directory: string, graph: NeedsGraph, cycle: readonly string[]): Fault {
  const [first = "", second = first] = cycle;
  return {
    path: `${directory}/${first}/${NEEDS}`,
    line: graph.get(first)?.find(({ service }) => service === second)?.line ?? 1,
    reason: `services need each other in a circle, ${[...cycle, first].join(" -> ")}; take one of them out`,
  };
}
