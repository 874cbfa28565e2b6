import { ERRNO } from "../../linux/errno.ts";
import type { Linux } from "../../linux/linux.ts";
import { Failure, SysError } from "../../linux/sys-error.ts";
import { findHostsPath, type HostsPath } from "./hosts-path.ts";

/** A library that names are resolved by, of one architecture. */
export interface Library {
  /** Without links. */
  readonly path: string;
  readonly content: string;
  readonly hosts: HostsPath & { readonly kind: "original" | "replaced" };
}

/** Where a distribution has libraries, beside the directories of architectures in the first two. */
const DIRECTORIES = ["/lib", "/usr/lib", "/lib32", "/usr/lib32", "/lib64", "/usr/lib64", "/libx32", "/usr/libx32"];
const DIRECTORIES_WITH_ARCHITECTURES = DIRECTORIES.slice(0, 2);

const LIBC = "libc.so.6";
/** What read the hosts file until glibc 2.33. Since then it is there for old programs, and empty. */
const NSS_FILES = "libnss_files.so.2";

/** More than any libc has. */
const MAX_BYTES = 1 << 26;

/**
 * For each glibc of the system the library that holds the path of the hosts file.
 *
 * @throws Failure where there is none, or one whose layout is not known
 */
export function findLibraries(linux: Linux): Library[] {
  const found = new Map<string, Library>();
  for (const directory of libraryDirectories(linux)) {
    const libc = realPath(linux, `${directory}/${LIBC}`);
    if (libc !== undefined && !found.has(libc)) found.set(libc, libraryOf(linux, directory, libc));
  }
  if (found.size === 0) throw new Failure(`cannot find "${LIBC}": names are not resolved by glibc in this system`);
  return [...found.values()];
}

/** In merged systems /lib is /usr/lib: one directory, looked at once. */
function libraryDirectories(linux: Linux): Set<string> {
  const architectures = DIRECTORIES_WITH_ARCHITECTURES.flatMap((directory) => {
    const names = linux.listDir(directory);
    return typeof names === "number"
      ? []
      : names.filter((name) => name.includes("-linux-")).map((name) => `${directory}/${name}`);
  });
  const directories = [...DIRECTORIES, ...architectures.sort()].map((directory) => realPath(linux, directory));
  return new Set(directories.filter((directory) => directory !== undefined));
}

/** Of a libc and the libnss_files beside it the one that holds the path; exactly one does. */
function libraryOf(linux: Linux, directory: string, libc: string): Library {
  const nssFiles = realPath(linux, `${directory}/${NSS_FILES}`);
  const holders: Library[] = [];
  for (const path of nssFiles === undefined ? [libc] : [libc, nssFiles]) {
    const content = linux.readFile(path, MAX_BYTES, false);
    if (typeof content === "number") throw new SysError("cannot read", path, -content);
    const hosts = findHostsPath(content);
    if (hosts.kind === "unclear") throw unknownLayout(path, hosts.why);
    if (hosts.kind !== "absent") holders.push({ path, content, hosts });
  }
  const [holder, other] = holders;
  if (holder === undefined) throw unknownLayout(libc, "it does not hold the path of the hosts file");
  if (other !== undefined) throw unknownLayout(libc, `"${other.path}" holds the path of the hosts file, too`);
  return holder;
}

function unknownLayout(path: string, why: string): Failure {
  return new Failure(`cannot change "${path}": ${why}; nothing was changed, edit /etc/hosts itself or use --add-host`);
}

/** @returns undefined where there is nothing */
function realPath(linux: Linux, path: string): string | undefined {
  const real = linux.realPath(path);
  if (typeof real === "string") return real;
  if (real === -ERRNO.ENOENT || real === -ERRNO.ENOTDIR) return undefined;
  throw new SysError("cannot find", path, -real);
}
