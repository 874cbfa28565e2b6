// Tested by src/image/my-init/services/stopping-service.test.ts.
/**
 * Where a service is on the way to its end:
 *
 *     supervised -+-> stopping ------------------------------------------------> gone
 *                 +-> young <--> inspected -+
 *                 +-------------------------+-> released -> adopted -> draining -> gone
 *
 * stop() leads from `supervised`, step() from all others. From each of the first four, the end of its runsv leads to
 * `gone`. A state is left out where nothing of it is left: without a log service, there is no `draining`.
 */
export type State =
  /** It was not asked to stop yet: runsv starts it again when it ends. */
  | "supervised"
  /** runsv got TERM: it stops the service, then the log service, and ends. */
  | "stopping"
  /** The same, but runsv may sleep for a second first: the service is down, or may have run for less than a second. */
  | "young"
  /** runsv is stopped, to see whether it has anything left to do. */
  | "inspected"
  /** runsv was killed. The kernel is about to hand us its children. */
  | "released"
  /** The service is our child, and got TERM. */
  | "adopted"
  /** The service has ended. The log service, our child, reads the end of its input. */
  | "draining"
  /** Nothing is left of it. */
  | "gone";
