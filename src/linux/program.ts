import { version } from "../core/version.ts";
import type { Linux } from "./linux.ts";
import { writeAll } from "./output.ts";
import { Failure } from "./sys-error.ts";

/** Descriptors that every program is started with. @see stdout(3) */
export const STDIN = 0;
export const STDOUT = 1;
export const STDERR = 2;

/** The exit statuses of our programs where they do not do what they are for. */
export const STATUS_FAILED = 1;
export const STATUS_USAGE = 2;

/**
 * Answers `--help`, `-h` and `--version` on standard output.
 *
 * @param words those that may be one of them; by default the first
 * @returns the exit status; undefined: there is none of them
 */
export function answerHelp(
  linux: Linux,
  name: string,
  usage: string,
  words = linux.argv.slice(1, 2),
): number | undefined {
  const isHelp = words.includes("--help") || words.includes("-h");
  if (!isHelp && !words.includes("--version")) return undefined;
  return writeAll(linux, STDOUT, isHelp ? usage : `${name} ${version}\n`) ? 0 : STATUS_FAILED;
}

/** Tells on standard error why a command line cannot be meant, and the usage. @returns the exit status */
export function refuseWords(linux: Linux, name: string, reason: string, usage: string): number {
  writeAll(linux, STDERR, `${name}: ${reason}\n${usage}`);
  return STATUS_USAGE;
}

/** Does what the program `name` is for. A Failure is its end, and told in one line. @returns its exit status */
export function attempt(linux: Linux, name: string, act: () => number): number {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    writeAll(linux, STDERR, `${name}: ${error.message}\n`);
    return STATUS_FAILED;
  }
}
