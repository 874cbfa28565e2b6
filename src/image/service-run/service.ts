import { SUPERVISE } from "../../container/runsv.ts";
import { printable } from "../../core/printable.ts";
import { isDirectory } from "../../linux/files.ts";
import type { Linux } from "../../linux/linux.ts";
import { writeAll } from "../../linux/output.ts";
import { STDERR } from "../../linux/program.ts";

/** The service in whose place this program is. */
export interface Service {
  /** `NAME`, or `NAME/log` for a log service. */
  readonly name: string;
  /** Its directory, and the one where the services are. */
  readonly directory: string;
  readonly services: string;
}

/** runsv starts each in its directory, a log service in one below that of its service. */
export function serviceHere(linux: Linux): Service {
  const answer = linux.realPath(".");
  const directory = typeof answer === "number" ? "." : answer;
  const names = directory.split("/");
  const isLog = names.at(-1) === "log" && isDirectory(linux, `${names.slice(0, -1).join("/")}/${SUPERVISE}`);
  const count = isLog ? 2 : 1;
  return { name: names.slice(-count).join("/"), directory, services: names.slice(0, -count).join("/") };
}

/** Tells something of it: one line on standard error, which looks like those of my_init. */
export function say(linux: Linux, { name }: Service, message: string): void {
  writeAll(linux, STDERR, `*** ${printable(name)}: ${message}\n`);
}
