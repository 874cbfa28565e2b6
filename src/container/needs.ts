import { wholeNumber } from "../core/args.ts";
import { ERRNO } from "../linux/errno.ts";
import type { Linux } from "../linux/linux.ts";
import { badLine, type ParsedFile, parsedValue, readServiceFile, type WordLine } from "./service-file.ts";

/** In the directory of a service: the services that it needs. @see docs/reference/services.md */
export const NEEDS = "needs";

/** What its lines may be. */
export const NEEDS_FORM = "NAME or NAME SECONDS";

/** How long a service waits for a service that it needs, if its file gives no time limit. */
const NEED_SECONDS = 60;

/** A line of a file `needs`: a service that has to be ready first. */
export interface Need {
  readonly service: string;
  readonly limitSeconds: number;
  /** The number of the line, from 1. */
  readonly line: number;
}

/** What each service needs, by its name. */
export type NeedsGraph = ReadonlyMap<string, readonly Need[]>;

/** Reads the file `needs` of a service, which may have none. @returns an errno (above zero): it cannot be read */
export function readNeeds(linux: Linux, directory: string): ParsedFile<readonly Need[]> | number {
  const read = readServiceFile(linux, `${directory}/${NEEDS}`, parseNeeds);
  return read === ERRNO.ENOENT ? { kind: "ok", value: [] } : read;
}

/** What a service needs; nothing if its file has a mistake. */
export function needsOf(linux: Linux, directory: string): readonly Need[] {
  return parsedValue(readNeeds(linux, directory)) ?? [];
}

/** Parses a file `needs`: `NAME` or `NAME SECONDS` a line. @see docs/reference/services.md */
export function parseNeeds(lines: readonly WordLine[]): ParsedFile<readonly Need[]> {
  const needs: Need[] = [];
  for (const { line, words } of lines) {
    const [service = "", limit, ...more] = words;
    const limitSeconds = limit === undefined ? NEED_SECONDS : wholeNumber(limit);
    const isKnown = needs.some((need) => need.service === service);
    if (isKnown) return badLine(line, `it names "${service}" again`);
    if (more.length > 0) return badLine(line, "it has more than a service and a limit");
    if (limitSeconds === undefined || limitSeconds === 0) {
      return badLine(line, `"${limit ?? ""}" is no limit in whole seconds, 1 or more`);
    }
    needs.push({ service, limitSeconds, line });
  }
  return { kind: "ok", value: needs };
}

/** A cycle: each service needs the next one, and the last needs the first. undefined: there is none. */
export function findCycle(graph: NeedsGraph): readonly string[] | undefined {
  // Services whose needs have all been removed are removed; what remains contains a cycle.
  const names = [...graph.keys()].sort();
  const left = new Map(names.map((name) => [name, (graph.get(name) ?? []).map(({ service }) => service)]));
  for (let size = -1; size !== left.size; ) {
    size = left.size;
    for (const [name, needs] of left) if (!needs.some((need) => left.has(need))) left.delete(name);
  }
  const path: string[] = [];
  for (let name = [...left.keys()][0]; name !== undefined; name = left.get(name)?.find((need) => left.has(need))) {
    const start = path.indexOf(name);
    if (start >= 0) return path.slice(start);
    path.push(name);
  }
  return undefined;
}

/** The services that need a service, by its name. */
export function dependants(graph: NeedsGraph): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [name, needs] of graph) {
    for (const { service } of needs) found.set(service, [...(found.get(service) ?? []), name]);
  }
  return found;
}
