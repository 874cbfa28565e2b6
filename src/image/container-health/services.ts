// Tested by src/image/container-health/main.test.ts.
import { readBootRecord } from "../../container/boot-record.ts";
import { findInit } from "../../container/own-init.ts";
import { parseProgress, type Supervision } from "../../container/phase-record.ts";
import { SUPERVISE } from "../../container/runsv.ts";
import { endWords, readEnds } from "../../container/service-end.ts";
import { listServices } from "../../container/service-list.ts";
import { serviceStatus } from "../../container/service-status.ts";
import { errorWords } from "../../linux/errno.ts";
import { isDirectory } from "../../linux/files.ts";
import type { Linux } from "../../linux/linux.ts";
import { readProcess } from "../../linux/processes.ts";
import { Failure } from "../../linux/sys-error.ts";
import type { Boot, ServiceHealth, State } from "./report.ts";

/** runsv starts a service at most once a second: a younger service may be one that ends again and again. */
const PROVEN_MS = 1000;

/** How far my_init is, and the runsvdir of its services if there is one. */
export interface Progress {
  readonly boot: Boot;
  readonly detail: string;
  readonly services: Supervision | undefined;
}

const NOT_OVER: Progress = {
  boot: "not-over",
  detail: "the boot is not over, or the shutdown has begun",
  services: undefined,
};

/**
 * Reads how far my_init is from the record in its memory. Names of processes and directories are never trusted. If root
 * calls and my_init has another user, root reads as that user.
 */
export function lookAtInit(linux: Linux): Progress {
  let boot: Boot = "no-init";
  try {
    const init = findInit(linux);
    boot = "unknown";
    const progress = parseProgress(readBootRecord(linux, init) ?? "");
    if (progress === undefined || progress.isStopping) return NOT_OVER;
    const { services } = progress;
    const isGone = services !== undefined && readProcess(linux, services.pid)?.startTime !== services.startTime;
    return isGone ? NOT_OVER : { boot: "over", detail: "", services };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { boot, detail: error.message, services: undefined };
  }
}

/** Looks at all services of a directory, and their log services, in byte order of their names. @see runsvdir(8) */
export function lookAtServices(linux: Linux, directory: string): ServiceHealth[] {
  const { services, errno } = listServices(linux, directory);
  if (errno !== 0) {
    const detail = `cannot read it: ${errorWords(errno)}`;
    return [{ name: directory, state: "unknown", detail, endCount: 0, lastEnd: "" }];
  }
  return services.flatMap((name) => {
    const service = lookAtService(linux, directory, name);
    return isDirectory(linux, `${directory}/${name}/log`) && service.state !== "not-supervised"
      ? [service, lookAtService(linux, directory, `${name}/log`)]
      : [service];
  });
}

function lookAtService(linux: Linux, directory: string, name: string): ServiceHealth {
  const { state, reason, isWanted, ageMs } = serviceStatus(linux, `${directory}/${name}`);
  const ends = readEnds(linux, `${directory}/${name}/${SUPERVISE}`);
  const [endCount, lastEnd] = ends === undefined ? [0, ""] : [ends.count, endWords(ends)];
  const health = (state: State, detail: string) => ({ name, state, detail, endCount, lastEnd });
  if (!isWanted) return health("not-wanted", "");
  const last = endCount === 0 ? "" : `; it last ${lastEnd} (ends since the boot: ${endCount})`;
  if (state === "down" || state === "finishing") return health(state, reason + last);
  if (state !== "up" && state !== "starting") return health(state, reason);
  // If the clock was set back, the age is unknown.
  if (ageMs < 0 || ageMs >= PROVEN_MS) return health("up", "");
  return health("just-started", `was started less than a second ago: it may not stay${last}`);
}
