import { ERRNO, errorWords } from "../linux/errno.ts";
import type { Linux } from "../linux/linux.ts";
import { readRestartRecord } from "./restart-record.ts";
import { DOWN, isSupervised, readState, SUPERVISE } from "./runsv.ts";
import { beganMs } from "./service-end.ts";
import { serviceStart } from "./service-start.ts";

/** What a service does now. */
export interface ServiceStatus {
  /** The words are part of container_health's --json. @see docs/reference/container_health.md */
  readonly state:
    | "up"
    | "starting"
    | "waiting"
    | "delayed"
    | "paused"
    | "finishing"
    | "done"
    | "gave-up"
    | "down"
    | "not-supervised"
    | "unknown";
  /** Why it is not up, as a predicate whose subject is the service; empty: it is up, or has done its task. */
  readonly reason: string;
  /** Whether it should be up. */
  readonly isWanted: boolean;
  /** How long it has been in that state; below zero: the clock was set back. */
  readonly ageMs: number;
  /** The process of the service or of its finish script; 0: none. */
  readonly pid: number;
  /** The state in a table for people: `waiting for db`. */
  readonly shown: string;
}

/** The status of a service that cannot be inspected. @param reason a predicate */
export function unknownStatus(reason: string): ServiceStatus {
  return { state: "unknown", reason, isWanted: true, ageMs: 0, pid: 0, shown: "unknown" };
}

/** Looks at the service, or log service, in `directory`. */
export function serviceStatus(linux: Linux, directory: string): ServiceStatus {
  const supervise = `${directory}/${SUPERVISE}`;
  const facts = readState(linux, supervise);
  if (facts === ERRNO.EACCES) return unknownStatus(`cannot be inspected: ${errorWords(facts)}`);
  // A runsv that was killed, or that ran in another container, has left a status that is no longer true.
  if (typeof facts === "number" || !isSupervised(linux, supervise)) {
    const isWanted = linux.access(`${directory}/${DOWN}`, 0) < 0;
    const reason = "has no runsv: not started yet, or killed";
    return { state: "not-supervised", reason, isWanted, ageMs: 0, pid: 0, shown: "no runsv" };
  }
  const { ageMs, isWanted, pid } = facts;
  const status = (state: ServiceStatus["state"], reason: string, shown: string = state) => {
    return { state, reason, isWanted, ageMs, pid, shown };
  };
  if (facts.isDown) {
    // runsv may sleep for a second before it reads that the service is to be down.
    const next = readRestartRecord(linux, supervise)?.next;
    if (next === "done") return { ...status("done", ""), isWanted: false };
    if (next === "gave-up")
      return { ...status("gave-up", "gave up, and is not started again", "gave up"), isWanted: true };
    return status("down", isWanted ? "is down, and about to be started again" : "is down, and is to stay down");
  }
  if (facts.isFinishing) return status("finishing", "has ended, and its finish script runs");
  if (facts.isPaused) return status("paused", "is paused");
  const start = serviceStart(linux, supervise, facts.pid);
  if (start.kind === "waiting") {
    return status("waiting", `waits for ${start.waitsFor}`, `waiting for ${start.waitsFor}`);
  }
  if (start.kind === "delayed") {
    const again = `again in ${Math.ceil(start.leftMs / 1000)} s`;
    return status("delayed", `starts ${again}`, `starting ${again}`);
  }
  if (start.kind === "starting") return status("starting", "is about to start");
  const began = beganMs(linux, supervise);
  return { ...status("up", ""), ageMs: began === undefined ? ageMs : linux.monotonicMs() - began };
}
