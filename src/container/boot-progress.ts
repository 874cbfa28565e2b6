// Tested by src/image/container-health/main.test.ts.
import type { Linux } from "../linux/linux.ts";
import { readProcess } from "../linux/processes.ts";
import { Failure } from "../linux/sys-error.ts";
import { readBootRecord } from "./boot-record.ts";
import { findInit } from "./own-init.ts";
import { parseProgress, type Supervision } from "./phase-record.ts";

/** How far the container is. The words are part of --json. */
export type Boot = "over" | "not-over" | "no-init" | "unknown";

/** How far my_init is, and the runsvdir of its services if there is one. */
export interface Progress {
  readonly boot: Boot;
  /** Why the boot is not over, for people. */
  readonly detail: string;
  /** Also after the shutdown has begun. */
  readonly services: Supervision | undefined;
  /** The record of the boot; empty: there is none yet, or this user may not read it. */
  readonly record: string;
}

/**
 * Reads how far my_init is from the record in its memory. Names of processes and directories are never trusted. If root
 * calls and my_init has another user, root reads as that user.
 */
export function lookAtInit(linux: Linux): Progress {
  let boot: Boot = "no-init";
  try {
    const init = findInit(linux);
    boot = "unknown";
    const record = readBootRecord(linux, init) ?? "";
    const progress = parseProgress(record);
    const services = progress?.services;
    const isGone = services !== undefined && readProcess(linux, services.pid)?.startTime !== services.startTime;
    if (progress !== undefined && !progress.isStopping && !isGone)
      return { boot: "over", detail: "", services, record };
    return { boot: "not-over", detail: "the boot is not over, or the shutdown has begun", services, record };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { boot, detail: error.message, services: undefined, record: "" };
  }
}
