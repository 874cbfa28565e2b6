import { SERVICES, SUPERVISE } from "../../../container/runsv.ts";
import { printable } from "../../../core/printable.ts";
import { ERRNO } from "../../../linux/errno.ts";
import { isDirectory } from "../../../linux/files.ts";
import { SysError } from "../../../linux/sys-error.ts";
import type { Context } from "../context.ts";
import { copyAccess } from "./mirror-access.ts";
import { isRunByUs } from "./run-by-us.ts";

/** What runsv starts. @see runsv(8) */
const RUN = "run";
/** The service's own `run` if ours starts the service. */
const OWN_RUN = "run.own";

/** In a service's directory, the mirror has directories for these, not links: runsv writes into `log`, my_init into `control`. */
const SUBDIRECTORIES = ["log", "control"];

/** A directory of /etc/service that the mirror has, too. */
interface Mirrored {
  /** A new directory of the same name is another service, also for runsvdir. */
  readonly inode: number;
  /** The names in it for which links were made. If such a link is missing, a script has removed it, and it is not made again. */
  readonly seen: Set<string>;
  /** Owner and mode of the real directory, as they were copied last. */
  access: string;
  /** Whether its `run` is ours. */
  isRunByUs: boolean;
  endWatch: (() => void) | undefined;
}

/**
 * A mirror of /etc/service: a directory for each service, with links to the files of the real one.
 *
 * @see docs/adr/0009-mirror-of-services.md
 */
export class Mirror {
  /** Where it is. */
  readonly path: string;
  readonly #context: Context;
  /** By `NAME`, `NAME/log` or `NAME/control`. */
  readonly #directories = new Map<string, Mirrored>();
  #goneCount = 0;
  #endWatch: (() => void) | undefined;
  #isFollowing = false;

  /** @param path a directory that is empty */
  constructor(context: Context, path: string) {
    this.#context = context;
    this.path = path;
  }

  /** Makes the mirror have these services, as they are now. @throws SysError the file system is full */
  update(services: readonly string[]): void {
    const { linux } = this.#context;
    for (const [name, { inode }] of this.#directories) {
      if (name.includes("/") || (services.includes(name) && inodeOf(this.#context, name) === inode)) continue;
      this.#forget(name);
      for (const subdirectory of SUBDIRECTORIES) this.#forget(`${name}/${subdirectory}`);
      // runsvdir no longer sees it, and ends its runsv, which still has to find its files.
      linux.rename(`${this.path}/${name}`, `${this.path}/.${name}.${++this.#goneCount}`);
    }
    for (const name of services) this.#updateDirectory(name);
  }

  /**
   * Until {@link unfollow}, updates a service when its directory changes, and calls `onChange` when services come or go.
   * If the kernel gives no watches, nothing happens.
   */
  follow(onChange: () => void): void {
    this.#isFollowing = true;
    this.#endWatch = this.#watch(SERVICES, onChange);
    // For changes since the last update.
    this.#trying(SERVICES, onChange);
  }

  /** No longer updates the mirror. */
  unfollow(): void {
    this.#isFollowing = false;
    this.#endWatch?.();
    for (const { endWatch } of this.#directories.values()) endWatch?.();
  }

  #watch(directory: string, onChange: () => void): (() => void) | undefined {
    return this.#context.directories.add(directory, () => this.#trying(directory, onChange));
  }

  /** No change of /etc/service may end the container. */
  #trying(directory: string, act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      this.#context.log.warn(`a change in ${printable(directory)} has no effect: ${error.message}`);
    }
  }

  #forget(name: string): void {
    this.#directories.get(name)?.endWatch?.();
    this.#directories.delete(name);
  }

  /** Makes a link for each name in a directory, except for directories that the mirror needs itself. */
  #updateDirectory(name: string): void {
    const { linux } = this.#context;
    const [from, to] = [`${SERVICES}/${name}`, `${this.path}/${name}`];
    const directory = this.#directories.get(name) ?? this.#add(name);
    // Watch before the look, so that no change is missed.
    if (this.#isFollowing) directory.endWatch ??= this.#watch(from, () => this.#updateDirectory(name));
    directory.access = copyAccess(linux, from, to, directory.access);
    const names = linux.listDir(from);
    if (names === -ERRNO.ENOENT) return; // it is being removed
    if (typeof names === "number") throw new SysError("cannot read", from, -names);
    const { seen } = directory;
    for (const each of names) {
      const isSubdirectory =
        SUBDIRECTORIES.includes(each) && !name.includes("/") && isDirectory(linux, `${from}/${each}`);
      if (isSubdirectory) this.#updateDirectory(`${name}/${each}`);
      if (isSubdirectory || each === SUPERVISE || seen.has(each)) continue;
      const made = linux.symlink(`${from}/${each}`, `${to}/${each}`);
      if (made !== -ERRNO.EEXIST) must(`${to}/${each}`, made);
      seen.add(each);
    }
    for (const each of seen) {
      if (names.includes(each)) continue;
      seen.delete(each);
      // Only a link that leads nowhere: a script may have replaced the link.
      if (linux.access(`${to}/${each}`, 0) < 0) linux.unlink(`${to}/${each}`);
    }
    this.#updateRun(name, directory);
  }

  #add(name: string): Mirrored {
    const directory = {
      inode: inodeOf(this.#context, name),
      seen: new Set<string>(),
      access: "",
      isRunByUs: false,
      endWatch: undefined,
    };
    const path = `${this.path}/${name}`;
    const made = this.#context.linux.mkdir(path, 0o700);
    // my_init or a script may have made it.
    if (made !== -ERRNO.EEXIST || !isDirectory(this.#context.linux, path)) must(path, made);
    this.#directories.set(name, directory);
    return directory;
  }

  /** Replaces the service's `run` by ours, or restores it. If there is none, runsv reports that. */
  #updateRun(name: string, directory: Mirrored): void {
    const { linux } = this.#context;
    const hasRun = directory.seen.has(RUN);
    const isWanted = hasRun && isRunByUs(this.#context, name);
    if (isWanted === directory.isRunByUs) return;
    const [run, own] = [`${this.path}/${name}/${RUN}`, `${this.path}/${name}/${OWN_RUN}`];
    if (isWanted) {
      const program = linux.realPath("/proc/self/exe");
      if (typeof program === "number") throw new SysError("cannot find", "/proc/self/exe", -program);
      linux.unlink(own);
      must(own, linux.symlink(`${SERVICES}/${name}/${RUN}`, own));
      // By rename(2): there is a `run` at every moment.
      const aside = `${this.path}/.run`; // a service's directory may have any name
      linux.unlink(aside);
      must(aside, linux.symlink(program, aside));
      must(run, linux.rename(aside, run));
    } else if (hasRun) must(run, linux.rename(own, run));
    else for (const path of [run, own]) linux.unlink(path);
    directory.isRunByUs = isWanted;
  }
}

function inodeOf({ linux }: Context, name: string): number {
  const facts = linux.stat(`${SERVICES}/${name}`);
  return typeof facts === "number" ? 0 : facts[4];
}

function must(path: string, answer: number): void {
  if (answer < 0) throw new SysError("cannot make", path, -answer);
}
