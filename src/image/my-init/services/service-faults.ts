import { DOWN, SERVICES } from "../../../container/runsv.ts";
import { listServices } from "../../../container/service-list.ts";
import { printable } from "../../../core/printable.ts";
import { execFailure, execRefusal } from "../../../linux/exec-failure.ts";
import type { Linux } from "../../../linux/linux.ts";
import type { Context } from "../context.ts";

/** What runsv and sv run beside `run`, where it is there. @see runsv(8), sv(8) */
const OPTIONAL = ["finish", "check"];

/**
 * Why the programs of a service cannot be run: its own, of its log service, and its control scripts. runsv says of each only,
 * and each second, that it is unable to start it.
 *
 * @param directory of the service
 * @returns none of a service that is not to be started
 */
export function serviceFaults(linux: Linux, directory: string): string[] {
  const names = linux.listDir(directory);
  if (typeof names === "number" || names.includes(DOWN)) return [];
  const programs = ["run", ...OPTIONAL.filter((name) => names.includes(name))];
  if (names.includes("control")) programs.push(...controlScripts(linux, directory));
  const faults = programs.flatMap((name) => {
    const path = `${directory}/${name}`;
    const errno = execRefusal(linux, path);
    return errno === 0 ? [] : execFailure(linux, path, errno);
  });
  return names.includes("log") ? [...faults, ...serviceFaults(linux, `${directory}/log`)] : faults;
}

/** Warns of the faults of services that are started. @param directory where runsvdir finds them */
export function warnOfFaults({ linux, log }: Context, directory: string): void {
  for (const name of listServices(linux, directory).services) {
    for (const fault of serviceFaults(linux, `${SERVICES}/${name}`)) log.warn(`${printable(name)}: ${fault}`);
  }
}

function controlScripts(linux: Linux, directory: string): string[] {
  const names = linux.listDir(`${directory}/control`);
  if (typeof names === "number") return [];
  return names
    .filter((name) => name.length === 1)
    .map((name) => `control/${name}`)
    .sort();
}
