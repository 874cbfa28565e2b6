// Tested by test/process/terminal.test.ts.
import type { Child } from "../../linux/children.ts";
import { type Linux, SPAWN } from "../../linux/linux.ts";
import { STDERR, STDIN, STDOUT } from "../../linux/program.ts";

/** The controlling terminal, whatever the standard descriptors are. @see tty(4) */
const CONTROLLING_TERMINAL = "/dev/tty";

/** The terminal, if my_init was started in its foreground. A child may get the foreground. */
export class Terminal {
  /** Descriptor of the terminal, for spawn; -1: there is none, or my_init is not in its foreground. */
  readonly fd: number;
  readonly #linux: Linux;

  constructor(linux: Linux) {
    this.#linux = linux;
    this.fd = [STDIN, STDOUT, STDERR].find((fd) => linux.isTerminal(fd) && this.#isInForeground(fd)) ?? this.#open();
  }

  /** Whether there is one. */
  get isOurs(): boolean {
    return this.fd >= 0;
  }

  /**
   * The bits of SPAWN for a child in its own process group. With a terminal it gets the foreground: in the background
   * the kernel would stop a child that uses the terminal.
   */
  get groupOption(): number {
    return this.isOurs ? SPAWN.foreground : SPAWN.group;
  }

  /** Makes my_init's group the foreground again after a child had it. */
  takeBack(): void {
    if (this.isOurs) this.#linux.setForeground(this.fd, this.#linux.getGroup());
  }

  /** Gives the foreground to a child again: a shell's `fg` gives it to my_init's group, which is not the child's. */
  handOn(child: Child): void {
    const isBack = this.isOurs && child.end === undefined && this.#isInForeground(this.fd);
    if (isBack) this.#linux.setForeground(this.fd, child.pid);
  }

  #isInForeground(fd: number): boolean {
    return this.#linux.getForeground(fd) === this.#linux.getGroup();
  }

  #open(): number {
    const fd = this.#linux.openToRead(CONTROLLING_TERMINAL);
    if (fd < 0) return -1;
    if (this.#isInForeground(fd)) return fd;
    this.#linux.close(fd);
    return -1;
  }
}
