import { isAllDigits } from "./ascii.ts";
import { printable } from "./printable.ts";

/** One option of a program's command line. */
export interface Option {
  /** As typed, `--user`; also its name in the result of {@link parseOptions}. */
  readonly flag: string;
  /** The same in one letter: `-u`. */
  readonly letter?: string;
  /** For --help. */
  readonly help?: string;
  /** Describes the value in an error message: `a whole number`. Undefined: the option takes no value. */
  readonly value?: string;
}

/** A command line that is answered only by text. */
export type Reply =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "refuse"; readonly reason: string };

/** A parsed command line: the options with their values, and the words after the options. */
export type Parsed =
  | { readonly kind: "ok"; readonly given: ReadonlyMap<string, string>; readonly words: readonly string[] }
  | Reply;

/**
 * Parses the options at the start of `words`. They end before the first word that does not begin with `-`, or at the
 * first `--`, which is dropped. A value is the next word, or part of the same word: `-uUSER`, `--user=USER`. It is not
 * empty. Every program has -h, --help and --version: nothing after them is read.
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

/** A reply to a wrong command line. */
export function refuse(reason: string): Reply {
  return { kind: "refuse", reason };
}

/** A whole number of at most nine digits; undefined for any other text. */
export function wholeNumber(text: string): number | undefined {
  return isAllDigits(text) && text.length <= 9 ? Number(text) : undefined;
}
