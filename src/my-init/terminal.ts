import { type Linux, SPAWN } from "../linux/linux.ts";

const STDIN = 0;

/** The terminal on standard input, where my_init was started in its foreground and so may hand it on. */
export class Terminal {
  /** Whether there is one and it is ours to hand on. */
  readonly isOurs: boolean;
  /** For spawn: which descriptor it is. */
  readonly fd = STDIN;
  readonly #linux: Linux;

  constructor(linux: Linux) {
    this.#linux = linux;
    this.isOurs = linux.isTerminal(STDIN) && linux.getForeground(STDIN) === linux.getGroup();
  }

  /**
   * The bits of SPAWN for a child in a process group of its own, which with a terminal has its foreground:
   * in the background the kernel would stop a child that uses it.
   */
  get groupOption(): number {
    return this.isOurs ? SPAWN.foreground : SPAWN.group;
  }

  /** Makes my_init's group the foreground again after a child had it. */
  takeBack(): void {
    if (this.isOurs) this.#linux.setForeground(STDIN, this.#linux.getGroup());
  }
}
