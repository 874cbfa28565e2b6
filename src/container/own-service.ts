// Tested by src/image/service-run/main.test.ts.
import { printable } from "../core/printable.ts";
import { isDirectory } from "../linux/files.ts";
import type { Linux } from "../linux/linux.ts";
import { writeAll } from "../linux/output.ts";
import { STDERR } from "../linux/program.ts";
import { SUPERVISE } from "./runsv.ts";

/** The service that this program starts. */
export interface Service {
  /** `NAME`, or `NAME/log` for a log service. */
  readonly name: string;
  /** Its directory, and the directory of all services. */
  readonly directory: string;
  readonly services: string;
}

/** The service of the current directory: runsv starts `./run` there. A log service is in the directory of its service. */
export function serviceHere(linux: Linux): Service {
  const answer = linux.realPath(".");
  const directory = typeof answer === "number" ? "." : answer;
  const names = directory.split("/");
  const isLog = names.at(-1) === "log" && isDirectory(linux, `${names.slice(0, -1).join("/")}/${SUPERVISE}`);
  const count = isLog ? 2 : 1;
  return { name: names.slice(-count).join("/"), directory, services: names.slice(0, -count).join("/") };
}

/** Writes one line about the service to standard error, in the form of my_init's lines. */
export function log(linux: Linux, { name }: Service, message: string): void {
  writeAll(linux, STDERR, `*** ${printable(name)}: ${message}\n`);
}
