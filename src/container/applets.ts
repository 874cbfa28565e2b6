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
] as const;

/** runsv's argv[0] for the programs that it starts. The whole word is compared: others may have a name that ends so. */
export const SERVICE_RUN = "./run";
export const SERVICE_FINISH = "./finish";

export type Applet = (typeof NAMES)[number] | typeof SERVICE_RUN | typeof SERVICE_FINISH;

/** The program that argv[0] names. Any other name means my_init: a container must boot whatever its init is called. */
export function appletOf(path: string): Applet {
  if (path === SERVICE_RUN || path === SERVICE_FINISH) return path;
  const name = path.slice(path.lastIndexOf("/") + 1);
  return NAMES.find((known) => known === name) ?? "my_init";
}
