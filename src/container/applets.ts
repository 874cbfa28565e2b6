/** The names of the programs in the one binary. */
const NAMES = [
  "my_init",
  "setuser",
  "container_exit",
  "container_health",
  "boot_report",
  "workaround-docker-2267",
  "log_lines",
  "runsv",
  "sv",
] as const;

/** What runsv calls the program that it starts; the word as a whole, as others may well have that name somewhere. */
export const SERVICE_RUN = "./run";

export type Applet = (typeof NAMES)[number] | typeof SERVICE_RUN;

/** The program that argv[0] names; a container must boot whatever its init is called, so others are my_init. */
export function appletOf(path: string): Applet {
  if (path === SERVICE_RUN) return SERVICE_RUN;
  const name = path.slice(path.lastIndexOf("/") + 1);
  return NAMES.find((known) => known === name) ?? "my_init";
}
