import type { Linux } from "./linux/linux.ts";
import { main as myInit } from "./my-init/main.ts";
import { main as setuser } from "./setuser/main.ts";
import { main as workaroundDocker2267 } from "./workaround-docker-2267/main.ts";

/** The programs in the one binary, by the name they are called by. Each answers its exit status. */
const APPLETS: ReadonlyMap<string, (linux: Linux) => number> = new Map([
  ["my_init", myInit],
  ["setuser", setuser],
  ["workaround-docker-2267", workaroundDocker2267],
]);

/** Runs the program that argv[0] names; a container must boot whatever its init is called, so others are my_init. */
export function main(linux: Linux): number {
  const path = linux.argv[0] ?? "";
  const applet = APPLETS.get(path.slice(path.lastIndexOf("/") + 1)) ?? myInit;
  return applet(linux);
}
