import { DOWN, SERVICES } from "../../../container/runsv.ts";
import { otherFaults } from "../../../container/service-faults.ts";
import { listServices } from "../../../container/service-list.ts";
import { mirrorNames } from "../../../container/service-mirror.ts";
import { printable } from "../../../core/printable.ts";
import { ANY_EXECUTE, fileFacts, isDirectory, isExecutable, READ_AND_ENTER } from "../../../linux/files.ts";
import type { Linux } from "../../../linux/linux.ts";
import { makePrivateDirectory, PLACES } from "../../../linux/private-directory.ts";
import type { Context } from "../context.ts";
import { Mirror } from "./mirror.ts";
import { checkedNeeds } from "./needs.ts";
import { FILES } from "./run-by-us.ts";
import { canSupervise } from "./supervise-link.ts";
import { takeServices } from "./take-services.ts";

/** In the directory of a service: only root runs it. */
const NEEDS_ROOT = "needs-root";

/** Of the mirror: every user may enter it, as /etc/service. */
const MIRROR_MODE = 0o755;

/**
 * The directory of runsvdir: a mirror of /etc/service; or /etc/service itself where there is no place for a mirror.
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

  /** The directory for runsvdir; undefined: there is no place for a mirror, or the services run already. */
  get path(): string | undefined {
    return this.#path;
  }

  /** Whether no services are started because they run already. */
  get areElsewhere(): boolean {
    return this.#areElsewhere;
  }

  /**
   * Makes the mirror. Called before the startup scripts, so that scripts see it, and again after them, for what they
   * changed. @throws SysError the file system is full
   */
  prepare(): void {
    const { environment, loop } = this.#context;
    if (this.#isFirst) this.#take();
    if (this.#path === undefined) return;
    if (this.#mirror === undefined) this.#makeMirror();
    else loop.turn(); // the changes that the kernel has notified of
    const mirror = this.#mirror;
    mirror?.update(this.#wanted());
    // Otherwise a program that is no `sv` of ours does not find runsv's files.
    if (mirror?.links.areAll === false) environment.provide("SVDIR", mirror.path);
  }

  /**
   * Warns about each name in /etc/service that is no directory: runsvdir ignores it without a message. A second my_init
   * does not warn again.
   */
  warnOfOthers(): void {
    const { linux, log } = this.#context;
    if (this.#areElsewhere) return;
    for (const { path, reason } of otherFaults(linux, SERVICES)) {
      log.warn(`${printable(path)} is no service: ${reason}`);
    }
  }

  /** Whether a service may have a file `needs`, `restart`, `stop-signal` or `stop-timeout`. */
  get haveFiles(): boolean {
    return this.#mirror?.hasAny(FILES) === true;
  }

  /**
   * Checks these files of the services, and warns about each service that waits for a service that is not started.
   *
   * @throws Failure no service is to be started
   */
  checkRules(): void {
    if (!this.haveFiles) return;
    const { linux, log } = this.#context;
    const graph = checkedNeeds(linux, SERVICES, this.#wanted(), this.#services());
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

  /** Makes links to the mirror in /etc/service, one after each event: an overlay copies each directory first. */
  link(): void {
    const { loop } = this.#context;
    const links = this.#mirror?.links;
    const end = loop.tendTo(() => {
      if (links?.putNext() === true) return loop.nowMs;
      end();
      return Number.POSITIVE_INFINITY;
    });
  }

  /** Starts a service by way of our program: runsv would print each second that it cannot run `run`. */
  startByUs(name: string): void {
    this.#mirror?.startByUs(name);
  }

  /** The ends of services are recorded no longer. */
  endRecords(): void {
    this.#mirror?.endRecords();
  }

  /** Leaves the mirror as it is: services are about to be stopped. */
  unfollow(): void {
    this.#mirror?.unfollow();
  }

  #services(): readonly string[] {
    return listServices(this.#context.linux, SERVICES).services;
  }

  #wanted(): string[] {
    return this.#services().filter((name) => this.#accept(name));
  }

  #runsWhereItIs(name: string): boolean {
    const { linux } = this.#context;
    const directories = isDirectory(linux, `${SERVICES}/${name}/log`) ? [name, `${name}/log`] : [name];
    const hasFile = FILES.some((file) => linux.access(`${SERVICES}/${name}/${file}`, 0) === 0);
    return !hasFile && directories.every((each) => canSupervise(linux, `${SERVICES}/${each}`));
  }

  /** Whether this user can run the service; if not, runsv would print an error each second. Reported once without a file `down`. */
  #accept(name: string): boolean {
    const { unavailable, linux } = this.#context;
    const directory = `${SERVICES}/${name}`;
    if (linux.getEuid() === 0 || mayRun(linux, directory)) return true;
    const isWanted = linux.access(`${directory}/${DOWN}`, 0) < 0;
    if (isWanted && !this.#unavailable.has(name)) unavailable.add(`the service ${printable(name)}`, "");
    this.#unavailable.add(name);
    return false;
  }

  #take(): void {
    const { linux, log } = this.#context;
    this.#isFirst = false;
    const reason = takeServices(linux);
    if (reason === undefined) return;
    this.#path = undefined;
    this.#areElsewhere = true;
    log.warn(`services are not started: ${reason}; for a command alone say --skip-runit`);
  }

  /** If there is no place for a mirror, services run where they are; if not all can, none does. */
  #makeMirror(): void {
    const mirror = this.#newMirror();
    if (mirror !== undefined) {
      this.#path = mirror.path;
      this.#mirror = mirror;
      mirror.follow(() => mirror.update(this.#wanted()));
    } else if (!this.#services().every((name) => this.#accept(name) && this.#runsWhereItIs(name))) {
      this.#path = undefined;
      this.#context.unavailable.add("all services", `${PLACES.join(", ")} and ${SERVICES} cannot be written`);
    }
  }

  #newMirror(): Mirror | undefined {
    const { linux } = this.#context;
    const program = linux.realPath("/proc/self/exe");
    if (typeof program === "number") return undefined; // without /proc
    const path = makePrivateDirectory(linux, mirrorNames(linux, linux.getEuid()));
    if (path === undefined) return undefined;
    linux.chmod(path, MIRROR_MODE);
    linux.lockDirectory(path);
    return new Mirror(this.#context, path, program);
  }
}

/** Whether this user, who is not root, may run it. */
function mayRun(linux: Linux, directory: string): boolean {
  if (linux.access(`${directory}/${NEEDS_ROOT}`, 0) === 0) return false;
  if (linux.access(directory, READ_AND_ENTER) < 0) return false;
  const run = fileFacts(linux, `${directory}/run`);
  // No user may execute it: a mistake, and runsv reports it.
  return typeof run === "number" || (run.mode & ANY_EXECUTE) === 0 || isExecutable(linux, `${directory}/run`);
}
