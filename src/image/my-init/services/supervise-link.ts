// Tested by src/image/my-init/services/mirror.test.ts.
import { SERVICES, SUPERVISE } from "../../../container/runsv.ts";
import { fileFacts, isDirectory, linkFacts, MAKE_FILES, removeTree } from "../../../linux/files.ts";
import type { Linux } from "../../../linux/linux.ts";

/** my_init writes into it. */
export const CONTROL = "control";
/** In a service's directory, what may be a directory in the mirror, too, and no link. */
export const SUBDIRECTORIES = ["log", CONTROL];

const OTHERS_WRITE = 0o022;

/**
 * Links `supervise` in the services' directories to runsv's files in a mirror: programs and scripts find the files where
 * runsv keeps them without a mirror.
 */
export class SuperviseLinks {
  readonly #linux: Linux;
  readonly #mirror: string;
  #areAll = true;
  /** The services that still have none; undefined: links are made immediately. */
  #pending: string[] | undefined = [];

  constructor(linux: Linux, mirror: string) {
    this.#linux = linux;
    this.#mirror = mirror;
  }

  /** Whether all services can have one. */
  get areAll(): boolean {
    return this.#areAll;
  }

  /** @param name `NAME`, or `NAME/log` */
  add(name: string): void {
    if (!mayHaveLink(this.#linux, `${SERVICES}/${name}`)) this.#areAll = false;
    else if (this.#pending === undefined) this.#put(name);
    else this.#pending.push(name);
  }

  /** Makes the next one. @returns whether more are to be made; from the last on, links are made immediately */
  putNext(): boolean {
    const name = this.#pending?.pop();
    if (name !== undefined) this.#put(name);
    else this.#pending = undefined;
    return name !== undefined;
  }

  /** A directory `supervise` that an earlier runsv has left is removed. */
  #put(name: string): void {
    const path = `${SERVICES}/${name}/${SUPERVISE}`;
    const there = linkFacts(this.#linux, path);
    if (typeof there === "object" && there.type === "directory") removeTree(this.#linux, path);
    else this.#linux.unlink(path);
    this.#linux.symlink(`${this.#mirror}/${name}/${SUPERVISE}`, path);
  }
}

function mayHaveLink(linux: Linux, directory: string): boolean {
  const facts = fileFacts(linux, directory);
  if (typeof facts === "number" || linux.access(directory, MAKE_FILES) < 0) return false;
  // Another user could replace what is here at any moment.
  if ((facts.uid !== 0 && facts.uid !== linux.getEuid()) || (facts.mode & OTHERS_WRITE) !== 0) return false;
  // A link that leads somewhere is the user's, who has chosen another place.
  const path = `${directory}/${SUPERVISE}`;
  const there = linkFacts(linux, path);
  return typeof there === "number" || there.type === "directory" || typeof linux.realPath(path) === "number";
}

/** Whether runsv can keep its files in the directory of a service or log service. */
export function canSupervise(linux: Linux, directory: string): boolean {
  const supervise = `${directory}/${SUPERVISE}`;
  return linux.access(isDirectory(linux, supervise) ? supervise : directory, MAKE_FILES) === 0;
}

/** Whether the mirror has a directory of its own, not a link, for a name in a service's directory. */
export function needsOwn(linux: Linux, name: string, path: string): boolean {
  if (!SUBDIRECTORIES.includes(name) || !isDirectory(linux, path)) return false;
  return name === CONTROL || !canSupervise(linux, path);
}
