import { readBootRecord } from "../../container/boot-record.ts";
import { findInit } from "../../container/own-init.ts";
import { parseProgress, type Supervision } from "../../container/phase-record.ts";
import { isSupervised, readState } from "../../container/runsv.ts";
import { serviceStart } from "../../container/service-start.ts";
import { ERRNO, errorWords } from "../../linux/errno.ts";
import { isDirectory } from "../../linux/files.ts";
import type { Linux } from "../../linux/linux.ts";
import { readProcess } from "../../linux/processes.ts";
import { Failure } from "../../linux/sys-error.ts";
import type { Boot, ServiceHealth } from "./report.ts";

/** A service that ran for less is started again a second after its start: until then nobody knows whether it stays. */
export const PROVEN_MS = 1000;

/** How far my_init is, and what looks after the services, where something does. */
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
 * Looks how far my_init is, by what it recorded in its own memory: never by what processes or directories are called.
 * Where another user looks than my_init's, root looks as that user.
 */
export function lookAtInit(linux: Linux): Progress {
  let init: number;
  try {
    init = findInit(linux);
  } catch (error) {
    return { boot: "no-init", detail: failureWords(error), services: undefined };
  }
  try {
    const progress = parseProgress(readBootRecord(linux, init) ?? "");
    if (progress === undefined || progress.isStopping) return NOT_OVER;
    const { services } = progress;
    const isGone = services !== undefined && readProcess(linux, services.pid)?.startTime !== services.startTime;
    return isGone ? NOT_OVER : { boot: "over", detail: "", services };
  } catch (error) {
    return { boot: "unknown", detail: failureWords(error), services: undefined };
  }
}

/** The sentence of a Failure; anything else is thrown on. */
function failureWords(error: unknown): string {
  if (error instanceof Failure) return error.message;
  throw error;
}

/** Looks at all services of a directory, and their log services, in byte order of their names. @see runsvdir(8) */
export function lookAtServices(linux: Linux, directory: string): ServiceHealth[] {
  const names = linux.listDir(directory);
  if (typeof names === "number") {
    return [{ name: directory, state: "unknown", detail: `cannot read it: ${errorWords(-names)}` }];
  }
  const hasDirectory = (name: string) => isDirectory(linux, `${directory}/${name}`);
  const services = [...names].filter((name) => !name.startsWith(".") && hasDirectory(name)).sort();
  return services.flatMap((name) => {
    const service = lookAtService(linux, directory, name);
    return hasDirectory(`${name}/log`) && service.state !== "not-supervised"
      ? [service, lookAtService(linux, directory, `${name}/log`)]
      : [service];
  });
}

function lookAtService(linux: Linux, directory: string, name: string): ServiceHealth {
  const path = `${directory}/${name}`;
  const state = readState(linux, `${path}/supervise`);
  if (state === ERRNO.EACCES) return { name, state: "unknown", detail: `cannot look at it: ${errorWords(state)}` };
  if (typeof state === "number" || !isSupervised(linux, `${path}/supervise`)) {
    // What runsv left there when it was killed, or in another container, tells nothing.
    if (linux.access(`${path}/down`, 0) === 0) return { name, state: "not-wanted", detail: "" };
    return { name, state: "not-supervised", detail: "no runsv looks after it: not started yet, or killed" };
  }
  const { ageMs, isDown, isFinishing, isPaused, isWanted, pid } = state;
  if (!isWanted) return { name, state: "not-wanted", detail: "" };
  if (isDown) return { name, state: "down", detail: "down, and about to be started again" };
  if (isFinishing) return { name, state: "finishing", detail: "has ended, and its finish script runs" };
  if (isPaused) return { name, state: "paused", detail: "is paused" };
  const start = serviceStart(linux, `${path}/supervise`, pid);
  if (start.kind === "waiting") return { name, state: "waiting", detail: `waits for ${start.forWhom}` };
  // Started in the future: the clock was set back, and nobody knows when.
  if (ageMs >= 0 && ageMs < PROVEN_MS) {
    return { name, state: "just-started", detail: "was started less than a second ago: it may not stay" };
  }
  return { name, state: "up", detail: "" };
}
