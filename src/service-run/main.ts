import { STATUS_CANNOT_RUN, STATUS_NOT_FOUND } from "../core/child-end.ts";
import { printable } from "../core/printable.ts";
import { ERRNO } from "../linux/errno.ts";
import { execFailure } from "../linux/exec-failure.ts";
import type { Linux } from "../linux/linux.ts";
import { writeAll } from "../linux/output.ts";
import { STDERR } from "../linux/program.ts";

/** The service's own program, beside ours in the mirror of its folder. */
const OWN_RUN = "./run.own";

/**
 * What runsv starts as `./run` where services are run by way of ours: does what there is to do before a service starts, and
 * becomes the service.
 *
 * @returns its exit status, where the service could not take its place
 */
export function main(linux: Linux): number {
  const errno = -linux.exec(OWN_RUN, linux.argv, linux.environ);
  const path = linux.realPath(OWN_RUN);
  const shown = typeof path === "number" ? OWN_RUN : path;
  say(linux, execFailure(linux, shown, errno));
  return errno === ERRNO.ENOENT && typeof path === "number" ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN;
}

function say(linux: Linux, message: string): void {
  writeAll(linux, STDERR, `*** ${printable(serviceName(linux))}: ${message}\n`);
}

/** `NAME`, or `NAME/log` for a log service: runsv starts each in its folder. */
function serviceName(linux: Linux): string {
  const folder = linux.realPath(".");
  const names = typeof folder === "number" ? [] : folder.split("/");
  const [service = "", last = "run"] = names.slice(-2);
  return last === "log" ? `${service}/log` : last;
}
