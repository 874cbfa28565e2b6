// Tested by src/image/my-init/services/service-directory.test.ts.
import { NEEDS } from "../../../container/needs.ts";
import { RESTART } from "../../../container/restart.ts";
import { STOP_SIGNAL, STOP_TIMEOUT } from "../../../container/stop-rules.ts";

/** What our program `./run` reads. */
const RUN_FILES = [NEEDS, RESTART];

/** Files in a service's directory that only a mirror heeds. */
export const FILES: readonly string[] = [...RUN_FILES, STOP_SIGNAL.name, STOP_TIMEOUT.name];

/**
 * Whether a service is started by way of our program `./run`, which does something first. Only a mirror of /etc/service
 * has this program.
 *
 * @param name of the service's directory, or `NAME/log` for a log service
 * @param hasFile whether a file is in that directory
 */
export function isRunByUs(name: string, hasFile: (file: string) => boolean): boolean {
  return !name.includes("/") && RUN_FILES.some(hasFile);
}
