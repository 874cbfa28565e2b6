import type { Linux } from "./linux.ts";

/** The limit of open files. @see RLIMIT_NOFILE in getrlimit(2) */
const OPEN_FILES = 7;

/** To getLimit(): this process. */
const SELF = 0;

/** How many descriptors this process can have after {@link raiseDescriptorLimit}; Infinity: no limit is known. */
export function maxDescriptors(linux: Linux): number {
  const limit = linux.getLimit(SELF, OPEN_FILES);
  return typeof limit === "number" || limit[1] < 0 ? Number.POSITIVE_INFINITY : limit[1];
}

/** Raises the soft limit of descriptors to the hard one, for this process and its later children. */
export function raiseDescriptorLimit(linux: Linux): void {
  const limit = linux.getLimit(SELF, OPEN_FILES);
  if (typeof limit !== "number") linux.setLimit(OPEN_FILES, limit[1], limit[1]);
}
