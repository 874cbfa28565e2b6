import { linkTargets } from "../linux/files.ts";
import type { Linux } from "../linux/linux.ts";

/** The names of the programs in the one binary. */
const NAMES = [
  "my_init",
  "setuser",
  "container_exit",
  "container_health",
  "container_lint",
  "container_status",
  "boot_report",
  "workaround-docker-2267",
  "log_lines",
  "runsv",
  "sv",
  "essential-finish",
  "service-control",
] as const;

/** argv[0] of programs that runsv or a program of ours starts. The whole word is compared: others may have a name that ends so. */
export const SERVICE_RUN = "./run";
export const SERVICE_FINISH = "./finish";
export const SERVICE_CHECK = "./check";
const WORDS = [SERVICE_RUN, SERVICE_FINISH, SERVICE_CHECK] as const;

/** argv[0] with which runsv starts `service-control`. */
export const CONTROL_TERM = "control/t";
const CONTROLS = [CONTROL_TERM, "control/k"];

/** A program without a name of its own. */
export type PrivateApplet = (typeof WORDS)[number];

export type Applet = (typeof NAMES)[number] | PrivateApplet;

/** The program that argv[0] names. Any other name means my_init: a container must boot whatever its init is called. */
export function appletOf(path: string): Applet {
  return namedApplet(path) ?? "my_init";
}

/**
 * The program that this process is: as {@link appletOf}, but if its name is not known, the path by which it was executed
 * decides, then the names of the links in that. A link to `sv` may have the name of a service. @see sv(8)
 */
export function ownApplet(linux: Linux): Applet {
  const known = namedApplet(linux.argv[0] ?? "") ?? namedApplet(linux.programPath);
  if (known !== undefined) return known;
  const target = linkTargets(linux, linux.programPath).find((each) => namedApplet(each) !== undefined);
  return appletOf(target ?? "");
}

function namedApplet(path: string): Applet | undefined {
  if (CONTROLS.includes(path)) return "service-control";
  const name = path.slice(path.lastIndexOf("/") + 1);
  return WORDS.find((known) => known === path) ?? NAMES.find((known) => known === name);
}
