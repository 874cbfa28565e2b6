// Tested by src/linux/private-directory.test.ts, src/image/my-init/run-directories.test.ts.
import type { Linux } from "./linux.ts";

const MOUNTS = "/proc/self/mountinfo";
const MAX_MOUNTS_BYTES = 1 << 20;
const MOUNT_POINT_INDEX = 4;

/** The type of the file system that is mounted on `path` itself, such as `tmpfs`; undefined: none. @see proc_pid_mountinfo(5) */
export function mountedOn(linux: Linux, path: string): string | undefined {
  const text = linux.readFile(MOUNTS, MAX_MOUNTS_BYTES, true);
  if (typeof text === "number") return undefined;
  const lines = text.split("\n").filter((line) => line.includes(` ${path} `));
  const last = lines.map((line) => line.split(" ")).findLast((fields) => fields[MOUNT_POINT_INDEX] === path);
  return last?.[last.indexOf("-") + 1];
}
