// Tested by src/image/my-init/services/mirror.test.ts.
import { forgetRestarts } from "../../../container/restart-record.ts";
import { SERVICES, SUPERVISE } from "../../../container/runsv.ts";
import { forgetEnds } from "../../../container/service-end.ts";
import { type FileFacts, fileFacts, isDirectory, linkFacts, MAKE_FILES, OTHERS_WRITE } from "../../../linux/files.ts";
import type { Linux } from "../../../linux/linux.ts";

/** my_init writes into it. */
export const CONTROL = "control";
/** In a service's directory, what may be a directory in the mirror, too, and no link. */
export const SUBDIRECTORIES = ["log", CONTROL];

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

  /**
   * A service whose Dockerfile has prepared `supervise` keeps its files there: a link to another place, or a directory
   * that another user may write to, so that the user may call `sv`.
   *
   * @param name `NAME`, or `NAME/log`
   */
  add(name: string): void {
    const path = `${SERVICES}/${name}/${SUPERVISE}`;
    if (this.#isPrepared(path)) {
      // What an earlier start of the container has left there.
      forgetEnds(this.#linux, path);
      forgetRestarts(this.#linux, path);
      this.#linux.symlink(path, `${this.#mirror}/${name}/${SUPERVISE}`);
    } else if (!mayHaveLink(this.#linux, `${SERVICES}/${name}`)) this.#areAll = false;
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

  #isPrepared(path: string): boolean {
    const there = linkFacts(this.#linux, path);
    const real = this.#linux.realPath(path);
    if (typeof there === "number" || typeof real === "number") return false;
    const isLink = there.type !== "directory";
    // A copy of a service's directory has its link to the mirror.
    if (isLink && real.startsWith(`${this.#mirror}/`)) return false;
    return (isLink || !isOurs(this.#linux, there)) && this.#linux.access(path, MAKE_FILES) === 0;
  }

  /** Removes the files that an earlier runsv has left. Nothing else: what else there is, its user has put there. */
  #put(name: string): void {
    const path = `${SERVICES}/${name}/${SUPERVISE}`;
    const there = linkFacts(this.#linux, path);
    if (typeof there === "object" && there.type !== "directory") this.#linux.unlink(path);
    if (typeof there === "object" && there.type === "directory" && isOurs(this.#linux, there)) {
      const names = this.#linux.listDir(path);
      for (const each of typeof names === "number" ? [] : names) this.#linux.unlink(`${path}/${each}`);
      this.#linux.rmdir(path);
    }
    this.#linux.symlink(`${this.#mirror}/${name}/${SUPERVISE}`, path);
  }
}

/** Whether only root and this user can change a directory, or replace a file in it. */
function isOurs(linux: Linux, { mode, uid }: FileFacts): boolean {
  return (uid === 0 || uid === linux.getEuid()) && (mode & OTHERS_WRITE) === 0;
}

function mayHaveLink(linux: Linux, directory: string): boolean {
  const facts = fileFacts(linux, directory);
  // Another user could replace what is here at any moment.
  if (typeof facts === "number" || !isOurs(linux, facts)) return false;
  return linux.access(directory, MAKE_FILES) === 0;
}

/** Whether runsv can keep its files in the directory of a service or log service. */
export function canSupervise(linux: Linux, directory: string): boolean {
  const supervise = `${directory}/${SUPERVISE}`;
  const link = linkFacts(linux, supervise);
  // runsv does not make the directories above the target of a link.
  if (typeof link === "object" && link.type !== "directory" && typeof linux.realPath(supervise) === "number")
    return false;
  return linux.access(isDirectory(linux, supervise) ? supervise : directory, MAKE_FILES) === 0;
}

/** Whether the mirror has a directory of its own, not a link, for a name in a service's directory. */
export function needsOwn(linux: Linux, name: string, path: string): boolean {
  if (!SUBDIRECTORIES.includes(name) || !isDirectory(linux, path)) return false;
  return name === CONTROL || !canSupervise(linux, path);
}
