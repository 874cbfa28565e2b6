import { ERRNO } from "../linux/errno.ts";
import { replaceFile } from "../linux/files.ts";
import type { Linux } from "../linux/linux.ts";
import { SysError } from "../linux/sys-error.ts";

/** The directory of what libc reads in place of /etc/hosts once workaround-docker-2267 has run. */
export const HOSTS_DIRECTORY = "/etc/workaround-docker-2267";
export const OWN_HOSTS = `${HOSTS_DIRECTORY}/hosts`;

const ETC_HOSTS = "/etc/hosts";
const SCRATCH = `${HOSTS_DIRECTORY}/.hosts.new`;

/** libc goes on without /etc/hosts where some other user may not read it; everybody may read the original. */
const NEW_HOSTS = { mode: 0o644, gid: 0 };

/** More than any list of names has. */
const MAX_BYTES = 1 << 26;

/**
 * Makes {@link OWN_HOSTS} a copy of /etc/hosts, at once for all who look. Without /etc/hosts it stays as it is,
 * or is empty.
 *
 * @throws SysError where it cannot
 */
export function fillOwnHosts(linux: Linux): void {
  const found = linux.readFile(ETC_HOSTS, MAX_BYTES, false);
  const own = linux.readFile(OWN_HOSTS, MAX_BYTES, false);
  if (typeof own === "string" && (found === own || found === -ERRNO.ENOENT)) return;
  const content = found === -ERRNO.ENOENT ? "" : found;
  if (typeof content === "number") throw new SysError("cannot read", ETC_HOSTS, -content);
  replaceFile(linux, OWN_HOSTS, SCRATCH, content, NEW_HOSTS);
}
