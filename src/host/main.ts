// Tested by test/e2e/docker-bash.test.ts.
import { writeAll } from "../linux/output.ts";
import { STATUS_USAGE, STDERR } from "../linux/program.ts";
import { main as dockerBash } from "./docker-bash/main.ts";
import { main as dockerSsh } from "./docker-ssh/main.ts";
import type { Host } from "./host.ts";

/** The programs for the host, in their own binary. Each returns its exit status. */
const PROGRAMS: readonly (readonly [name: string, main: (host: Host) => number])[] = [
  ["docker-bash", dockerBash],
  ["docker-ssh", dockerSsh],
];

/** Runs the program that argv[0] names. */
export function main(host: Host): number {
  const path = host.argv[0] ?? "";
  const name = path.slice(path.lastIndexOf("/") + 1);
  const found = PROGRAMS.find(([known]) => known === name);
  if (found !== undefined) return found[1](host);
  const names = PROGRAMS.map(([known]) => known).join(" or ");
  writeAll(host, STDERR, `host-tools: does what its name says; call it by a link with the name ${names}\n`);
  return STATUS_USAGE;
}
