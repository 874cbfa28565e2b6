import { printable } from "../core/printable.ts";
import { ANY_EXECUTE, fileFacts, isDirectory, isExecutable, MAKE_FILES, removeTree } from "../linux/files.ts";
import type { Linux } from "../linux/linux.ts";
import { SysError } from "../linux/sys-error.ts";
import type { Context } from "./context.ts";

/** Where services are. */
export const SERVICES = "/etc/service";

/** In the folder of a service: as another user it is not even tried. */
const NEEDS_ROOT = "needs-root";

/** runit's: a service that is not to be started by itself. @see runsv(8) */
const DOWN = "down";

/** Where runsv keeps its files, in the service's folder and in that of its log service. */
const SUPERVISE = "supervise";

/** Brought by the image for every user; where a tmpfs hides it, made anew. */
const OWN_FOLDER = "/run/my_init";

/** Where a mirror may be, the best first. `sv` of /usr/local/bin looks there, too. */
const PLACES = [OWN_FOLDER, "/tmp", "/dev/shm"];

/** To access(2): that a folder can be listed, and what is in it be used. */
const READ_AND_ENTER = 5;

/**
 * The folder that runsvdir looks after: /etc/service, or where runsv cannot keep its files there a mirror of it, for
 * another user than root or on a read-only file system. @see docs/adr/0009-mirror-of-services.md
 */
export class ServiceFolder {
  readonly #context: Context;
  #mirror: string | undefined;
  #path: string | undefined = SERVICES;
  #isFirst = true;
  readonly #leftOut = new Set<string>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** What runsvdir is to look after; undefined where nothing can be written that services could run in. */
  get path(): string | undefined {
    return this.#path;
  }

  /**
   * Makes the mirror where one is needed: before the startup scripts, so that these see it, and again after them, for
   * the services that they brought.
   *
   * @throws SysError where there is no room
   */
  prepare(): void {
    const { environment, linux } = this.#context;
    const wanted = services(linux).filter((name) => !this.#isLeftOut(name));
    if (this.#isFirst) this.#removeOld();
    this.#isFirst = false;
    if (this.#path === undefined) return;
    if (this.#mirror === undefined) {
      if (wanted.every((name) => canRun(linux, name))) return;
      this.#path = this.#mirror = this.#newMirror();
      if (this.#mirror === undefined) return;
      environment.provide("SVDIR", this.#mirror);
    }
    for (const name of wanted) this.#add(`${SERVICES}/${name}`, `${this.#mirror}/${name}`);
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
    for (const path of PLACES.map((place) => this.#in(place))) {
      const facts = fileFacts(linux, path);
      if (typeof facts !== "number" && facts.uid === linux.getEuid()) removeTree(linux, path);
    }
  }

  #newMirror(): string | undefined {
    const { leftOut, linux } = this.#context;
    linux.mkdir(OWN_FOLDER, 0o755);
    for (const place of PLACES) {
      const facts = fileFacts(linux, place);
      // In a folder of another user, what is ours can be put in another's place.
      if (typeof facts === "number" || (facts.uid !== 0 && facts.uid !== linux.getEuid())) continue;
      // Only what was made here and now is ours for sure.
      if (linux.mkdir(this.#in(place), 0o700) === 0) return this.#in(place);
    }
    leftOut.add("all services", `${PLACES.join(", ")} and ${SERVICES} cannot be written`);
    return undefined;
  }

  #in(place: string): string {
    return `${place}/my_init-services-${this.#context.linux.getEuid()}`;
  }

  /** Mirrors a service, unless it is there. */
  #add(from: string, to: string): void {
    const { linux } = this.#context;
    if (linux.access(to, 0) === 0) return;
    this.#link(from, to);
    if (isDirectory(linux, `${from}/log`)) this.#link(`${from}/log`, `${to}/log`);
  }

  /** Makes a folder of links to all that is in another but what must be its own. */
  #link(from: string, to: string): void {
    const { linux } = this.#context;
    must(to, linux.mkdir(to, 0o700));
    const names = linux.listDir(from);
    if (typeof names === "number") throw new SysError("cannot read", from, -names);
    for (const name of names) {
      const isOwn = name === SUPERVISE || (name === "log" && isDirectory(linux, `${from}/log`));
      if (!isOwn) must(`${to}/${name}`, linux.symlink(`${from}/${name}`, `${to}/${name}`));
    }
  }
}

/** What runsvdir takes for services. */
function services(linux: Linux): string[] {
  const names = linux.listDir(SERVICES);
  if (typeof names === "number") return [];
  return names.filter((name) => !name.startsWith(".") && isDirectory(linux, `${SERVICES}/${name}`)).sort();
}

/** Whether another user than root may run it. */
function mayRun(linux: Linux, folder: string): boolean {
  if (linux.access(`${folder}/${NEEDS_ROOT}`, 0) === 0) return false;
  if (linux.access(folder, READ_AND_ENTER) < 0) return false;
  const run = fileFacts(linux, `${folder}/run`);
  // One that nobody may execute is a mistake that runsv tells of.
  return typeof run === "number" || (run.mode & ANY_EXECUTE) === 0 || isExecutable(linux, `${folder}/run`);
}

/** Whether runsv can keep its files in the folder of a service, and in that of its log service. */
function canRun(linux: Linux, name: string): boolean {
  const folder = `${SERVICES}/${name}`;
  const folders = isDirectory(linux, `${folder}/log`) ? [folder, `${folder}/log`] : [folder];
  return folders.every((each) => {
    const supervise = `${each}/${SUPERVISE}`;
    return linux.access(isDirectory(linux, supervise) ? supervise : each, MAKE_FILES) === 0;
  });
}

function must(path: string, answer: number): void {
  if (answer < 0) throw new SysError("cannot make", path, -answer);
}
