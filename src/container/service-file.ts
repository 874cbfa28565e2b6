// Tested by src/container/needs.test.ts, src/container/restart.test.ts.
import { ERRNO, errorWords } from "../linux/errno.ts";
import type { Linux } from "../linux/linux.ts";
import type { Fault } from "./fault.ts";

/** No real file is larger. */
const MAX_BYTES = 65_536;

/** A line of a file in a service's directory, and its number, from 1. */
export interface WordLine {
  readonly line: number;
  /** At least one. */
  readonly words: readonly string[];
}

/** The first line that cannot be understood, and why. */
export interface BadLine {
  readonly kind: "bad-line";
  readonly line: number;
  readonly reason: string;
}

/** What a file says, or its first bad line. */
export type ParsedFile<T> = { readonly kind: "ok"; readonly value: T } | BadLine;

/** The answer for a line that cannot be understood. */
export function badLine(line: number, reason: string): BadLine {
  return { kind: "bad-line", line, reason };
}

/**
 * The words of a file in a service's directory. Blanks around words, lines without words, Windows line ends and comments
 * after a `#` that begins a word are ignored.
 *
 * @see docs/reference/services.md
 */
export function wordLines(text: string): WordLine[] {
  return text.split("\n").flatMap((whole, index) => {
    const blank = whole.replaceAll("\t", " ").replaceAll("\r", " ");
    const [text = ""] = ` ${blank}`.split(" #");
    const words = text.split(" ").filter((word) => word !== "");
    return words.length > 0 ? { line: index + 1, words } : [];
  });
}

/** Reads and parses a file in a service's directory. @returns an errno (above zero): it cannot be read, or is not there */
export function readServiceFile<T>(
  linux: Linux,
  path: string,
  parse: (lines: readonly WordLine[]) => ParsedFile<T>,
): ParsedFile<T> | number {
  const text = linux.readFile(path, MAX_BYTES, false);
  return typeof text === "number" ? -text : parse(wordLines(text));
}

/** What a file says; undefined: there is none, it cannot be read, or it has a mistake. */
export function parsedValue<T>(read: ParsedFile<T> | number): T | undefined {
  return typeof read === "object" && read.kind === "ok" ? read.value : undefined;
}

/**
 * Why a file has not the effect that it is there for; undefined: it has, or there is none.
 *
 * @param form what its lines may be
 */
export function fileFault(path: string, read: ParsedFile<unknown> | number, form: string): Fault | undefined {
  if (read === ERRNO.ENOENT) return undefined;
  if (typeof read === "number") {
    const reason = read === ERRNO.EINVAL ? "it is no file" : errorWords(read);
    return { path, reason: `${reason}; it has to be a file with lines: ${form}` };
  }
  return read.kind === "ok" ? undefined : { path, line: read.line, reason: `${read.reason}; write ${form}` };
}

/** A fault as a line of the log has it. */
export function faultWords({ line, path, reason }: Fault): string {
  return `${line === undefined ? `cannot read "${path}"` : `${path}, line ${line}`}: ${reason}`;
}
