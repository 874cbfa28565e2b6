import { wholeNumber } from "../../core/args.ts";
import { printable } from "../../core/printable.ts";

/** What the command line asks for. */
export type Request =
  | { readonly kind: "look"; readonly isJson: boolean; readonly waitMs: number }
  | { readonly kind: "refuse"; readonly reason: string };

export const USAGE = `usage: container_health [--json] [--wait SECONDS]
Exits with 0 if the boot is over, every service that should be up is up and its check says yes; else with 1, and a
line for each that is not.
`;

/** Reads the words after the program's name. */
export function readCommandLine(words: readonly string[]): Request {
  let isJson = false;
  let seconds: number | undefined = 0;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    if (word === "--json") isJson = true;
    else if (word === "--wait") seconds = wholeNumber(words[++i] ?? "");
    else return { kind: "refuse", reason: `unknown word "${printable(word)}"` };
    if (seconds === undefined) return { kind: "refuse", reason: "--wait needs a whole number of seconds" };
  }
  return { kind: "look", isJson, waitMs: seconds * 1000 };
}
