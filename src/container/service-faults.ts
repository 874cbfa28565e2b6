import { execFault } from "../linux/exec-failure.ts";
import { fileFacts } from "../linux/files.ts";
import type { Linux } from "../linux/linux.ts";
import { failure } from "../linux/sys-error.ts";
import type { Fault } from "./fault.ts";
import { DOWN } from "./runsv.ts";
import { listServices } from "./service-list.ts";

/** What runsv and sv run beside `run`, where it is there. @see runsv(8), sv(8) */
const OPTIONAL = ["finish", "check"];

/**
 * Why the programs of a service and of its log service cannot be run.
 *
 * @param directory of the service
 * @returns none of a service that is not to be started
 */
export function serviceFaults(linux: Linux, directory: string): Fault[] {
  const names = linux.listDir(directory);
  if (typeof names === "number" || names.includes(DOWN)) return [];
  const faults = faultsAmong(linux, directory, names);
  return names.includes("log") ? [...faults, ...serviceFaults(linux, `${directory}/log`)] : faults;
}

/**
 * Why the programs of a service cannot be run: its own, and its control scripts. runsv says of each only, and each second,
 * that it is unable to start it.
 *
 * @param directory of the service or the log service
 */
export function programFaults(linux: Linux, directory: string): Fault[] {
  const names = linux.listDir(directory);
  return typeof names === "number" ? [] : faultsAmong(linux, directory, names);
}

function faultsAmong(linux: Linux, directory: string, names: readonly string[]): Fault[] {
  const programs = ["run", ...OPTIONAL.filter((name) => names.includes(name))];
  if (names.includes("control")) programs.push(...controlScripts(linux, directory));
  return programs.flatMap((name) => {
    const path = `${directory}/${name}`;
    const reason = execFault(linux, path);
    return reason === undefined ? [] : { path, reason };
  });
}

/** What stands among the services of a directory and is no directory: runsvdir ignores it without a message. */
export function otherFaults(linux: Linux, directory: string): Fault[] {
  return listServices(linux, directory).others.map((name) => {
    const path = `${directory}/${name}`;
    const facts = fileFacts(linux, path);
    return { path, reason: typeof facts === "number" ? failure("cannot read", path, facts) : "it is no directory" };
  });
}

function controlScripts(linux: Linux, directory: string): string[] {
  const names = linux.listDir(`${directory}/control`);
  if (typeof names === "number") return [];
  return names
    .filter((name) => name.length === 1)
    .map((name) => `control/${name}`)
    .sort();
}
