import { type Option, parseOptions, type Reply } from "../../core/args.ts";

/** What the command line asks for. */
export type Request = { readonly kind: "look"; readonly isJson: boolean; readonly services: readonly string[] } | Reply;

export const USAGE = `usage: container_status [--json] [SERVICE]...
Shows how the container is, and each service or the named ones: what it does, since when, and how it ended last.
`;

const OPTIONS: readonly Option[] = [{ flag: "--json" }];

/** Reads the words after the program's name. */
export function readCommandLine(words: readonly string[]): Request {
  const parsed = parseOptions(OPTIONS, words);
  if (parsed.kind !== "ok") return parsed;
  return { kind: "look", isJson: parsed.given.has("--json"), services: parsed.words };
}
