import { findCycle, NEEDS, type Need, type NeedsGraph, readNeeds } from "../../../container/needs.ts";
import { printable } from "../../../core/printable.ts";
import { ERRNO, errorWords } from "../../../linux/errno.ts";
import type { Linux } from "../../../linux/linux.ts";
import { Failure } from "../../../linux/sys-error.ts";

/**
 * Reads what services need, and checks that they can get it.
 *
 * @param directory of the services
 * @param names of the services that are to run
 * @param exists whether there is a service of this name, whether or not it is to run
 * @throws Failure a file cannot be read or understood, or names no service; or services need each other in a cycle
 */
export function checkedNeeds(
  linux: Linux,
  directory: string,
  names: readonly string[],
  exists: (name: string) => boolean,
): NeedsGraph {
  const graph = new Map<string, readonly Need[]>();
  for (const name of names) {
    const needs = readOrRefuse(linux, `${directory}/${name}`);
    graph.set(name, needs);
    for (const { line, service } of needs) {
      const where = place(directory, name, line);
      if (service === name) refuse(`${where}: a service cannot need itself; take the line out`);
      if (exists(service)) continue;
      refuse(
        `${where}: there is no service "${printable(service)}" in ${directory}; correct the name or take the line out`,
      );
    }
  }
  const cycle = findCycle(graph);
  if (cycle !== undefined) refuseCycle(directory, graph, cycle);
  return graph;
}

/** What a service needs; nothing if its file has a mistake, which does not matter when the service is stopped. */
export function needsOf(linux: Linux, directory: string): readonly Need[] {
  const read = readNeeds(linux, directory);
  return typeof read !== "number" && read.kind === "ok" ? read.needs : [];
}

function readOrRefuse(linux: Linux, directory: string): readonly Need[] {
  const read = readNeeds(linux, directory);
  const path = printable(`${directory}/${NEEDS}`);
  if (typeof read === "number") {
    const reason = read === ERRNO.EINVAL ? "it is no file" : errorWords(read);
    refuse(`cannot read "${path}": ${reason}; it has to be a file of a line for each service`);
  }
  if (read.kind === "ok") return read.needs;
  refuse(`${path}, line ${read.line}: ${printable(read.reason)}; write NAME or NAME SECONDS`);
}

function refuseCycle(directory: string, graph: NeedsGraph, cycle: readonly string[]): never {
  const [first = "", second = first] = cycle;
  const line = graph.get(first)?.find(({ service }) => service === second)?.line ?? 1;
  const words = [...cycle, first].map(printable).join(" -> ");
  refuse(`${place(directory, first, line)}: services need each other in a circle, ${words}; take one of them out`);
}

function place(directory: string, name: string, line: number): string {
  return `${directory}/${printable(name)}/${NEEDS}, line ${line}`;
}

function refuse(reason: string): never {
  throw new Failure(`services are not started: ${reason}`);
}
