// Tested by src/image/my-init/services/needs.test.ts, src/image/container-lint/main.test.ts.
import type { Linux } from "../linux/linux.ts";
import type { Fault } from "./fault.ts";
import { RESTART, RESTART_FORM, readRestart } from "./restart.ts";
import { fileFault } from "./service-file.ts";
import { stopFaults } from "./stop-rules.ts";

/** Mistakes in the files that say how a service is run, except `needs`. @param directory of the service */
export function ruleFaults(linux: Linux, directory: string): Fault[] {
  const restart = fileFault(`${directory}/${RESTART}`, readRestart(linux, directory), RESTART_FORM);
  return [...(restart === undefined ? [] : [restart]), ...stopFaults(linux, directory)];
}
