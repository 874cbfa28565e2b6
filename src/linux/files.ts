import { ERRNO } from "./errno.ts";
import type { Linux, Stat } from "./linux.ts";
import { SysError } from "./sys-error.ts";

/** The type bits of a mode, and some types. @see inode(7) */
export const S_IFMT = 0o170000;
export const S_IFIFO = 0o010000;
export const S_IFCHR = 0o020000;
export const S_IFSOCK = 0o140000;
const TYPES: Readonly<Record<number, FileType>> = { 0o100000: "file", 0o040000: "directory", [S_IFSOCK]: "socket" };

/** The execute bits of a mode. */
export const ANY_EXECUTE = 0o111;

/** To access(2): that a file can be executed. */
export const EXECUTE = 1;

/** To access(2): that files can be made in a directory. */
export const MAKE_FILES = 3;

/** To access(2): that a directory can be listed, and its files can be used. */
export const READ_AND_ENTER = 5;

/** The bits of a mode by which group or others may write. */
export const OTHERS_WRITE = 0o022;

export type FileType = "file" | "directory" | "socket" | "other";

/** The part of stat(2)'s answer that our programs use. */
export interface FileFacts {
  readonly type: FileType;
  /** Permission bits only. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** In bytes. */
  readonly size: number;
  /** When the content last changed, in seconds since 1970. */
  readonly modified: number;
}

/** Follows links. @returns an errno (above zero) if stat(2) failed */
export function fileFacts(linux: Linux, path: string): FileFacts | number {
  return factsOf(linux.stat(path));
}

/** Does not follow a link at `path` (type `other`). @returns an errno (above zero) if lstat(2) failed */
export function linkFacts(linux: Linux, path: string): FileFacts | number {
  return factsOf(linux.lstat(path));
}

function factsOf(answer: Stat | number): FileFacts | number {
  if (typeof answer === "number") return -answer;
  const [mode, uid, gid, size, , modified] = answer;
  return { type: TYPES[mode & S_IFMT] ?? "other", mode: mode & 0o7777, uid, gid, size, modified };
}

/** Whether two answers of stat(2) are about the same file. */
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

/** More links than this in a row are taken for a mistake. */
const MAX_LINKS = 8;

/** The paths that a symbolic link leads to, one link after the other; none if `path` is no link. Links in directories stay. */
export function linkTargets(linux: Linux, path: string): string[] {
  const targets: string[] = [];
  for (let from = path; targets.length < MAX_LINKS; from = targets.at(-1) ?? "") {
    const target = linux.readLink(from);
    if (typeof target === "number") break;
    targets.push(target.startsWith("/") ? target : from.slice(0, from.lastIndexOf("/") + 1) + target);
  }
  return targets;
}

/** Whether `path` is a FIFO that a process has open for reading. @see fifo(7) */
export function hasReader(linux: Linux, path: string): boolean {
  const fd = linux.openToAppend(path);
  if (fd >= 0) linux.close(fd);
  return fd >= 0;
}

/** Removes a file, a link, or a directory with its content, as far as possible. Follows no link. */
export function removeTree(linux: Linux, path: string): void {
  // unlink(2) answers EISDIR for a directory, never for a link to one.
  if (linux.unlink(path) !== -ERRNO.EISDIR) return;
  const names = linux.listDir(path);
  if (typeof names !== "number") for (const name of names) removeTree(linux, `${path}/${name}`);
  linux.rmdir(path);
}

/**
 * Writes a file of mode 0600 that is new: what was at `path`, a link too, is removed first.
 *
 * @returns 0, or a negated errno
 */
export function writeAnew(linux: Linux, path: string, content: string): number {
  linux.unlink(path);
  return linux.writeFile(path, content, true);
}

/** The same in place of `path`, by rename(2): a reader sees the old file or the new one. @returns 0, or a negated errno */
export function writeInPlace(linux: Linux, path: string, content: string): number {
  const written = writeAnew(linux, `${path}.new`, content);
  return written < 0 ? written : linux.rename(`${path}.new`, path);
}

/** Mode and group of a new file. */
export interface NewFile {
  readonly mode: number;
  readonly gid: number;
}

/**
 * Replaces the file `path` atomically: `content` is written to another file, which is then renamed. A reader sees the
 * old file or the new one, and a full disk leaves the old one. The new file keeps the owner and mode of the old one;
 * without an old one it gets `ifNew`. If `path` itself is a mount point, it is written in place.
 *
 * @param scratch an unused path in the same directory
 * @throws SysError if it cannot be written
 */
export function replaceFile(linux: Linux, path: string, scratch: string, content: string, ifNew: NewFile): void {
  const old = fileFacts(linux, path);
  const { mode, gid } = typeof old === "number" ? ifNew : old;
  const uid = typeof old === "number" ? linux.getEuid() : old.uid;

  let failed = linux.writeFile(scratch, content, true);
  if (failed === -ERRNO.EEXIST) {
    linux.unlink(scratch); // left by a my_init that was killed here
    failed = linux.writeFile(scratch, content, true);
  }
  if (failed < 0) throw new SysError("cannot write", path, -failed);
  // Group before mode: until then only we have access. Without permission to chown, the file stays ours.
  const given = linux.chown(scratch, uid, gid);
  failed = linux.chmod(scratch, given < 0 ? mode & 0o600 : mode);
  // ext4, for example, flushes a file that is renamed over another to the disk, which takes ten times as
  // long. An exchange is not flushed. Without an old file, or on old kernels, it is a rename.
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
