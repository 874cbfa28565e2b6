import { fillOwnHosts, HOSTS_DIRECTORY } from "../../container/own-hosts.ts";
import { isDirectory } from "../../linux/files.ts";
import { SysError } from "../../linux/sys-error.ts";
import type { Context } from "./context.ts";

/**
 * If workaround-docker-2267 was run in the image: copies the container's /etc/hosts for libc. At every boot, as the
 * container's own address may have changed.
 */
export function fillHosts({ linux, log }: Context): void {
  if (!isDirectory(linux, HOSTS_DIRECTORY)) return;
  try {
    fillOwnHosts(linux);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    log.warn(`${error.message}; names are resolved from what is there`);
  }
}
