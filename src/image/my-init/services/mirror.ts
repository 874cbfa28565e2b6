import { SERVICES, SUPERVISE } from "../../../container/runsv.ts";
import { printable } from "../../../core/printable.ts";
import { ERRNO } from "../../../linux/errno.ts";
import { fileFacts, isDirectory, linkFacts, MAKE_FILES } from "../../../linux/files.ts";
import { SysError } from "../../../linux/sys-error.ts";
import type { Context } from "../context.ts";
import { isRunByUs } from "./run-by-us.ts";

/** What runsv starts. @see runsv(8) */
const RUN = "run";
/** Where a service is run by way of ours: its own. */
const OWN_RUN = "run.own";

/** In a service's directory these are directories of the mirror's own: runsv writes into the one, my_init into the other. */
const SUBDIRECTORIES = ["log", "control"];

/** Bits of a mode. */
const OWNER_ALL = 0o700;
const OWNER_ENTERS = 0o500;
const GROUP_ENTERS = 0o050;
const OTHERS_WRITE = 0o022;
/** Without setuid, setgid and sticky. */
const PERMISSIONS = 0o777;

/** A directory of /etc/service that has its like in the mirror. */
interface Mirrored {
  /** Another directory of the same name is another service, to runsvdir too. */
  readonly inode: number;
  /** What was in it. A link that is missing since was taken away by somebody who meant it. */
  readonly seen: Set<string>;
  /** Owner and mode of the real directory that it was given last. */
  access: string;
  /** Whether its `run` is ours. */
  isRunByUs: boolean;
  endWatch: (() => void) | undefined;
}

/**
 * A mirror of /etc/service: a directory for each service, with links to all that is in the real one. What a link leads to is
 * executed where it is. @see docs/adr/0009-mirror-of-services.md
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

  /** Makes it have these services, as they are now. @throws SysError where there is no room */
  update(services: readonly string[]): void {
    const { linux } = this.#context;
    for (const [name, { inode }] of this.#directories) {
      if (name.includes("/") || (services.includes(name) && inodeOf(this.#context, name) === inode)) continue;
      this.#forget(name);
      for (const subdirectory of SUBDIRECTORIES) this.#forget(`${name}/${subdirectory}`);
      // runsvdir sees it no more and ends its runsv, which still has to find its files.
      linux.rename(`${this.path}/${name}`, `${this.path}/.${name}.${++this.#goneCount}`);
    }
    for (const name of services) this.#updateDirectory(name);
  }

  /**
   * From now on updates a service when something comes or goes in its directory, and calls `onChange` when services come or go,
   * until {@link unfollow}. Where the kernel has no watches to give, nothing happens.
   */
  follow(onChange: () => void): void {
    this.#isFollowing = true;
    this.#endWatch = this.#watch(SERVICES, onChange);
    // For what came since the last look.
    this.#trying(SERVICES, onChange);
  }

  /** Leaves it as it is. */
  unfollow(): void {
    this.#isFollowing = false;
    this.#endWatch?.();
    for (const { endWatch } of this.#directories.values()) endWatch?.();
  }

  #watch(directory: string, onChange: () => void): (() => void) | undefined {
    return this.#context.directories.add(directory, () => this.#trying(directory, onChange));
  }

  /** Nothing that happens to /etc/service may end the container. */
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

  /** Has a link for all that is in a directory but what must be the mirror's own. */
  #updateDirectory(name: string): void {
    const { linux } = this.#context;
    const [from, to] = [`${SERVICES}/${name}`, `${this.path}/${name}`];
    const directory = this.#directories.get(name) ?? this.#add(name);
    // Watched first, so that nothing is missed.
    if (this.#isFollowing) directory.endWatch ??= this.#watch(from, () => this.#updateDirectory(name));
    this.#copyAccess(from, to, directory);
    const names = linux.listDir(from);
    if (names === -ERRNO.ENOENT) return; // it is about to be taken away
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
      // Only a link that leads nowhere: what a script has put in the place of one is its own.
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
    // One of my_init's or a script's.
    if (made !== -ERRNO.EEXIST || !isDirectory(this.#context.linux, path)) must(path, made);
    this.#directories.set(name, directory);
    return directory;
  }

  /** Lets a service that drops its privileges use its directory as it may use the real one. @see docs/adr/0009-mirror-of-services.md */
  #copyAccess(from: string, to: string, directory: Mirrored): void {
    const { linux } = this.#context;
    const [real, own] = [fileFacts(linux, from), linkFacts(linux, to)];
    // A link that a script has put there leads to a directory that is not ours.
    if (typeof real === "number" || typeof own === "number" || own.type !== "directory") return;
    const access = `${real.uid}:${real.gid}:${real.mode}`;
    if (access === directory.access) return;
    directory.access = access;
    // Where we cannot write, a read-only file system may keep the real one's owner from it, too: `run` here is as safe as there.
    if (linux.access(from, MAKE_FILES) === 0) {
      // Mode before owner: afterwards it takes a capability.
      linux.chmod(to, real.mode | OWNER_ALL);
      if (linux.chown(to, real.uid, real.gid) === 0) return;
    }
    // It stays ours. Its owner and group are others here, and may enter it as others may.
    const owner = real.uid === own.uid ? 0 : (real.mode & OWNER_ENTERS) >> 6;
    const group = real.gid === own.gid ? 0 : (real.mode & GROUP_ENTERS) >> 3;
    linux.chmod(to, (real.mode & PERMISSIONS & ~OTHERS_WRITE) | OWNER_ALL | owner | group);
  }

  /** Puts our `run` in the place of the service's, or takes it away again. Where there is none, runsv is to say so. */
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
      // At no moment is there no `run`.
      const aside = `${this.path}/.run`; // in a service's directory any name may be the service's
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
