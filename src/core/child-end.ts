import { wholeNumber } from "./args.ts";

/** How a child ended. */
export type ChildEnd =
  | { readonly how: "exited"; readonly code: number } // 0 to 255
  | { readonly how: "killed"; readonly signal: number }; // 1 to 64

/** Decodes the status word of waitpid(2) for a child that has ended. */
export function childEnd(status: number): ChildEnd {
  const signal = status & 0x7f;
  return signal === 0 ? { how: "exited", code: (status >> 8) & 0xff } : { how: "killed", signal };
}

/**
 * Decodes the two words that runsv gives a finish script: the exit code or -1, and the low byte of the wait status.
 *
 * @returns undefined: they are something else
 * @see runsv(8)
 */
export function finishEnd(code: string, low: string): ChildEnd | undefined {
  const byte = wholeNumber(low);
  if (byte === undefined) return undefined;
  if (code === "-1") return { how: "killed", signal: byte & 0x7f };
  const number = wholeNumber(code);
  return number === undefined ? undefined : { how: "exited", code: number };
}

/** The signal that stopped a child; undefined if the status word is that of an end. */
export function stopSignal(status: number): number | undefined {
  return (status & 0xff) === 0x7f ? (status >> 8) & 0xff : undefined;
}

/** The exit status as in a shell: the exit code, or 128 + signal. @see docs/reference/my_init.md, exit status */
export function exitStatus(end: ChildEnd): number {
  return end.how === "exited" ? end.code : 128 + end.signal;
}

/** A shell's status for a program that exists and cannot be run. */
export const STATUS_CANNOT_RUN = 126;
/** A shell's status for a program that does not exist. */
export const STATUS_NOT_FOUND = 127;
