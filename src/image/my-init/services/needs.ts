import { findCircle, type Need, type NeedsGraph, parseNeeds } from "../../../container/needs.ts";
import { MOST_NEEDS_BYTES, NEEDS } from "../../../container/service-needs.ts";
import { printable } from "../../../core/printable.ts";
import { ERRNO, errorWords } from "../../../linux/errno.ts";
import type { Linux } from "../../../linux/linux.ts";
import { Failure } from "../../../linux/sys-error.ts";

/**
 * Reads what services need, and finds out whether that can be had.
 *
 * @param folder where they are
 * @param names of those that are to run
 * @param exists whether there is a service of this name, whether or not it is to run
 * @throws Failure where a file cannot be read or understood, names nobody, or services need each other in a circle
 */
export function readNeeds(
  linux: Linux,
  folder: string,
  names: readonly string[],
  exists: (name: string) => boolean,
): NeedsGraph {
  const graph = new Map<string, readonly Need[]>();
  for (const name of names) {
    const needs = readFile(linux, `${folder}/${name}/${NEEDS}`);
    if (needs === undefined) continue;
    graph.set(name, needs);
    for (const { line, service } of needs) {
      const where = place(folder, name, line);
      if (service === name) refuse(`${where}: a service cannot need itself; take the line out`);
      if (exists(service)) continue;
      refuse(
        `${where}: there is no service "${printable(service)}" in ${folder}; correct the name or take the line out`,
      );
    }
  }
  const circle = findCircle(graph);
  if (circle !== undefined) refuseCircle(folder, graph, circle);
  return graph;
}

/** What a service needs, as far as that can be understood: when it is stopped nobody asks what is wrong. */
export function needsOf(linux: Linux, folder: string): readonly Need[] {
  const text = linux.readFile(`${folder}/${NEEDS}`, MOST_NEEDS_BYTES, false);
  const parsed = typeof text === "number" ? undefined : parseNeeds(text);
  return parsed?.kind === "ok" ? parsed.needs : [];
}

function readFile(linux: Linux, path: string): readonly Need[] | undefined {
  const text = linux.readFile(path, MOST_NEEDS_BYTES, false);
  if (text === -ERRNO.ENOENT) return undefined;
  if (typeof text === "number") {
    const reason = text === -ERRNO.EINVAL ? "it is no file" : errorWords(-text);
    refuse(`cannot read "${printable(path)}": ${reason}; it has to be a file of a line for each service`);
  }
  const parsed = parseNeeds(text);
  if (parsed.kind === "ok") return parsed.needs;
  refuse(`${printable(path)}, line ${parsed.line}: ${printable(parsed.reason)}; write NAME or NAME SECONDS`);
}

function refuseCircle(folder: string, graph: NeedsGraph, circle: readonly string[]): never {
  const [first = "", second = first] = circle;
  const line = graph.get(first)?.find(({ service }) => service === second)?.line ?? 1;
  const words = [...circle, first].map(printable).join(" -> ");
  refuse(`${place(folder, first, line)}: services need each other in a circle, ${words}; take one of them out`);
}

function place(folder: string, name: string, line: number): string {
  return `${folder}/${printable(name)}/${NEEDS}, line ${line}`;
}

function refuse(reason: string): never {
  throw new Failure(`services are not started: ${reason}`);
}
