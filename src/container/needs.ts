import { wholeNumber } from "../core/args.ts";

/** In the directory of a service: the services that it needs. @see docs/reference/services.md */
export const NEEDS = "needs";

/** More than anybody writes into it. */
export const MAX_NEEDS_BYTES = 65_536;

/** How long a service waits for one that it needs, where its file does not say it. */
export const NEED_SECONDS = 60;

/** A line of a file `needs`: another service that has to be ready first. */
export interface Need {
  readonly service: string;
  readonly limitSeconds: number;
  /** Where it stands in the file; the first line is 1. */
  readonly line: number;
}

/** A file `needs` taken apart, or the first line of it that nobody can understand, and why. */
export type ParsedNeeds =
  | { readonly kind: "ok"; readonly needs: readonly Need[] }
  | { readonly kind: "bad-line"; readonly line: number; readonly reason: string };

/** What each service needs, by its name. */
export type NeedsGraph = ReadonlyMap<string, readonly Need[]>;

/**
 * Reads a file `needs`: `NAME` or `NAME SECONDS` a line. Blanks around words, lines without words, Windows line ends and
 * what follows a `#` do not count.
 *
 * @see docs/reference/services.md
 */
export function parseNeeds(text: string): ParsedNeeds {
  const needs: Need[] = [];
  for (const [index, whole] of text.split("\n").entries()) {
    const line = index + 1;
    const [service, limit, ...more] = words(whole);
    if (service === undefined) continue;
    const limitSeconds = limit === undefined ? NEED_SECONDS : wholeNumber(limit);
    const isKnown = needs.some((need) => need.service === service);
    if (isKnown) return { kind: "bad-line", line, reason: `it names "${service}" again` };
    if (more.length > 0) return { kind: "bad-line", line, reason: "it has more than a service and a limit" };
    if (limitSeconds === undefined || limitSeconds === 0) {
      return { kind: "bad-line", line, reason: `"${limit ?? ""}" is no limit in whole seconds, 1 or more` };
    }
    needs.push({ service, limitSeconds, line });
  }
  return { kind: "ok", needs };
}

/** The words of a line up to the first that begins with `#`. */
function words(line: string): string[] {
  const all = line
    .split("\t")
    .flatMap((part) => part.split("\r"))
    .flatMap((part) => part.split(" "))
    .filter((word) => word !== "");
  const comment = all.findIndex((word) => word.startsWith("#"));
  return comment < 0 ? all : all.slice(0, comment);
}

/** Services that need each other, each the next and the last the first; undefined where there are none. */
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

/** By the name of each service that is needed: those that need it. */
export function dependants(graph: NeedsGraph): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [name, needs] of graph) {
    for (const { service } of needs) {
      const names = found.get(service);
      if (names === undefined) found.set(service, [name]);
      else names.push(name);
    }
  }
  return found;
}
