import { type Option, parseOptions, type Reply, refuse, wholeNumber } from "../../core/args.ts";
import { printable } from "../../core/printable.ts";

/** What the command line asks for. */
export type Request = { readonly kind: "look"; readonly isJson: boolean; readonly waitMs: number } | Reply;

export const USAGE = `usage: container_health [--json] [--wait SECONDS]
Exits with 0 if the boot is over and every service that should be up is up and passes its check. Otherwise prints a
line for each service that is not or does not, and exits with 1.
`;

const SECONDS = "a whole number of seconds";
const OPTIONS: readonly Option[] = [{ flag: "--json" }, { flag: "--wait", value: SECONDS }];

/** Reads the words after the program's name. */
export function readCommandLine(words: readonly string[]): Request {
  const parsed = parseOptions(OPTIONS, words);
  if (parsed.kind !== "ok") return parsed;
  const { given } = parsed;
  const [word] = parsed.words;
  if (word !== undefined) return refuse(`unknown word "${printable(word)}"`);
  const seconds = wholeNumber(given.get("--wait") ?? "0");
  if (seconds === undefined) return refuse(`--wait needs ${SECONDS}`);
  return { kind: "look", isJson: given.has("--json"), waitMs: seconds * 1000 };
}
