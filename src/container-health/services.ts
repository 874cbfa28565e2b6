import { ERRNO, errorWords } from "../linux/errno.ts";
import { isDirectory } from "../linux/files.ts";
import type { Linux } from "../linux/linux.ts";
import { findInit } from "../linux/own-init.ts";
import { childPids, commandWords, readProcess } from "../linux/processes.ts";
import { isSupervised, RUNSVDIR, readState } from "../linux/runsv.ts";
import { serviceStart } from "../linux/service-start.ts";
import { Failure } from "../linux/sys-error.ts";
import type { Boot, ServiceHealth } from "./report.ts";

/** A service that ran for less is started again a second after its start: until then nobody knows whether it stays. */
export const PROVEN_MS = 1000;

/** How far my_init is, and what looks after the services, where something does. */
export interface Progress {
  readonly boot: Boot;
  readonly detail: string;
  readonly runsvdir: { readonly pid: number; readonly folder: string } | undefined;
}

/** Looks how far my_init is. It writes that nowhere, as there may be no place to write: its children tell. */
export function lookAtInit(linux: Linux): Progress {
  let init: number;
  try {
    init = findInit(linux);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { boot: "no-init", detail: error.message, runsvdir: undefined };
  }
  let hasCommand = false;
  for (const pid of childPids(linux, init)) {
    const words = commandWords(linux, pid);
    const folder = words.slice(1).find((word) => !word.startsWith("-"));
    if (words[0] === RUNSVDIR && folder !== undefined) {
      return { boot: "over", detail: "", runsvdir: { pid, folder } };
    }
    // Startup scripts are in my_init's own group, the system log daemon in a session of its own.
    const child = readProcess(linux, pid);
    if (child !== undefined && !child.isZombie && child.group === pid && child.session !== pid) hasCommand = true;
  }
  if (hasCommand && commandWords(linux, init).includes("--skip-runit")) {
    return { boot: "over", detail: "", runsvdir: undefined };
  }
  return { boot: "not-over", detail: "the boot is not over, or the shutdown has begun", runsvdir: undefined };
}

/** Looks at all services of a folder, and their log services, in byte order of their names. @see runsvdir(8) */
export function lookAtServices(linux: Linux, folder: string): ServiceHealth[] {
  const names = linux.listDir(folder);
  if (typeof names === "number") {
    return [{ name: folder, state: "unknown", detail: `cannot read it: ${errorWords(-names)}` }];
  }
  const isFolder = (name: string) => isDirectory(linux, `${folder}/${name}`);
  const services = [...names].filter((name) => !name.startsWith(".") && isFolder(name)).sort();
  return services.flatMap((name) => {
    const service = lookAtService(linux, folder, name);
    return isFolder(`${name}/log`) && service.state !== "not-supervised"
      ? [service, lookAtService(linux, folder, `${name}/log`)]
      : [service];
  });
}

function lookAtService(linux: Linux, folder: string, name: string): ServiceHealth {
  const path = `${folder}/${name}`;
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
