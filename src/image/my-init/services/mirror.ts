import { OWN_FINISH, SERVICES, SUPERVISE } from "../../../container/runsv.ts";
import { REPORTED } from "../../../container/service-mirror.ts";
import { STOP_SIGNAL } from "../../../container/stop-rules.ts";
import { ERRNO } from "../../../linux/errno.ts";
import { SysError } from "../../../linux/sys-error.ts";
import type { Context } from "../context.ts";
import { Changes } from "./changes.ts";
import { copyAccess, inodeOf } from "./mirror-access.ts";
import {
  hasFinish,
  linkName,
  linkTarget,
  makeDirectory,
  putFinish,
  putLink,
  putRun,
  RUN,
  restoreFinish,
  restoreRun,
} from "./our-programs.ts";
import { isRunByUs } from "./run-by-us.ts";
import { putStopControl } from "./stop-control.ts";
import { CONTROL, needsOwn, SUBDIRECTORIES, SuperviseLinks } from "./supervise-link.ts";

/** A directory of /etc/service that the mirror has, too. */
interface Mirrored {
  /** A new directory of the same name is another service, also for runsvdir. */
  readonly inode: number;
  /** The names in it for which links were made. If such a link is missing, a script has removed it, and it is not made again. */
  readonly seen: Set<string>;
  /** Owner and mode of the real directory, as they were copied last. */
  access: string;
  /** Whether its `run` is ours, and whether that is so whatever its files are. */
  isRunByUs: boolean;
  isAlwaysByUs: boolean;
  endWatch: (() => void) | undefined;
}

/**
 * A mirror of /etc/service: a directory for each service, with links to the files of the real one.
 *
 * @see docs/adr/0009-mirror-of-services.md
 */
export class Mirror {
  readonly path: string;
  /** They lead from /etc/service to here. */
  readonly links: SuperviseLinks;
  readonly #context: Context;
  /** By `NAME`, `NAME/log` or `NAME/control`. */
  readonly #directories = new Map<string, Mirrored>();
  readonly #program: string;
  readonly #changes: Changes;
  #goneCount = 0;
  #endWatch: (() => void) | undefined;
  #isFollowing = true;

  /**
   * @param path a directory that is empty
   * @param program the path of our binary
   */
  constructor(context: Context, path: string, program: string) {
    this.#context = context;
    this.path = path;
    this.#program = program;
    this.#changes = new Changes(context);
    this.links = new SuperviseLinks(context.linux, path);
  }

  /** Whether a service may have one of these files. */
  hasAny(files: readonly string[]): boolean {
    return [...this.#directories.values()].some(({ seen }) => files.some((each) => seen.has(each)));
  }

  /**
   * Makes the mirror have these services, as they are now. A directory that is watched is read only once.
   *
   * @throws SysError the file system is full
   */
  update(services: readonly string[]): void {
    const { linux } = this.#context;
    for (const [name, { inode }] of this.#directories) {
      if (name.includes("/") || (services.includes(name) && inodeOf(linux, name) === inode)) continue;
      this.#forget(name);
      for (const subdirectory of SUBDIRECTORIES) this.#forget(`${name}/${subdirectory}`);
      // runsvdir no longer sees it, and ends its runsv, which still has to find its files.
      linux.rename(`${this.path}/${name}`, `${this.path}/.${name}.${++this.#goneCount}`);
    }
    for (const name of services) this.#updateWatched(name);
  }

  /**
   * Until {@link unfollow}, calls `onChange` when services come or go; a service is updated when its directory changes.
   * If the kernel gives no watches, my_init looks as often as runsvdir.
   */
  follow(onChange: () => void): void {
    this.#endWatch = this.#changes.watch(SERVICES, onChange) ?? this.#changes.poll(SERVICES, onChange);
  }

  /** No longer updates the mirror. */
  unfollow(): void {
    this.#isFollowing = false;
    this.#endWatch?.();
    for (const { endWatch } of this.#directories.values()) endWatch?.();
  }

  /** Makes our program the `run` of a service whose own, if any, cannot be executed, as was logged. @throws SysError */
  startByUs(name: string): void {
    const directory = this.#directories.get(name);
    if (directory === undefined) return;
    directory.isAlwaysByUs = true;
    this.#context.linux.writeFile(`${this.path}/${name}/${REPORTED}`, "", true);
    this.#updateRun(name, directory);
  }

  /** Ends are recorded no longer: puts the services' own `finish` in place of ours. The shutdown asks for these ends. */
  endRecords(): void {
    const { linux } = this.#context;
    for (const name of this.#directories.keys()) {
      if (hasFinish(name)) restoreFinish(linux, this.path, name);
    }
  }

  #forget(name: string): void {
    this.#directories.get(name)?.endWatch?.();
    this.#directories.delete(name);
  }

  /** Updates a directory. Names in a watched one were updated when they came. */
  #updateWatched(name: string): void {
    const directory = this.#directories.get(name);
    if (directory?.endWatch === undefined) {
      this.#updateDirectory(name);
      return;
    }
    directory.access = copyAccess(this.#context.linux, `${SERVICES}/${name}`, `${this.path}/${name}`, directory.access);
    const names = SUBDIRECTORIES.map((each) => `${name}/${each}`);
    for (const each of names) if (this.#directories.has(each)) this.#updateWatched(each);
  }

  /** Makes a link for each name in a directory, except for directories that the mirror needs itself. */
  #updateDirectory(name: string): void {
    const { linux } = this.#context;
    const [from, to] = [`${SERVICES}/${name}`, `${this.path}/${name}`];
    const directory = this.#directories.get(name) ?? this.#add(name);
    // Watch before the look, so that no change is missed.
    if (this.#isFollowing) directory.endWatch ??= this.#changes.watch(from, () => this.#updateDirectory(name));
    directory.access = copyAccess(linux, from, to, directory.access);
    const names = linux.listDir(from);
    if (names === -ERRNO.ENOENT) return; // it is being removed
    if (typeof names === "number") throw new SysError("cannot read", from, -names);
    const { seen } = directory;
    for (const each of names) {
      const isSubdirectory = !seen.has(each) && !name.includes("/") && needsOwn(linux, each, `${from}/${each}`);
      if (isSubdirectory) this.#updateDirectory(`${name}/${each}`);
      if (isSubdirectory || each === SUPERVISE || each === OWN_FINISH || seen.has(each)) continue;
      const target = linkTarget(linux, name, each);
      if (target !== undefined) putLink(linux, target, `${to}/${linkName(name, each)}`);
      seen.add(each);
    }
    const present = new Set(names);
    for (const each of seen) {
      if (present.has(each)) continue;
      seen.delete(each);
      const link = `${to}/${linkName(name, each)}`;
      // Only a link that leads nowhere: a script may have replaced the link.
      if (linux.access(link, 0) < 0) linux.unlink(link);
    }
    if (seen.has(STOP_SIGNAL.name) && !name.includes("/")) putStopControl(linux, to);
    this.#updateRun(name, directory);
  }

  #add(name: string): Mirrored {
    const { linux } = this.#context;
    const directory = {
      inode: inodeOf(linux, name),
      seen: new Set<string>(),
      access: "",
      isRunByUs: false,
      isAlwaysByUs: false,
      endWatch: undefined,
    };
    const path = `${this.path}/${name}`;
    makeDirectory(linux, path);
    this.#directories.set(name, directory);
    if (hasFinish(name)) putFinish(linux, path, this.#program);
    if (!name.endsWith(`/${CONTROL}`)) this.links.add(name);
    return directory;
  }

  /** Replaces the service's `run` by ours, or restores it. If there is none, runsv reports that. */
  #updateRun(name: string, directory: Mirrored): void {
    const { linux } = this.#context;
    const hasRun = directory.seen.has(RUN);
    const isWanted = directory.isAlwaysByUs || (hasRun && isRunByUs(name, (file) => directory.seen.has(file)));
    if (isWanted === directory.isRunByUs) return;
    if (isWanted) putRun(linux, this.path, name, this.#program);
    else restoreRun(linux, this.path, name, hasRun);
    directory.isRunByUs = isWanted;
  }
}
