// Tested by src/image/workaround-docker-2267/main.test.ts.
import { ERRNO } from "../../linux/errno.ts";
import type { Linux } from "../../linux/linux.ts";
import { Failure, SysError } from "../../linux/sys-error.ts";
import { findHostsPath, type HostsPath } from "./hosts-path.ts";

/** A library of one architecture that resolves names. */
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
/** It read the hosts file until glibc 2.33. Since then it is empty, for old programs. */
const NSS_FILES = "libnss_files.so.2";

/** More than any libc has. */
const MAX_BYTES = 1 << 26;

/**
 * For each glibc of the system: the library that contains the path of the hosts file.
 *
 * @throws Failure if there is none, or one with an unknown layout
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

/** Without duplicates: in merged systems /lib is /usr/lib. */
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

/** Exactly one of a libc and the libnss_files beside it contains the path. */
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

/** @returns undefined if nothing exists there */
function realPath(linux: Linux, path: string): string | undefined {
  const real = linux.realPath(path);
  if (typeof real === "string") return real;
  if (real === -ERRNO.ENOENT || real === -ERRNO.ENOTDIR) return undefined;
  throw new SysError("cannot find", path, -real);
}
