import { fillOwnHosts, HOSTS_DIRECTORY, OWN_HOSTS } from "../../container/own-hosts.ts";
import { refuse } from "../../core/args.ts";
import { printable } from "../../core/printable.ts";
import { ERRNO } from "../../linux/errno.ts";
import { fileFacts, isDirectory, replaceFile } from "../../linux/files.ts";
import type { Linux } from "../../linux/linux.ts";
import { writeAll } from "../../linux/output.ts";
import { answerHelp, attempt, reply, STDOUT } from "../../linux/program.ts";
import { Failure, SysError } from "../../linux/sys-error.ts";
import { REPLACED_PATH, withReplacedPath } from "./hosts-path.ts";
import { findLibraries, type Library } from "./libraries.ts";
import { Undo } from "./undo.ts";

const NAME = "workaround-docker-2267";
const USAGE = `usage: ${NAME}
Makes libc resolve names from ${OWN_HOSTS} in place of /etc/hosts.
`;

/** The directory of REPLACED_PATH: a link, as that path is too short for the directory's name. */
const LINK = "/cte";

/** dpkg's lock while it changes files: neither dpkg nor a second run may replace a libc meanwhile. */
const DPKG_LOCK = "/var/lib/dpkg/lock";

/** The program workaround-docker-2267. @returns its exit status @see docs/reference/workaround-docker-2267.md */
export function main(linux: Linux): number {
  const [word, more] = linux.argv.slice(1);
  if (more !== undefined) return reply(linux, NAME, USAGE, refuse("it takes no words"));
  const helped = answerHelp(linux, NAME, USAGE);
  if (helped !== undefined) return helped;
  if (word !== undefined) return reply(linux, NAME, USAGE, refuse(`unknown word "${printable(word)}"`));
  return attempt(linux, NAME, () => {
    for (const line of workAround(linux)) writeAll(linux, STDOUT, `${NAME}: ${line}\n`);
    return 0;
  });
}

/** @returns lines about the changes */
function workAround(linux: Linux): string[] {
  if (isInPlace(linux, findLibraries(linux))) {
    return [`nothing to do: names are resolved from ${OWN_HOSTS} already`];
  }
  const lock = takeLock(linux);
  try {
    const libraries = findLibraries(linux).filter(({ hosts }) => hosts.kind === "original");
    change(linux, libraries);
    return [
      ...libraries.map(({ path }) => `changed ${path}`),
      `programs that are started from now on resolve names from ${OWN_HOSTS}`,
    ];
  } finally {
    if (lock >= 0) linux.close(lock);
  }
}

function isInPlace(linux: Linux, libraries: readonly Library[]): boolean {
  return libraries.every(({ hosts }) => hosts.kind === "replaced") && isLinkOurs(linux) && hasOwnHosts(linux);
}

function isLinkOurs(linux: Linux): boolean {
  const target = linux.realPath(LINK);
  return typeof target === "string" && target === linux.realPath(HOSTS_DIRECTORY);
}

function hasOwnHosts(linux: Linux): boolean {
  const facts = fileFacts(linux, OWN_HOSTS);
  // A file that cannot be read may have been edited.
  if (typeof facts === "number" && facts !== ERRNO.ENOENT) throw new SysError("cannot read", OWN_HOSTS, facts);
  return typeof facts !== "number";
}

/** @returns a descriptor, or below zero without dpkg; if files are read-only, the later writes report it */
function takeLock(linux: Linux): number {
  const lock = linux.lock(DPKG_LOCK);
  if (lock !== -ERRNO.EAGAIN) return lock;
  throw new Failure(
    `cannot lock "${DPKG_LOCK}": dpkg or another ${NAME} is at work (EAGAIN); run this again when it has ended`,
  );
}

/** Does all missing steps, or none. @throws Failure if a step failed */
function change(linux: Linux, libraries: readonly Library[]): void {
  const undo = new Undo();
  try {
    makeDirectory(linux, undo);
    if (!hasOwnHosts(linux)) {
      fillOwnHosts(linux);
      undo.add(() => linux.unlink(OWN_HOSTS));
    }
    makeLink(linux, undo);
    // No library is changed before the file that it will read exists.
    mustDo("read", REPLACED_PATH, linux.access(REPLACED_PATH, 4));
    for (const library of libraries) writeAside(linux, library, undo);
    for (const library of libraries) replace(linux, library, undo);
  } catch (error) {
    const failed = undo.all();
    if (error instanceof Failure && failed.length > 0) throw new Failure([error.message, ...failed].join("; "));
    throw error;
  }
}

function makeDirectory(linux: Linux, undo: Undo): void {
  if (isDirectory(linux, HOSTS_DIRECTORY)) return;
  mustDo("make", HOSTS_DIRECTORY, linux.mkdir(HOSTS_DIRECTORY, 0o755));
  undo.add(() => linux.rmdir(HOSTS_DIRECTORY));
  // Independent of the umask: every user resolves names.
  mustDo("change the mode of", HOSTS_DIRECTORY, linux.chmod(HOSTS_DIRECTORY, 0o755));
}

function makeLink(linux: Linux, undo: Undo): void {
  if (isLinkOurs(linux)) return;
  const answer = linux.symlink(HOSTS_DIRECTORY, LINK);
  if (answer === -ERRNO.EEXIST) {
    throw new Failure(`cannot make "${LINK}": it is there already and leads elsewhere (EEXIST); move it away`);
  }
  mustDo("make", LINK, answer);
  undo.add(() => linux.unlink(LINK));
}

/** A dotfile, so that ldconfig does not use it as a library. */
function scratchOf(path: string): string {
  const slash = path.lastIndexOf("/") + 1;
  return `${path.slice(0, slash)}.${path.slice(slash)}.2267`;
}

/** Writes the changed library to a file beside the old one, with its owner and mode, and reads it back. */
function writeAside(linux: Linux, { path, content, hosts }: Library, undo: Undo): void {
  if (hosts.kind !== "original") return;
  const facts = fileFacts(linux, path);
  if (typeof facts === "number") throw new SysError("cannot read", path, facts);
  const scratch = scratchOf(path);
  const changed = withReplacedPath(content, hosts.at);
  linux.unlink(scratch); // left by a run that was killed
  mustDo("write", scratch, linux.writeFile(scratch, changed, true));
  undo.add(() => linux.unlink(scratch));
  mustDo("change the owner of", scratch, linux.chown(scratch, facts.uid, facts.gid));
  mustDo("change the mode of", scratch, linux.chmod(scratch, facts.mode));
  mustDo("write", scratch, linux.sync(scratch));
  if (changed.length !== content.length || linux.readFile(scratch, changed.length, false) !== changed) {
    throw new SysError("cannot write", scratch, ERRNO.EIO);
  }
}

/** Replaces the old library by the new file. Running programs keep the old one. */
function replace(linux: Linux, { path, content }: Library, undo: Undo): void {
  const scratch = scratchOf(path);
  mustDo("replace", path, linux.rename(scratch, path));
  undo.add(() => replaceFile(linux, path, scratch, content, { mode: 0o755, gid: 0 }));
}

function mustDo(act: string, path: string, answer: number): void {
  if (answer < 0) throw new SysError(`cannot ${act}`, path, -answer);
}
