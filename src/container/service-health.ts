// Tested by src/image/container-health/main.test.ts.
import { errorWords } from "../linux/errno.ts";
import { isDirectory } from "../linux/files.ts";
import type { Linux } from "../linux/linux.ts";
import type { Boot } from "./boot-progress.ts";
import { SUPERVISE } from "./runsv.ts";
import { endWords, readEnds, type ServiceEnds } from "./service-end.ts";
import { listServices } from "./service-list.ts";
import { type ServiceStatus, serviceStatus, unknownStatus } from "./service-status.ts";

/** The health of a service. The words are part of container_health's --json. */
export type HealthState =
  | Exclude<ServiceStatus["state"], "starting">
  | "not-wanted" // need not be up
  | "just-started" // less than a second ago: it may be a service that ends again and again
  | "check-failed"
  | "check-timed-out";

/** A service, and whether the container can be healthy with it. */
export interface ServiceHealth {
  /** The name of its directory; `NAME/log` for a log service. */
  readonly name: string;
  readonly state: HealthState;
  /** More about the state, for people: a predicate whose subject is the service. */
  readonly detail: string;
  /** What the service does. */
  readonly now: ServiceStatus;
  /** How it has ended since the boot, if it has. */
  readonly ends?: ServiceEnds | undefined;
  /** Why its check failed; empty: the check succeeded. Without it, no check was run. */
  readonly check?: string;
  /** Of a service that is not healthy: causes that its files show, in the words of the log. */
  readonly faults?: readonly string[];
}

/** runsv starts a service at most once a second: a younger service may be one that ends again and again. */
const PROVEN_MS = 1000;

/** In these states, the last end is the reason. */
const ENDED: readonly string[] = ["down", "finishing", "delayed", "gave-up"];

/** Whether the container can be healthy with a service in this state. */
export function isHealthy({ state }: ServiceHealth): boolean {
  return state === "up" || state === "done" || state === "not-wanted";
}

/** Whether the container is healthy. */
export function isAllHealthy(boot: Boot, services: readonly ServiceHealth[]): boolean {
  return boot === "over" && services.every(isHealthy);
}

/** Looks at all services of a directory, and their log services, in byte order of their names. @see runsvdir(8) */
export function lookAtServices(linux: Linux, directory: string): ServiceHealth[] {
  const { services, errno } = listServices(linux, directory);
  if (errno !== 0) return [healthOf(directory, unknownStatus(`cannot be read: ${errorWords(errno)}`))];
  const look = (name: string) => {
    const path = `${directory}/${name}`;
    return healthOf(name, serviceStatus(linux, path), readEnds(linux, `${path}/${SUPERVISE}`));
  };
  return services.flatMap((name) => {
    const service = look(name);
    return isDirectory(linux, `${directory}/${name}/log`) && service.state !== "not-supervised"
      ? [service, look(`${name}/log`)]
      : [service];
  });
}

function healthOf(name: string, now: ServiceStatus, ends?: ServiceEnds): ServiceHealth {
  const { state, reason, isWanted, ageMs } = now;
  const health = (healthState: HealthState, detail: string) => ({ name, state: healthState, detail, now, ends });
  if (state === "done") return health(state, "");
  if (!isWanted) return health("not-wanted", "");
  const last = ends === undefined ? "" : `; it last ${endWords(ends)} (ends since the boot: ${ends.count})`;
  if (state !== "up" && state !== "starting") return health(state, ENDED.includes(state) ? reason + last : reason);
  // If the clock was set back, the age is unknown.
  if (ageMs < 0 || ageMs >= PROVEN_MS) return health("up", "");
  return health("just-started", `was started less than a second ago: it may not stay${last}`);
}
