import { STATUS_CANNOT_RUN, STATUS_NOT_FOUND } from "../../core/child-end.ts";
import { ERRNO } from "../../linux/errno.ts";
import { execFailure } from "../../linux/exec-failure.ts";
import type { Linux } from "../../linux/linux.ts";
import { awaitNeeds } from "./needs.ts";
import { say, serviceHere } from "./service.ts";

/** The service's own program, beside ours in the mirror of its directory. */
const OWN_RUN = "./run.own";

/**
 * What runsv starts as `./run` where services are run by way of ours: does what there is to do before a service starts, and
 * becomes the service.
 *
 * @returns its exit status, where the service could not take its place
 */
export function main(linux: Linux): number {
  const service = serviceHere(linux);
  const status = awaitNeeds(linux, service);
  if (status !== undefined) return status;
  const errno = -linux.exec(OWN_RUN, linux.argv, linux.environ);
  const path = linux.realPath(OWN_RUN);
  say(linux, service, execFailure(linux, typeof path === "number" ? OWN_RUN : path, errno));
  return errno === ERRNO.ENOENT && typeof path === "number" ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN;
}
