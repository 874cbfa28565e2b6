import { type Applet, ownApplet, SERVICE_CHECK, SERVICE_FINISH, SERVICE_RUN } from "../container/applets.ts";
import type { Linux } from "../linux/linux.ts";
import { main as bootReport } from "./boot-report/main.ts";
import { main as containerExit } from "./container-exit/main.ts";
import { main as containerHealth } from "./container-health/main.ts";
import { main as containerLint } from "./container-lint/main.ts";
import { main as containerStatus } from "./container-status/main.ts";
import { main as essentialFinish } from "./essential-finish/main.ts";
import { main as logLines } from "./log-lines/main.ts";
import { main as myInit } from "./my-init/main.ts";
import { main as runsv } from "./runsv/main.ts";
import { main as serviceCheck } from "./service-check/main.ts";
import { main as serviceControl } from "./service-control/main.ts";
import { main as serviceFinish } from "./service-finish/main.ts";
import { main as serviceRun } from "./service-run/main.ts";
import { main as setuser } from "./setuser/main.ts";
import { main as sv } from "./sv/main.ts";
import { main as workaroundDocker2267 } from "./workaround-docker-2267/main.ts";

/** The programs in the binary. Each returns its exit status. */
const PROGRAMS: Readonly<Record<Applet, (linux: Linux) => number>> = {
  my_init: myInit,
  setuser,
  container_exit: containerExit,
  container_health: containerHealth,
  container_lint: containerLint,
  container_status: containerStatus,
  boot_report: bootReport,
  [SERVICE_RUN]: serviceRun,
  [SERVICE_FINISH]: serviceFinish,
  [SERVICE_CHECK]: serviceCheck,
  "service-control": serviceControl,
  "essential-finish": essentialFinish,
  "workaround-docker-2267": workaroundDocker2267,
  log_lines: logLines,
  runsv,
  sv,
};

/** Runs the program that this process is. */
export function main(linux: Linux): number {
  return PROGRAMS[ownApplet(linux)](linux);
}
