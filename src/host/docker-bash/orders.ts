// Tested by test/e2e/docker-bash.test.ts.
import type { Target } from "./target.ts";

/** What the processes in the container need to know. */
export interface Orders {
  readonly target: Target;
  /** The words of the command; none: a login shell. */
  readonly words: readonly string[];
  /** `USER`, `USER:GROUP` or numbers. */
  readonly user: string;
  /** The terminal to make for the command, if any. */
  readonly terminal: Terminal | undefined;
  /** Prints a warning in a line. */
  readonly warn: (message: string) => void;
}

/** The host's terminal. */
export interface Terminal {
  /** The value of TERM. */
  readonly kind: string | undefined;
  readonly rows: number;
  readonly columns: number;
}
