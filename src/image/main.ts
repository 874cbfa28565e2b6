import { type Applet, appletOf, SERVICE_FINISH, SERVICE_RUN } from "../container/applets.ts";
import type { Linux } from "../linux/linux.ts";
import { main as bootReport } from "./boot-report/main.ts";
import { main as containerExit } from "./container-exit/main.ts";
import { main as containerHealth } from "./container-health/main.ts";
import { main as containerLint } from "./container-lint/main.ts";
import { main as containerStatus } from "./container-status/main.ts";
import { main as logLines } from "./log-lines/main.ts";
import { main as myInit } from "./my-init/main.ts";
import { main as runsv } from "./runsv/main.ts";
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
  "workaround-docker-2267": workaroundDocker2267,
  log_lines: logLines,
  runsv,
  sv,
};

/** Runs the program that argv[0] names. */
export function main(linux: Linux): number {
  return PROGRAMS[appletOf(linux.argv[0] ?? "")](linux);
}
