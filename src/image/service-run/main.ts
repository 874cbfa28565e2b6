import { log, serviceHere } from "../../container/own-service.ts";
import { STATUS_CANNOT_RUN, STATUS_NOT_FOUND } from "../../core/child-end.ts";
import { ERRNO } from "../../linux/errno.ts";
import { execFailure } from "../../linux/exec-failure.ts";
import type { Linux } from "../../linux/linux.ts";
import { awaitNeeds } from "./needs.ts";

/** The service's own program, beside ours in the mirror of its directory. */
const OWN_RUN = "./run.own";

/**
 * The program `./run` of a mirror: waits for the services that its service needs, and executes the service's own `run`.
 *
 * @returns its exit status if the service is not started
 */
export function main(linux: Linux): number {
  const service = serviceHere(linux);
  const status = awaitNeeds(linux, service);
  if (status !== undefined) return status;
  const errno = -linux.exec(OWN_RUN, linux.argv, linux.environ);
  const path = linux.realPath(OWN_RUN);
  log(linux, service, execFailure(linux, typeof path === "number" ? OWN_RUN : path, errno));
  return errno === ERRNO.ENOENT && typeof path === "number" ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN;
}
