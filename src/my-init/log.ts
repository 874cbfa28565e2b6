import type { Output } from "../linux/output.ts";

/** What begins every line of my_init: people search logs for it. */
const MARK = "*** ";

/** The messages of my_init, on standard error, one line each. */
export class Log {
  readonly #output: Output;
  readonly #isQuiet: boolean;

  constructor(output: Output, isQuiet: boolean) {
    this.#output = output;
    this.#isQuiet = isQuiet;
  }

  /** What happens in the ordinary course of things; `--quiet` hides it. */
  info(message: string): void {
    if (!this.#isQuiet) this.#output.writeLine(MARK + message);
  }

  /** What somebody should look at. */
  warn(message: string): void {
    this.#output.writeLine(MARK + message);
  }
}
