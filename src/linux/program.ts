import { parseOptions, type Reply } from "../core/args.ts";
import { version } from "../core/version.ts";
import type { Linux } from "./linux.ts";
import { writeAll } from "./output.ts";
import { Failure } from "./sys-error.ts";

/** The standard descriptors. @see stdout(3) */
export const STDIN = 0;
export const STDOUT = 1;
export const STDERR = 2;

/** The exit statuses of our programs on failure. */
export const STATUS_FAILED = 1;
export const STATUS_USAGE = 2;

/**
 * Answers `--help`, `-h` and `--version` as the first word, for a program without options.
 *
 * @returns the exit status; undefined: the first word is none of them
 */
export function answerHelp(linux: Linux, name: string, usage: string): number | undefined {
  const parsed = parseOptions([], linux.argv.slice(1, 2));
  return parsed.kind === "help" || parsed.kind === "version" ? reply(linux, name, usage, parsed) : undefined;
}

/**
 * Answers a command line that asks only for text.
 *
 * @param help what --help prints, if it is more than the usage
 * @returns the exit status
 */
export function reply(linux: Linux, name: string, usage: string, request: Reply, help = usage): number {
  if (request.kind === "refuse") {
    writeAll(linux, STDERR, `${name}: ${request.reason}\n${usage}`);
    return STATUS_USAGE;
  }
  return writeAll(linux, STDOUT, request.kind === "help" ? help : `${name} ${version}\n`) ? 0 : STATUS_FAILED;
}

/** Calls `act`. A Failure is printed in one line that begins with `name`. @returns the exit status */
export function attempt(linux: Linux, name: string, act: () => number): number {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    writeAll(linux, STDERR, `${name}: ${error.message}\n`);
    return STATUS_FAILED;
  }
}
