// Tested by src/container/service-faults.test.ts.
import { programFaultWords } from "../../../container/fault.ts";
import { SERVICES } from "../../../container/runsv.ts";
import { serviceFaults } from "../../../container/service-faults.ts";
import { listServices } from "../../../container/service-list.ts";
import { printable } from "../../../core/printable.ts";
import type { Context } from "../context.ts";
import { RUN } from "./our-programs.ts";

/**
 * Warns of the faults of services that are started.
 *
 * @param directory where runsvdir finds them
 * @param onBadRun is called with the name of a service whose `run` cannot be executed
 */
export function warnOfFaults({ linux, log }: Context, directory: string, onBadRun: (name: string) => void): void {
  for (const name of listServices(linux, directory).services) {
    for (const fault of serviceFaults(linux, `${SERVICES}/${name}`)) {
      if (fault.path === `${SERVICES}/${name}/${RUN}`) onBadRun(name);
      log.warn(printable(`${name}: ${programFaultWords(fault)}`));
    }
  }
}
