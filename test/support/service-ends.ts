import type { ServiceEnds } from "../../src/container/service-end.ts";

/** A service that ended once, with exit code 1, and has no line in the log. Tests replace what they look at. */
export const oneFailure: ServiceEnds = {
  count: 1,
  failures: 1,
  last: { how: "exited", code: 1 },
  isOutOfMemory: false,
  endedMs: 1,
  ranMs: 1,
  quickSuccesses: 0,
  quickSinceMs: 0,
  loggedMs: 0,
  loggedFailures: 0,
};
