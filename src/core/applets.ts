/** The names of the programs in the one binary. */
const NAMES = [
  "my_init",
  "setuser",
  "container_exit",
  "container_health",
  "boot_report",
  "workaround-docker-2267",
] as const;

export type Applet = (typeof NAMES)[number];

/** The program that argv[0] names; a container must boot whatever its init is called, so others are my_init. */
export function appletOf(path: string): Applet {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return NAMES.find((known) => known === name) ?? "my_init";
}
