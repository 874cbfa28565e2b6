import type { Reply } from "../core/args.ts";
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
  if (words.includes("--help") || words.includes("-h")) return reply(linux, name, usage, { kind: "help" });
  return words.includes("--version") ? reply(linux, name, usage, { kind: "version" }) : undefined;
}

/** Says on standard error why a command line is refused, and the usage. @returns the exit status */
export function refuseWords(linux: Linux, name: string, reason: string, usage: string): number {
  return reply(linux, name, usage, { kind: "refuse", reason });
}

/**
 * Answers a command line that asks for words only.
 *
 * @param help what --help prints, where it is more than the usage
 * @returns the exit status
 */
export function reply(linux: Linux, name: string, usage: string, request: Reply, help = usage): number {
  if (request.kind === "refuse") {
    writeAll(linux, STDERR, `${name}: ${request.reason}\n${usage}`);
    return STATUS_USAGE;
  }
  return writeAll(linux, STDOUT, request.kind === "help" ? help : `${name} ${version}\n`) ? 0 : STATUS_FAILED;
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
