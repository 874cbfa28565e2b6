import { ERRNO } from "./errno.ts";
import type { Linux, Stat } from "./linux.ts";
import { SysError } from "./sys-error.ts";

/** Bits of a mode that tell the type, and what some types are. @see inode(7) */
export const S_IFMT = 0o170000;
export const S_IFIFO = 0o010000;
export const S_IFCHR = 0o020000;
export const S_IFSOCK = 0o140000;
const TYPES: Readonly<Record<number, FileType>> = { 0o100000: "file", 0o040000: "directory", [S_IFSOCK]: "socket" };

/** Mode bits that let somebody execute a file. */
export const ANY_EXECUTE = 0o111;

/** To access(2): that a file can be executed. */
export const EXECUTE = 1;

/** To access(2): that files can be made in a directory. */
export const MAKE_FILES = 3;

export type FileType = "file" | "directory" | "socket" | "other";

/** What stat(2) tells, as far as anyone here asks. */
export interface FileFacts {
  readonly type: FileType;
  /** Permission bits only. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** In bytes. */
  readonly size: number;
  /** When it was last changed, in seconds since 1970. */
  readonly modified: number;
}

/** What `path` leads to, links followed; an errno (above zero) where it leads nowhere. */
export function fileFacts(linux: Linux, path: string): FileFacts | number {
  return factsOf(linux.stat(path));
}

/** What is at `path` itself: of a link (type `other`) the link; an errno (above zero) where nothing is. */
export function linkFacts(linux: Linux, path: string): FileFacts | number {
  return factsOf(linux.lstat(path));
}

function factsOf(answer: Stat | number): FileFacts | number {
  if (typeof answer === "number") return -answer;
  const [mode, uid, gid, size, , modified] = answer;
  return { type: TYPES[mode & S_IFMT] ?? "other", mode: mode & 0o7777, uid, gid, size, modified };
}

/** Whether two answers of stat(2) tell of one file. */
export function isSameFile(one: Stat | number, other: Stat | number): boolean {
  return typeof one !== "number" && typeof other !== "number" && one[4] === other[4];
}

/** Whether this user may execute it. */
export function isExecutable(linux: Linux, path: string): boolean {
  return linux.access(path, 1) === 0;
}

/** Whether `path` leads to a directory, links followed. */
export function isDirectory(linux: Linux, path: string): boolean {
  const facts = fileFacts(linux, path);
  return typeof facts !== "number" && facts.type === "directory";
}

/** Whether `path` leads to a FIFO that somebody reads. @see fifo(7) */
export function hasReader(linux: Linux, path: string): boolean {
  const fd = linux.openToAppend(path);
  if (fd >= 0) linux.close(fd);
  return fd >= 0;
}

/** Removes a file, a link, or a directory with all that is in it, as far as that goes; no link is followed. */
export function removeTree(linux: Linux, path: string): void {
  // What unlink(2) calls a directory is one, and no link to one.
  if (linux.unlink(path) !== -ERRNO.EISDIR) return;
  const names = linux.listDir(path);
  if (typeof names !== "number") for (const name of names) removeTree(linux, `${path}/${name}`);
  linux.rmdir(path);
}

/** Who may do what with a file that is new. */
export interface NewFile {
  readonly mode: number;
  readonly gid: number;
}

/**
 * Puts `content` in the place of the file `path`, whole: it is written aside and renamed, so a reader
 * sees the old file or the new one, and a full disk leaves the old. Owner and mode stay those of the
 * old file; a new one gets `ifNew`. Where a mount sits on `path` itself, it is written in place.
 *
 * @param scratch a path in the same directory that is nobody's
 * @throws SysError where it cannot be written
 */
export function replaceFile(linux: Linux, path: string, scratch: string, content: string, ifNew: NewFile): void {
  const old = fileFacts(linux, path);
  const { mode, gid } = typeof old === "number" ? ifNew : old;
  const uid = typeof old === "number" ? linux.getEuid() : old.uid;

  let failed = linux.writeFile(scratch, content, true);
  if (failed === -ERRNO.EEXIST) {
    linux.unlink(scratch); // left by a my_init that was killed in between
    failed = linux.writeFile(scratch, content, true);
  }
  if (failed < 0) throw new SysError("cannot write", path, -failed);
  // Group before mode: until then it is nobody's but ours. Without the right to give a file away it stays ours.
  const given = linux.chown(scratch, uid, gid);
  failed = linux.chmod(scratch, given < 0 ? mode & 0o600 : mode);
  // A file system like ext4 writes to the disk at once what is renamed over another file, which takes ten
  // times as long; exchanged with it, it is not. Without an old file, or on old kernels, it is a rename.
  if (failed === 0) {
    const hasOldFile = typeof old !== "number" && old.type === "file";
    failed = hasOldFile ? linux.exchange(scratch, path) : -ERRNO.ENOENT;
    if (failed === 0) linux.unlink(scratch);
    else failed = linux.rename(scratch, path);
  }
  if (failed < 0) linux.unlink(scratch);
  if (failed === -ERRNO.EBUSY) failed = linux.writeFile(path, content, false);
  if (failed < 0) throw new SysError("cannot write", path, -failed);
}
