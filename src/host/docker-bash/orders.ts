import type { Target } from "./target.ts";

/** What the processes in the container need to know. */
export interface Orders {
  readonly target: Target;
  /** The words of the command; none: a login shell. */
  readonly words: readonly string[];
  /** `USER`, `USER:GROUP` or numbers. */
  readonly user: string;
  /** The terminal to be made for the command, if any. */
  readonly terminal: Terminal | undefined;
  /** Tells whoever runs this, in a line, of something that is not as it should be. */
  readonly warn: (message: string) => void;
}

/** A terminal as the one of the host is. */
export interface Terminal {
  /** The value of TERM. */
  readonly kind: string | undefined;
  readonly rows: number;
  readonly columns: number;
}
