import type { EventLoop } from "./event-loop.ts";
import type { Linux } from "./linux.ts";

/**
 * Notifies of names that come or go in a directory. If the kernel has no watch left, it never does. A program has one
 * and never closes it: closing an inotify descriptor waits for a grace period of the kernel, up to 20 ms; removing a
 * watch does not.
 *
 * @see inotify(7)
 */
export class DirectoryWatch {
  readonly #linux: Linux;
  readonly #loop: EventLoop;
  readonly #listeners = new Map<number, () => void>();
  /** Undefined until the first {@link add}. */
  #fd: number | undefined;

  constructor(linux: Linux, loop: EventLoop) {
    this.#linux = linux;
    this.#loop = loop;
  }

  /** @returns a function that ends the watch; undefined if the kernel gives none */
  add(directory: string, onChange: () => void): (() => void) | undefined {
    const fd = this.#open();
    const watch = fd < 0 ? fd : this.#linux.inotifyAdd(fd, directory);
    if (watch < 0) return undefined;
    this.#listeners.set(watch, onChange);
    return () => {
      this.#listeners.delete(watch);
      this.#linux.inotifyRemove(fd, watch);
    };
  }

  #open(): number {
    if (this.#fd !== undefined) return this.#fd;
    const fd = this.#linux.inotifyOpen();
    this.#fd = fd;
    if (fd >= 0) this.#loop.watch(fd, () => this.#notify(fd));
    return fd;
  }

  #notify(fd: number): void {
    const watches = this.#linux.inotifyRead(fd);
    if (typeof watches === "number") return;
    for (const watch of new Set(watches)) this.#listeners.get(watch)?.();
  }
}
