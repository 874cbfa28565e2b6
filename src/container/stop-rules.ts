import { wholeNumber } from "../core/args.ts";
import { SIGNAL, signalNumber } from "../core/signals.ts";
import type { Linux } from "../linux/linux.ts";
import type { Fault } from "./fault.ts";
import { badLine, fileFault, type ParsedFile, parsedValue, readServiceFile, type WordLine } from "./service-file.ts";

/** A file of one word in the directory of a service. */
interface RuleFile {
  readonly name: string;
  /** What its word is. */
  readonly what: string;
  /** What it may contain. */
  readonly form: string;
  /** The value of the word; undefined: the word is wrong. */
  parse(word: string): number | undefined;
}

/** The signal that stops the service, in place of TERM. @see docs/reference/services.md */
export const STOP_SIGNAL: RuleFile = {
  name: "stop-signal",
  what: "signal that can end a service",
  form: "one signal such as QUIT, SIGQUIT, RTMIN+3 or 3",
  parse(word) {
    const signal = signalNumber(word);
    return signal === SIGNAL.SIGSTOP ? undefined : signal;
  },
};

/** After so many seconds my_init kills the service. @see docs/reference/services.md */
export const STOP_TIMEOUT: RuleFile = {
  name: "stop-timeout",
  what: "time limit",
  form: "one whole number of seconds, 1 or more",
  parse: (word) => wholeNumber(word) || undefined,
};

/** What the file of a service says; undefined: there is none, or it has a mistake. */
export function readRule(linux: Linux, directory: string, file: RuleFile): number | undefined {
  return parsedValue(readFile(linux, `${directory}/${file.name}`, file));
}

/** Why the files of a service cannot be read or understood. */
export function stopFaults(linux: Linux, directory: string): readonly Fault[] {
  return [STOP_SIGNAL, STOP_TIMEOUT].flatMap((file) => {
    const path = `${directory}/${file.name}`;
    return fileFault(path, readFile(linux, path, file), file.form) ?? [];
  });
}

function readFile(linux: Linux, path: string, file: RuleFile): ParsedFile<number> | number {
  return readServiceFile(linux, path, (lines) => parseWord(lines, file));
}

function parseWord([first, second]: readonly WordLine[], { parse, what }: RuleFile): ParsedFile<number> {
  const word = first?.words.join(" ") ?? "";
  const value = parse(word);
  if (value === undefined) return badLine(first?.line ?? 1, `"${word}" is no ${what}`);
  return second === undefined ? { kind: "ok", value } : badLine(second.line, "it has more than one word");
}
