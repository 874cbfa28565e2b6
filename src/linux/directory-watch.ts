import type { EventLoop } from "./event-loop.ts";
import type { Linux } from "./linux.ts";

/**
 * Tells when a name comes or goes in a directory, where the kernel has watches to give; where not, nothing is told. One
 * for the whole program, as it is never closed: closing an inotify descriptor waits for a grace period of the kernel,
 * up to 20 ms, while removing a watch from it does not.
 *
 * @see inotify(7)
 */
export class DirectoryWatch {
  readonly #linux: Linux;
  readonly #loop: EventLoop;
  readonly #listeners = new Map<number, () => void>();
  /** Undefined until somebody needs it. */
  #fd: number | undefined;

  constructor(linux: Linux, loop: EventLoop) {
    this.#linux = linux;
    this.#loop = loop;
  }

  /** @returns ends the watch; undefined where the kernel gives none */
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
