import { isAllDigits } from "./ascii.ts";

/** One option of a program's command line. */
export interface Option {
  /** As typed: `--quiet`. */
  readonly flag: string;
  /** What it does, for --help. */
  readonly help: string;
}

/** A command line taken apart: the options found and the words from the first that is none. */
export type Parsed =
  | { readonly kind: "ok"; readonly flags: ReadonlySet<string>; readonly words: readonly string[] }
  | { readonly kind: "unknown-option"; readonly option: string };

/**
 * Takes options off the front of `words`. The first word that does not begin with `-` ends them and
 * belongs to what follows; so does everything after the first `--`, which is dropped.
 *
 * @see docs/reference/my_init.md, XBD 12.2 guidelines 9 and 10
 */
export function parseOptions(options: readonly Option[], words: readonly string[]): Parsed {
  const flags = new Set<string>();
  for (const [index, word] of words.entries()) {
    if (word === "--") return { kind: "ok", flags, words: words.slice(index + 1) };
    if (!word.startsWith("-")) return { kind: "ok", flags, words: words.slice(index) };
    if (!options.some(({ flag }) => flag === word)) return { kind: "unknown-option", option: word };
    flags.add(word);
  }
  return { kind: "ok", flags, words: [] };
}

/** The lines of --help that tell the options, one each, in columns. */
export function optionsHelp(options: readonly Option[]): string {
  const width = Math.max(...options.map(({ flag }) => flag.length));
  return options.map(({ flag, help }) => `  ${flag.padEnd(width)}  ${help}\n`).join("");
}

/** A whole number of at most nine digits and nothing else; undefined for any other text. */
export function wholeNumber(text: string): number | undefined {
  return isAllDigits(text) && text.length <= 9 ? Number(text) : undefined;
}
