import { printable } from "../core/printable.ts";
import { ERRNO } from "../linux/errno.ts";
import { ANY_EXECUTE, fileFacts, isDirectory, isExecutable, MAKE_FILES, removeTree } from "../linux/files.ts";
import type { Linux } from "../linux/linux.ts";
import { isSupervised, SUPERVISE } from "../linux/runsv.ts";
import type { Context } from "./context.ts";
import { Mirror } from "./mirror.ts";
import { readNeeds } from "./needs.ts";
import { makePrivateFolder, PLACES, privateFolders } from "./private-folder.ts";
import { isRunByUs, SERVICES } from "./run-by-us.ts";

/** In the folder of a service: as another user it is not even tried. */
const NEEDS_ROOT = "needs-root";

/** runit's: a service that is not to be started by itself. @see runsv(8) */
const DOWN = "down";

/** In the mirror, kept locked by the my_init that made it: until its services are started nobody else shows that it is in use. */
const LOCK = ".lock";

/** To access(2): that a folder can be listed, and what is in it be used. */
const READ_AND_ENTER = 5;

/**
 * The folder that runsvdir looks after: /etc/service, or a mirror of it: where runsv cannot keep its files there, for
 * another user than root or on a read-only file system, and where services are run by way of ours.
 *
 * @see docs/adr/0009-mirror-of-services.md
 */
export class ServiceFolder {
  readonly #context: Context;
  #mirror: Mirror | undefined;
  #path: string | undefined = SERVICES;
  #isFirst = true;
  readonly #leftOut = new Set<string>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** What runsvdir is to look after; undefined where nothing can be written that services could run in, or another my_init runs them. */
  get path(): string | undefined {
    return this.#path;
  }

  /**
   * Makes the mirror where one is needed: before the startup scripts, so that these see it, and again after them, for
   * what they changed.
   *
   * @throws SysError where there is no room
   */
  prepare(): void {
    const { environment } = this.#context;
    const wanted = this.#wanted();
    if (this.#isFirst) this.#removeOld();
    this.#isFirst = false;
    if (this.#path === undefined) return;
    if (this.#mirror === undefined) {
      if (wanted.every((name) => this.#runsWhereItIs(name))) return;
      this.#path = this.#newMirror();
      if (this.#path === undefined) return;
      this.#mirror = new Mirror(this.#context, this.#path);
      environment.provide("SVDIR", this.#path);
    }
    this.#mirror.update(wanted);
  }

  /** Whether services may need each other. */
  get mayHaveNeeds(): boolean {
    return this.#mirror !== undefined;
  }

  /**
   * Finds out whether what services need can be had, and tells of those that will have to wait for long.
   *
   * @throws Failure where it cannot: nothing is to be started then
   */
  checkNeeds(): void {
    if (this.#mirror === undefined) return;
    const { linux, log } = this.#context;
    const all = services(linux);
    const graph = readNeeds(linux, SERVICES, this.#wanted(), (name) => all.includes(name));
    const isDown = (name: string) => linux.access(`${this.#mirror?.path}/${name}/${DOWN}`, 0) === 0;
    for (const [name, needs] of graph) {
      if (isDown(name)) continue;
      for (const { service } of needs) {
        const why = this.#leftOut.has(service) ? "is left out" : isDown(service) ? `has a file "${DOWN}"` : undefined;
        if (why !== undefined) log.warn(`${printable(name)} has to wait for ${printable(service)}, which ${why}`);
      }
    }
  }

  /** Has the mirror, where there is one, follow what happens in /etc/service, until {@link unfollow}. */
  follow(): void {
    const mirror = this.#mirror;
    mirror?.follow(() => mirror.update(this.#wanted()));
  }

  /** Leaves the mirror as it is: services are about to be stopped. */
  unfollow(): void {
    this.#mirror?.unfollow();
  }

  #wanted(): string[] {
    return services(this.#context.linux).filter((name) => !this.#isLeftOut(name));
  }

  #runsWhereItIs(name: string): boolean {
    const { linux } = this.#context;
    const folders = isDirectory(linux, `${SERVICES}/${name}/log`) ? [name, `${name}/log`] : [name];
    return folders.every((each) => canSupervise(linux, `${SERVICES}/${each}`) && !isRunByUs(this.#context, each));
  }

  /** A service that this user cannot run: noise each second if it were tried. It is told once, but for one that is not wanted. */
  #isLeftOut(name: string): boolean {
    const { leftOut, linux } = this.#context;
    const folder = `${SERVICES}/${name}`;
    if (linux.getEuid() === 0 || mayRun(linux, folder)) return false;
    const isWanted = linux.access(`${folder}/${DOWN}`, 0) < 0;
    if (isWanted && !this.#leftOut.has(name)) leftOut.add(`the service ${printable(name)}`, "");
    this.#leftOut.add(name);
    return true;
  }

  /** Of a container that was stopped, or an image that was made of one: `sv` would take it for one in use. */
  #removeOld(): void {
    const { linux } = this.#context;
    for (const path of privateFolders(linux, this.#name)) {
      if (isInUse(linux, path)) this.#isTaken(path);
      else removeTree(linux, path);
    }
  }

  /** Two runsv for one service would run it twice; /etc/service itself they lock. */
  #isTaken(path: string): void {
    this.#path = undefined;
    const reason = `another my_init runs them, in "${printable(path)}"`;
    this.#context.log.warn(`services are not started: ${reason}; for a command alone say --skip-runit`);
  }

  #newMirror(): string | undefined {
    const { leftOut, linux } = this.#context;
    const folder = makePrivateFolder(linux, this.#name);
    if (folder === undefined) leftOut.add("all services", `${PLACES.join(", ")} and ${SERVICES} cannot be written`);
    else if (linux.writeFile(`${folder}/${LOCK}`, "", true) >= 0) linux.lock(`${folder}/${LOCK}`);
    return folder;
  }

  get #name(): string {
    return `my_init-services-${this.#context.linux.getEuid()}`;
  }
}

/** What runsvdir takes for services. */
function services(linux: Linux): string[] {
  const names = linux.listDir(SERVICES);
  if (typeof names === "number") return [];
  return names.filter((name) => !name.startsWith(".") && isDirectory(linux, `${SERVICES}/${name}`)).sort();
}

/** Whether a runsv looks after a service there, or its my_init still lives. */
function isInUse(linux: Linux, mirror: string): boolean {
  const lock = linux.lock(`${mirror}/${LOCK}`);
  if (lock === -ERRNO.EAGAIN) return true;
  if (lock >= 0) linux.close(lock);
  const names = linux.listDir(mirror);
  return typeof names !== "number" && names.some((name) => isSupervised(linux, `${mirror}/${name}/${SUPERVISE}`));
}

/** Whether another user than root may run it. */
function mayRun(linux: Linux, folder: string): boolean {
  if (linux.access(`${folder}/${NEEDS_ROOT}`, 0) === 0) return false;
  if (linux.access(folder, READ_AND_ENTER) < 0) return false;
  const run = fileFacts(linux, `${folder}/run`);
  // One that nobody may execute is a mistake that runsv tells of.
  return typeof run === "number" || (run.mode & ANY_EXECUTE) === 0 || isExecutable(linux, `${folder}/run`);
}

/** Whether runsv can keep its files in the folder of a service or a log service. */
function canSupervise(linux: Linux, folder: string): boolean {
  const supervise = `${folder}/${SUPERVISE}`;
  return linux.access(isDirectory(linux, supervise) ? supervise : folder, MAKE_FILES) === 0;
}
