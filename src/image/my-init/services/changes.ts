// Tested by src/image/my-init/services/mirror.test.ts.
import { printable } from "../../../core/printable.ts";
import { SysError } from "../../../linux/sys-error.ts";
import type { Context } from "../context.ts";

/** As often as runsvdir looks. @see runsvdir(8) */
const POLL_INTERVAL_MS = 5000;

/** Notices changes of directories. What follows a change may fail: it has a line, and does not end the container. */
export class Changes {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Calls `onChange` after each change. @returns a function that ends it; undefined: the kernel has no watch left */
  watch(directory: string, onChange: () => void): (() => void) | undefined {
    return this.#context.directories.add(directory, () => this.#try(directory, onChange));
  }

  /** Calls `onChange` again and again, for lack of a watch. @returns a function that ends it */
  poll(directory: string, onChange: () => void): () => void {
    const { loop } = this.#context;
    let nextMs = loop.nowMs + POLL_INTERVAL_MS;
    return loop.tendTo(() => {
      if (loop.nowMs < nextMs) return nextMs;
      nextMs = loop.nowMs + POLL_INTERVAL_MS;
      this.#try(directory, onChange);
      return nextMs;
    });
  }

  #try(directory: string, onChange: () => void): void {
    try {
      onChange();
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      this.#context.log.warn(`a change in ${printable(directory)} has no effect: ${error.message}`);
    }
  }
}
