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
