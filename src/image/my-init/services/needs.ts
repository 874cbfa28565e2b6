import type { NeedsGraph } from "../../../container/needs.ts";
import { needsFaults } from "../../../container/needs-faults.ts";
import { ruleFaults } from "../../../container/rule-faults.ts";
import { faultWords } from "../../../container/service-file.ts";
import { printable } from "../../../core/printable.ts";
import type { Linux } from "../../../linux/linux.ts";
import { Failure } from "../../../linux/sys-error.ts";

/**
 * Reads what services need, and checks that they can get it; and checks the other files that say how they are run.
 *
 * @param directory of the services
 * @param names of the services that are to run
 * @param all the names of all services, whether or not they are to run
 * @throws Failure a file cannot be read or understood, or names no service; or services need each other in a cycle
 */
export function checkedNeeds(
  linux: Linux,
  directory: string,
  names: readonly string[],
  all: readonly string[],
): NeedsGraph {
  const { faults, graph } = needsFaults(linux, directory, names, all);
  const [fault] = [...names.flatMap((name) => ruleFaults(linux, `${directory}/${name}`)), ...faults];
  if (fault === undefined) return graph;
  throw new Failure(printable(`services are not started: ${faultWords(fault)}`));
}
