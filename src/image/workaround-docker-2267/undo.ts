import { Failure } from "../../linux/sys-error.ts";

/** Undoes earlier steps when a later step fails. */
export class Undo {
  readonly #steps: (() => void)[] = [];

  /** @param step throws a Failure if its failure must be reported */
  add(step: () => void): void {
    this.#steps.push(step);
  }

  /** Undoes all steps, the last first. @returns the errors */
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
