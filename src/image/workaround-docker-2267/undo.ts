import { Failure } from "../../linux/sys-error.ts";

/** What takes back steps that were done, for when a later one fails. */
export class Undo {
  readonly #steps: (() => void)[] = [];

  /** @param step throws a Failure where it must not fail unseen */
  add(step: () => void): void {
    this.#steps.push(step);
  }

  /** Takes all back, the last first. @returns what could not be, in words */
  all(): string[] {
    const failed: string[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        step();
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        failed.push(error.message);
      }
    }
    return failed;
  }
}
