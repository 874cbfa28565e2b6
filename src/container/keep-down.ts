// Tested by src/image/service-finish/main.test.ts.

import { ERRNO } from "../linux/errno.ts";
import type { Linux } from "../linux/linux.ts";
import { readProcess } from "../linux/processes.ts";
import type { Service } from "./own-service.ts";
import { readState, SUPERVISE } from "./runsv.ts";

/** runsv reads its control FIFO much sooner. */
const RUNSV_MS = 1000;

/**
 * Tells runsv that the service is to be down, as `sv down` does, and waits until it has read that: afterwards runsv may
 * sleep for a second, and `sv up` would do nothing then, as the service still seems to be wanted.
 *
 * @returns whether runsv was told
 */
export function keepDown(linux: Linux, { directory }: Service): boolean {
  const supervise = `${directory}/${SUPERVISE}`;
  const fd = openControl(linux, supervise);
  if (fd < 0) return false;
  const written = linux.write(fd, "d");
  linux.close(fd);
  const deadlineMs = linux.monotonicMs() + RUNSV_MS;
  const isRead = () => {
    const state = readState(linux, supervise);
    return typeof state === "number" || !state.isWanted;
  };
  while (written > 0 && !isRead() && linux.monotonicMs() < deadlineMs) linux.poll([], [], 1);
  return written > 0;
}

/**
 * Opens the control FIFO that our runsv has open. Another user may write to `supervise`, and could put a link to any file
 * or to the FIFO of another service in its place at any moment.
 */
function openControl(linux: Linux, supervise: string): number {
  const runsv = readProcess(linux, linux.getPid())?.parent ?? 0;
  const open = `/proc/${runsv}/fd`;
  const names = linux.listDir(open);
  const control = `${linux.realPath(supervise)}/control`;
  const name =
    typeof names === "number" ? undefined : names.find((each) => linux.realPath(`${open}/${each}`) === control);
  return name === undefined ? -ERRNO.ENOENT : linux.openToAppend(`${open}/${name}`);
}
