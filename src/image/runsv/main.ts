import { LOG_DIRECTORY_VARIABLE, makeFifos, OWN_PROGRAMS, openStreams } from "../../container/log-fifos.ts";
import { RUNSV } from "../../container/runsv.ts";
import { STATUS_CANNOT_RUN } from "../../core/child-end.ts";
import { parseEnviron, toEnviron } from "../../core/container-env.ts";
import { execFailure } from "../../linux/exec-failure.ts";
import type { Linux } from "../../linux/linux.ts";
import { writeAll } from "../../linux/output.ts";
import { STDERR, STDOUT } from "../../linux/program.ts";

/**
 * runsvdir finds it in place of runsv if log lines name their service, or if PATH does not lead to runsv. If log lines
 * name their service, it gives all processes of runsv (the service, its log service, finish and control scripts) the
 * service's FIFOs as outputs. Then it executes runsv.
 *
 * @returns only on failure: the exit status
 */
export function main(linux: Linux): number {
  const env = parseEnviron(linux.environ);
  const directory = env.get(LOG_DIRECTORY_VARIABLE);
  const service = linux.argv[1];
  if (directory !== undefined && service !== undefined) {
    let warning = "";
    const owner = makeFifos(linux, directory, service, (message) => {
      warning = `*** ${message}\n`;
    });
    const { stderr, stdout } = openStreams(linux, directory, owner);
    // Without a FIFO the output stays runsvdir's: its lines are the service runit's.
    if (stdout >= 0) linux.duplicate(stdout, STDOUT);
    if (stderr >= 0) linux.duplicate(stderr, STDERR);
    writeAll(linux, STDERR, warning);
  }
  env.delete(LOG_DIRECTORY_VARIABLE);
  const path = env.get("PATH");
  if (path === OWN_PROGRAMS) env.delete("PATH");
  else if (path?.startsWith(`${OWN_PROGRAMS}:`)) env.set("PATH", path.slice(OWN_PROGRAMS.length + 1));
  const errno = -linux.exec(RUNSV, linux.argv, toEnviron(env));
  writeAll(linux, STDERR, `*** ${execFailure(linux, RUNSV, errno)}\n`);
  return STATUS_CANNOT_RUN;
}
