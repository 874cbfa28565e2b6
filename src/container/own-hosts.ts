import { ERRNO } from "../linux/errno.ts";
import { replaceFile } from "../linux/files.ts";
import type { Linux } from "../linux/linux.ts";
import { SysError } from "../linux/sys-error.ts";

/** The directory of the file that libc reads instead of /etc/hosts once workaround-docker-2267 has run. */
export const HOSTS_DIRECTORY = "/etc/workaround-docker-2267";
export const OWN_HOSTS = `${HOSTS_DIRECTORY}/hosts`;

const ETC_HOSTS = "/etc/hosts";
const SCRATCH = `${HOSTS_DIRECTORY}/.hosts.new`;

/** All users can read it, like /etc/hosts: libc does without a file that it cannot read. */
const NEW_HOSTS = { mode: 0o644, gid: 0 };

/** More than any hosts file has. */
const MAX_BYTES = 1 << 26;

/**
 * Replaces {@link OWN_HOSTS} by a copy of /etc/hosts, atomically. Without /etc/hosts it does not change, or is empty.
 *
 * @throws SysError if it cannot
 */
export function fillOwnHosts(linux: Linux): void {
  const found = linux.readFile(ETC_HOSTS, MAX_BYTES, false);
  const own = linux.readFile(OWN_HOSTS, MAX_BYTES, false);
  if (typeof own === "string" && (found === own || found === -ERRNO.ENOENT)) return;
  const content = found === -ERRNO.ENOENT ? "" : found;
  if (typeof content === "number") throw new SysError("cannot read", ETC_HOSTS, -content);
  replaceFile(linux, OWN_HOSTS, SCRATCH, content, NEW_HOSTS);
}
