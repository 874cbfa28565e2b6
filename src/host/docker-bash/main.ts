// Tested by test/e2e/docker-bash.test.ts.
import { attempt, reply, STDERR } from "../../linux/program.ts";
import { findContainer } from "../engine.ts";
import type { Host } from "../host.ts";
import { enter } from "./enter.ts";
import { readCommandLine, TOOL } from "./options.ts";
import { execOwnCopy, hide } from "./own-copy.ts";

const NAME = TOOL.name;

/** The program docker-bash. @returns its exit status @see docs/reference/docker-bash.md */
export function main(host: Host): number {
  const request = readCommandLine(host.argv.slice(1));
  if (request.kind !== "enter") return reply(host, NAME, TOOL.usage, request);
  return attempt(host, NAME, () => {
    closeInherited(host);
    if (host.getEuid() === 0) {
      execOwnCopy(host);
      hide(host);
    }
    return enter(host, findContainer(host, request.container, request.engine), request);
  });
}

/** The container must not get descriptors that this program inherited. */
function closeInherited(host: Host): void {
  const names = host.listDir("/proc/self/fd");
  if (typeof names === "number") return;
  for (const name of names) if (Number(name) > STDERR) host.close(Number(name));
}
