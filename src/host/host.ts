import type { Linux } from "../linux/linux.ts";

/**
 * The port of the programs for the host: the calls that those in the container do not need, by the rules of
 * {@link Linux}.
 *
 * `native/host.c` has one table with the same names; `test/tidy.test.ts` compares them.
 */
export interface Host extends Linux {
  /** Makes a second process of this one, which goes on behind this call too. @returns the child's pid; in the child 0 @see fork(2) */
  fork(): number;
  /** Ends this process at once. @see _exit(2) */
  exit(status: number): never;

  /** @param flags bits of {@link OPEN} @returns a descriptor, close-on-exec @see open(2) with O_NONBLOCK and O_NOCTTY */
  open(path: string, flags: number): number;
  /** @returns at most `maxBytes`; "": the end @see read(2) */
  read(fd: number, maxBytes: number): string | number;
  /** @returns two descriptors, close-on-exec @see pipe2(2) */
  pipe(): readonly [readEnd: number, writeEnd: number] | number;
  /** Makes `to` lead where `fd` leads, and stay open over exec. @see dup2(2) */
  duplicate(fd: number, to: number): number;
}

/** Bits of {@link Host.open}'s `flags`. */
export const OPEN = { read: 0, write: 1, readWrite: 2 } as const;
