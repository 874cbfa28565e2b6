import { printable } from "../core/printable.ts";
import { version } from "../core/version.ts";
import { findContainer } from "../host/engine.ts";
import type { Host } from "../host/host.ts";
import { writeAll } from "../linux/output.ts";
import { attempt, STATUS_USAGE, STDERR, STDOUT } from "../linux/program.ts";
import { Failure, SysError } from "../linux/sys-error.ts";
import { readCommandLine, USAGE } from "./options.ts";

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
        const container = findContainer(host, request.container, request.engine);
        if (container.status !== "running") {
          throw new Failure(`cannot enter container "${printable(container.name)}": it is ${container.status}`);
        }
        const flags = host.isTerminal(0) && host.isTerminal(1) ? ["-it"] : ["-i"];
        const command = request.command.length > 0 ? request.command : ["bash", "-l"];
        const errno = container.engine.become(["exec", ...flags, container.id, ...command]);
        throw new SysError("cannot run", container.engine.file, errno);
      });
  }
}
