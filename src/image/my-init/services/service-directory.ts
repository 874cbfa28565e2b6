import { isSecondInit } from "../../../container/own-init.ts";
import { isSupervised, SERVICES, SUPERVISE } from "../../../container/runsv.ts";
import { mirrorNames } from "../../../container/service-mirror.ts";
import { printable } from "../../../core/printable.ts";
import { ERRNO } from "../../../linux/errno.ts";
import { ANY_EXECUTE, fileFacts, isDirectory, isExecutable, MAKE_FILES, removeTree } from "../../../linux/files.ts";
import type { Linux } from "../../../linux/linux.ts";
import { makePrivateDirectory, PLACES, privateDirectories } from "../../../linux/private-directory.ts";
import { failure } from "../../../linux/sys-error.ts";
import type { Context } from "../context.ts";
import { Mirror } from "./mirror.ts";
import { readNeeds } from "./needs.ts";
import { isRunByUs } from "./run-by-us.ts";

/** In the directory of a service: as another user it is not even tried. */
const NEEDS_ROOT = "needs-root";

/** runit's: a service that is not to be started by itself. @see runsv(8) */
const DOWN = "down";

/** Of the mirror: others may enter it, as they may enter /etc/service. */
const MIRROR_MODE = 0o755;

/** To access(2): that a directory can be listed, and what is in it be used. */
const READ_AND_ENTER = 5;

/**
 * The directory that runsvdir looks after: /etc/service, or a mirror of it: where runsv cannot keep its files there, for
 * another user than root or on a read-only file system, and where services are run by way of ours.
 *
 * @see docs/adr/0009-mirror-of-services.md
 */
export class ServiceDirectory {
  readonly #context: Context;
  #mirror: Mirror | undefined;
  #path: string | undefined = SERVICES;
  #isFirst = true;
  #areElsewhere = false;
  readonly #unavailable = new Set<string>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** What runsvdir is to look after; undefined where nothing can be written that services could run in, or they run already. */
  get path(): string | undefined {
    return this.#path;
  }

  /** Whether no services are started because they run already. */
  get areElsewhere(): boolean {
    return this.#areElsewhere;
  }

  /**
   * Makes the mirror where one is needed: before the startup scripts, so that these see it, and again after them, for
   * what they changed.
   *
   * @throws SysError where there is no room
   */
  prepare(): void {
    const { environment, linux } = this.#context;
    if (this.#isFirst) this.#take();
    this.#isFirst = false;
    if (this.#path === undefined) return;
    const wanted = this.#wanted();
    if (this.#mirror === undefined) {
      // One that is left out is hidden from runsvdir, too.
      if (services(linux).every((name) => wanted.includes(name) && this.#runsWhereItIs(name))) return;
      this.#path = this.#newMirror();
      if (this.#path === undefined) return;
      this.#mirror = new Mirror(this.#context, this.#path);
      environment.provide("SVDIR", this.#path);
    }
    this.#mirror.update(wanted);
  }

  /**
   * Warns of what is in /etc/service and is no service, as it is no directory: runsvdir passes over it in silence. The
   * my_init that runs the services does it, not a second one.
   */
  warnOfOthers(): void {
    const { linux, log } = this.#context;
    if (this.#areElsewhere) return;
    for (const name of namesIn(linux)) {
      const path = `${SERVICES}/${name}`;
      const facts = fileFacts(linux, path);
      if (typeof facts !== "number" && facts.type === "directory") continue;
      const reason = typeof facts === "number" ? failure("cannot read", path, facts) : "it is no directory";
      log.warn(`${printable(path)} is no service: ${reason}`);
    }
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
        const why = this.#unavailable.has(service)
          ? "is left out"
          : isDown(service)
            ? `has a file "${DOWN}"`
            : undefined;
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
    const directories = isDirectory(linux, `${SERVICES}/${name}/log`) ? [name, `${name}/log`] : [name];
    return directories.every((each) => canSupervise(linux, `${SERVICES}/${each}`) && !isRunByUs(this.#context, each));
  }

  /** A service that this user cannot run: noise each second if it were tried. It is told once, but for one that is not wanted. */
  #isLeftOut(name: string): boolean {
    const { unavailable, linux } = this.#context;
    const directory = `${SERVICES}/${name}`;
    if (linux.getEuid() === 0 || mayRun(linux, directory)) return false;
    const isWanted = linux.access(`${directory}/${DOWN}`, 0) < 0;
    if (isWanted && !this.#unavailable.has(name)) unavailable.add(`the service ${printable(name)}`, "");
    this.#unavailable.add(name);
    return true;
  }

  /**
   * Takes the services for this my_init until it ends. Two runsv for one service would start it twice, or complain for
   * ever; a service is not started while another my_init of this container has them, or a runsv that one has left behind.
   */
  #take(): void {
    const { linux } = this.#context;
    // Another container may have the same directory, as a volume, and any user may lock it.
    if (linux.lockDirectory(SERVICES) === -ERRNO.EAGAIN && isSecondInit(linux, true)) {
      this.#leaveTo("another my_init runs them");
    } else if (hasSupervisors(linux, SERVICES)) this.#leaveTo(`they run already, in "${SERVICES}"`);
    else this.#removeOld();
  }

  #leaveTo(reason: string): void {
    this.#path = undefined;
    this.#areElsewhere = true;
    this.#context.log.warn(`services are not started: ${reason}; for a command alone say --skip-runit`);
  }

  /** Of a container that was stopped, or an image that was made of one: `sv` would take it for one in use. */
  #removeOld(): void {
    const { linux } = this.#context;
    for (const path of privateDirectories(linux, mirrorNames(linux, linux.getEuid()))) {
      const lock = linux.lockDirectory(path);
      // It is in use in another container, where several have one /dev/shm.
      if (lock === -ERRNO.EAGAIN) continue;
      if (hasSupervisors(linux, path)) this.#leaveTo(`they run already, in "${printable(path)}"`);
      else removeTree(linux, path);
      if (lock >= 0) linux.close(lock);
    }
  }

  #newMirror(): string | undefined {
    const { unavailable, linux } = this.#context;
    const path = makePrivateDirectory(linux, mirrorNames(linux, linux.getEuid()));
    if (path === undefined) {
      unavailable.add("all services", `${PLACES.join(", ")} and ${SERVICES} cannot be written`);
      return undefined;
    }
    linux.chmod(path, MIRROR_MODE);
    linux.lockDirectory(path);
    return path;
  }
}

/** What runsvdir takes for services. */
function services(linux: Linux): string[] {
  return namesIn(linux).filter((name) => isDirectory(linux, `${SERVICES}/${name}`));
}

function namesIn(linux: Linux): string[] {
  const names = linux.listDir(SERVICES);
  return typeof names === "number" ? [] : names.filter((name) => !name.startsWith(".")).sort();
}

/** Whether a runsv looks after a service there. */
function hasSupervisors(linux: Linux, directory: string): boolean {
  const names = linux.listDir(directory);
  return typeof names !== "number" && names.some((name) => isSupervised(linux, `${directory}/${name}/${SUPERVISE}`));
}

/** Whether another user than root may run it. */
function mayRun(linux: Linux, directory: string): boolean {
  if (linux.access(`${directory}/${NEEDS_ROOT}`, 0) === 0) return false;
  if (linux.access(directory, READ_AND_ENTER) < 0) return false;
  const run = fileFacts(linux, `${directory}/run`);
  // One that nobody may execute is a mistake that runsv tells of.
  return typeof run === "number" || (run.mode & ANY_EXECUTE) === 0 || isExecutable(linux, `${directory}/run`);
}

/** Whether runsv can keep its files in the directory of a service or a log service. */
function canSupervise(linux: Linux, directory: string): boolean {
  const supervise = `${directory}/${SUPERVISE}`;
  return linux.access(isDirectory(linux, supervise) ? supervise : directory, MAKE_FILES) === 0;
}
