import type { Service } from "../../container/own-service.ts";
import { nextStartMs, readRestartRecord } from "../../container/restart-record.ts";
import { SUPERVISE } from "../../container/runsv.ts";
import type { Linux } from "../../linux/linux.ts";
import type { Wait } from "./wait.ts";

/** How often to look whether `sv up` has ended the delay, if the kernel does not notify of it. */
const POLL_INTERVAL_MS = 1000;

/**
 * Waits until the delay after the service's last end is over, or `sv up` has removed the record of it.
 *
 * @returns undefined: the service is to start; else its exit status: it was stopped
 */
export function awaitDelay(linux: Linux, { directory }: Service, wait: Wait): number | undefined {
  const supervise = `${directory}/${SUPERVISE}`;
  const record = readRestartRecord(linux, supervise);
  if (record === undefined || record.delayMs === 0) return undefined;
  const startMs = Math.min(nextStartMs(record), wait.loop.nowMs + record.delayMs);
  // Watch before the look, so that no change is missed.
  const end = wait.directories.add(supervise, () => {});
  const isEnded = () => readRestartRecord(linux, supervise) === undefined;
  const status = wait.until(isEnded, startMs, end === undefined ? POLL_INTERVAL_MS : undefined);
  end?.();
  return status;
}
