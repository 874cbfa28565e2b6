// Tested by src/image/my-init/services/service-directory.test.ts.
import { isSecondInit } from "../../../container/own-init.ts";
import { isSupervised, SERVICES, SUPERVISE } from "../../../container/runsv.ts";
import { mirrorNames } from "../../../container/service-mirror.ts";
import { printable } from "../../../core/printable.ts";
import { ERRNO } from "../../../linux/errno.ts";
import { removeTree } from "../../../linux/files.ts";
import type { Linux } from "../../../linux/linux.ts";
import { privateDirectories } from "../../../linux/private-directory.ts";

/**
 * Takes the services for this my_init until it ends. Two runsv for one service would start it twice, or print errors for
 * ever. So services are not started while another my_init of this container has them, or a runsv that it has left.
 * @returns why this my_init cannot have them; undefined: it has them
 */
export function takeServices(linux: Linux): string | undefined {
  // Another container may have the same directory, as a volume, and any user may lock it.
  if (linux.lockDirectory(SERVICES) === -ERRNO.EAGAIN && isSecondInit(linux, true)) return "another my_init runs them";
  return findSupervisors(linux, SERVICES) ?? removeOldMirrors(linux);
}

/** Removes mirrors of an earlier start, or of the container that the image was made from: `sv` would use them. */
function removeOldMirrors(linux: Linux): string | undefined {
  let reason: string | undefined;
  for (const path of privateDirectories(linux, mirrorNames(linux, linux.getEuid()))) {
    const lock = linux.lockDirectory(path);
    // Another container uses it: containers of a pod share /dev/shm.
    if (lock === -ERRNO.EAGAIN) continue;
    const found = findSupervisors(linux, path);
    if (found === undefined) removeTree(linux, path);
    reason ??= found;
    if (lock >= 0) linux.close(lock);
  }
  return reason;
}

/** Looks for a runsv there, also of a service that is gone: a mirror keeps its directory under a name with a dot. */
function findSupervisors(linux: Linux, directory: string): string | undefined {
  const names = linux.listDir(directory);
  const isFound =
    typeof names !== "number" && names.some((each) => isSupervised(linux, `${directory}/${each}/${SUPERVISE}`));
  return isFound ? `they run already, in "${printable(directory)}"` : undefined;
}
