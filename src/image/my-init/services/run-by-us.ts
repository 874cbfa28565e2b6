// Tested by src/image/my-init/services/service-directory.test.ts.
import { NEEDS } from "../../../container/needs.ts";
import { SERVICES } from "../../../container/runsv.ts";
import type { Context } from "../context.ts";

/**
 * Whether a service is started by way of our program `./run`, which does something first. Only a mirror of /etc/service
 * has this program.
 *
 * @param name of the service's directory, or `NAME/log` for a log service
 */
export function isRunByUs({ linux }: Context, name: string): boolean {
  return !name.includes("/") && linux.access(`${SERVICES}/${name}/${NEEDS}`, 0) === 0;
}
