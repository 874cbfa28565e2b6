import { NEEDS, NEEDS_FORM, readNeeds } from "../../container/needs.ts";
import { type Service, serviceHere } from "../../container/own-service.ts";
import { RESTART, RESTART_FORM, readRestart } from "../../container/restart.ts";
import { OWN_RUN, SERVICES, SUPERVISE } from "../../container/runsv.ts";
import { recordBegan } from "../../container/service-end.ts";
import { faultWords, fileFault, parsedValue } from "../../container/service-file.ts";
import { REPORTED } from "../../container/service-mirror.ts";
import { readRule, STOP_SIGNAL } from "../../container/stop-rules.ts";
import { STATUS_CANNOT_RUN, STATUS_NOT_FOUND } from "../../core/child-end.ts";
import { printable } from "../../core/printable.ts";
import { ERRNO } from "../../linux/errno.ts";
import { execFailure } from "../../linux/exec-failure.ts";
import type { Linux } from "../../linux/linux.ts";
import { readProcess } from "../../linux/processes.ts";
import { STATUS_FAILED } from "../../linux/program.ts";
import { awaitDelay } from "./delay.ts";
import { logFailure } from "./failure.ts";
import { awaitNeeds } from "./needs.ts";
import { Wait } from "./wait.ts";

/** The service's own program, beside ours in the mirror of its directory. */
const OWN = `./${OWN_RUN}`;

/**
 * The program `./run` of a mirror: waits until the delay of its service is over and the services that it needs are ready,
 * and executes the service's own `run`.
 *
 * @returns its exit status if the service is not started
 */
export function main(linux: Linux): number {
  const service = serviceHere(linux);
  const status = prepare(linux, service);
  if (status !== undefined) return status;
  const errno = -linux.exec(OWN, linux.argv, linux.environ);
  const path = linux.realPath(OWN);
  const shown = typeof path === "number" ? `${SERVICES}/${service.name}/run` : path;
  const isKnown = linux.access(`${service.directory}/${REPORTED}`, 0) === 0;
  logFailure(linux, service, execFailure(linux, shown, errno), isKnown);
  return errno === ERRNO.ENOENT && typeof path === "number" ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN;
}

/** Does what the service's files say. @returns undefined: it may start; else its exit status */
function prepare(linux: Linux, service: Service): number | undefined {
  const needs = readNeeds(linux, service.directory);
  const restart = readRestart(linux, service.directory);
  const own = `${SERVICES}/${service.name}`;
  const fault =
    fileFault(`${own}/${NEEDS}`, needs, NEEDS_FORM) ?? fileFault(`${own}/${RESTART}`, restart, RESTART_FORM);
  if (fault !== undefined) {
    logFailure(linux, service, printable(faultWords(fault)));
    return STATUS_FAILED;
  }
  const needed = parsedValue(needs) ?? [];
  const hasDelay = parsedValue(restart)?.delay !== undefined;
  if (needed.length === 0 && !hasDelay) return undefined;
  const runsv = parentOf(linux);
  const wait = new Wait(linux, readRule(linux, service.directory, STOP_SIGNAL));
  const delayed = hasDelay ? awaitDelay(linux, service, wait) : undefined;
  const status = delayed ?? (needed.length > 0 ? awaitNeeds(linux, service, needed, wait) : undefined);
  // Its runsv was killed meanwhile: the next runsv starts the service, too.
  if (parentOf(linux) !== runsv) return STATUS_FAILED;
  // Also if it fails: a wait is no part of the service's life, whose length decides about its next delay.
  recordBegan(linux, `${service.directory}/${SUPERVISE}`);
  return status;
}

function parentOf(linux: Linux): number | undefined {
  return readProcess(linux, linux.getPid())?.parent;
}
