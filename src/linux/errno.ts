/** Numbers, names and words of the errors that the calls of {@link Linux} can answer. @see errno(3) */
const ERRORS: readonly (readonly [number: number, name: string, words: string])[] = [
  [1, "EPERM", "operation not permitted"],
  [2, "ENOENT", "no such file or directory"],
  [3, "ESRCH", "no such process"],
  [4, "EINTR", "interrupted"],
  [5, "EIO", "input/output error"],
  [6, "ENXIO", "no such device or address"],
  [7, "E2BIG", "arguments and environment are too large"],
  [8, "ENOEXEC", "exec format error"],
  [10, "ECHILD", "no children"],
  [11, "EAGAIN", "resource temporarily unavailable"],
  [12, "ENOMEM", "out of memory"],
  [13, "EACCES", "permission denied"],
  [16, "EBUSY", "busy"],
  [17, "EEXIST", "exists already"],
  [18, "EXDEV", "on another file system"],
  [20, "ENOTDIR", "not a directory"],
  [21, "EISDIR", "is a directory"],
  [22, "EINVAL", "invalid argument"],
  [23, "ENFILE", "too many open files in the system"],
  [24, "EMFILE", "too many open files"],
  [25, "ENOTTY", "not a terminal"],
  [26, "ETXTBSY", "is being written to"],
  [27, "EFBIG", "file is too large"],
  [28, "ENOSPC", "no space left on device"],
  [30, "EROFS", "read-only file system"],
  [32, "EPIPE", "nobody reads it"],
  [36, "ENAMETOOLONG", "name is too long"],
  [38, "ENOSYS", "this kernel cannot do it"],
  [39, "ENOTEMPTY", "directory is not empty"],
  [40, "ELOOP", "too many symbolic links"],
  [122, "EDQUOT", "disk quota exceeded"],
];

/** Error numbers by name, as far as our programs need them. */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EIO: 5,
  E2BIG: 7,
  ENOEXEC: 8,
  ECHILD: 10,
  EAGAIN: 11,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  EFBIG: 27,
  EROFS: 30,
} as const;

/** An error number in words: `no space left on device (ENOSPC)`. */
export function errorWords(errno: number): string {
  const known = ERRORS.find(([number]) => number === errno);
  return known === undefined ? `error ${errno}` : `${known[2]} (${known[1]})`;
}
