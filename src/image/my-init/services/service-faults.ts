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
 */
export function serviceFaults(linux: Linux, directory: string): string[] {
  const paths = programs(linux, directory);
  const names = linux.listDir(`${directory}/control`);
  for (const name of typeof names === "number" ? [] : [...names].sort()) {
    if (name.length === 1) paths.push(`${directory}/control/${name}`);
  }
  return paths.flatMap((path) => {
    const errno = execRefusal(linux, path);
    return errno === 0 ? [] : execFailure(linux, path, errno);
  });
}

/** Warns of the faults of services that are about to be started. @param directory where runsvdir finds them */
export function warnOfFaults({ linux, log }: Context, directory: string): void {
  for (const name of listServices(linux, directory).services) {
    if (linux.access(`${SERVICES}/${name}/${DOWN}`, 0) === 0) continue;
    for (const fault of serviceFaults(linux, `${SERVICES}/${name}`)) log.warn(`${printable(name)}: ${fault}`);
  }
}

function programs(linux: Linux, directory: string): string[] {
  const names = linux.listDir(directory);
  if (typeof names === "number") return [];
  const optional = OPTIONAL.filter((name) => names.includes(name));
  const own = ["run", ...optional].map((name) => `${directory}/${name}`);
  return names.includes("log") ? [...own, ...programs(linux, `${directory}/log`)] : own;
}
