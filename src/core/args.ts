import { isAllDigits } from "./ascii.ts";
import { printable } from "./printable.ts";

/** One option of a program's command line. */
export interface Option {
  /** As typed, `--user`; its name in the answer of {@link parseOptions}, too. */
  readonly flag: string;
  /** The same in one letter: `-u`. */
  readonly letter?: string;
  /** What it does, for --help. */
  readonly help?: string;
  /** What its value is, for a refusal: `a whole number`. Without it the option takes no value. */
  readonly value?: string;
}

/** A command line that is answered in words only. */
export type Reply =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "refuse"; readonly reason: string };

/** A command line taken apart: the options with their values, and the words from the first that is no option. */
export type Parsed =
  | { readonly kind: "ok"; readonly given: ReadonlyMap<string, string>; readonly words: readonly string[] }
  | Reply;

/**
 * Takes options off the front of `words`. The first word that does not begin with `-` ends them and belongs to what
 * follows; so does everything after the first `--`, which is dropped. A value is the next word, or in the same word:
 * `-uUSER`, `--user=USER`. It is never empty. Every program has -h, --help and --version: nothing after them is read.
 *
 * @see XBD 12.2 guidelines 6, 9 and 10
 */
export function parseOptions(options: readonly Option[], words: readonly string[]): Parsed {
  const given = new Map<string, string>();
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "--") return { kind: "ok", given, words: words.slice(at + 1) };
    if (!word.startsWith("-")) return { kind: "ok", given, words: words.slice(at) };
    if (word === "--help" || word === "-h") return { kind: "help" };
    if (word === "--version") return { kind: "version" };
    const end = word.startsWith("--") ? word.indexOf("=") : 2;
    const flag = end < 0 ? word : word.slice(0, end);
    const option = options.find((each) => each.flag === flag || each.letter === flag);
    const hasAttached = flag !== word;
    if (option === undefined || (hasAttached && option.value === undefined)) {
      return refuse(`unknown option "${printable(word)}"`);
    }
    let value = "";
    if (option.value !== undefined) {
      value = hasAttached ? word.slice(word.startsWith("--") ? end + 1 : end) : (words[++at] ?? "");
      if (value === "") return refuse(`${flag} needs ${option.value}`);
    }
    given.set(option.flag, value);
  }
  return { kind: "ok", given, words: [] };
}

/** A command line that asks for nothing that can be done. */
export function refuse(reason: string): Reply {
  return { kind: "refuse", reason };
}

/** A whole number of at most nine digits and nothing else; undefined for any other text. */
export function wholeNumber(text: string): number | undefined {
  return isAllDigits(text) && text.length <= 9 ? Number(text) : undefined;
}
