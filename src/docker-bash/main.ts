import { version } from "../core/version.ts";
import { findContainer } from "../host/engine.ts";
import type { Host } from "../host/host.ts";
import { writeAll } from "../linux/output.ts";
import { attempt, STATUS_USAGE, STDERR, STDOUT } from "../linux/program.ts";
import { enter } from "./enter.ts";
import { readCommandLine, USAGE } from "./options.ts";
import { becomeOwnCopy, hide } from "./own-copy.ts";

/** The program docker-bash. @returns its exit status @see spec.md section 10 */
export function main(host: Host): number {
  const request = readCommandLine(host.argv.slice(1));
  switch (request.kind) {
    case "help":
      return writeAll(host, STDOUT, USAGE) ? 0 : 1;
    case "version":
      return writeAll(host, STDOUT, `docker-bash ${version}\n`) ? 0 : 1;
    case "refuse":
      writeAll(host, STDERR, `docker-bash: ${request.reason}\n${USAGE}`);
      return STATUS_USAGE;
    case "enter":
      return attempt(host, "docker-bash", () => {
        closeInherited(host);
        if (host.getEuid() === 0) {
          becomeOwnCopy(host);
          hide(host);
        }
        return enter(host, findContainer(host, request.container, request.engine), request);
      });
  }
}

/** Descriptors that whoever started this program left open are no business of the container's. */
function closeInherited(host: Host): void {
  const names = host.listDir("/proc/self/fd");
  if (typeof names === "number") return;
  for (const name of names) if (Number(name) > STDERR) host.close(Number(name));
}
