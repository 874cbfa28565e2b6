import { jsonString } from "../../container/env-export.ts";
import { printable } from "../../core/printable.ts";

/** What is known of a service. The words are part of --json. */
export type State =
  | "up" // and its check, if it has one, succeeds
  | "not-wanted" // down, as somebody wants it
  | "not-supervised" // no runsv: not started yet, or killed
  | "down" // between two starts
  | "finishing" // ended, its finish script runs
  | "paused"
  | "waiting" // for services that it needs
  | "just-started" // less than a second ago: it may be dying again and again
  | "check-failed"
  | "check-timed-out"
  | "unknown"; // may not be looked at

export interface ServiceHealth {
  /** The name of its directory; `NAME/log` for a log service. */
  readonly name: string;
  readonly state: State;
  /** More about the state, for people. */
  readonly detail: string;
}

/** How far the container is. The words are part of --json. */
export type Boot = "over" | "not-over" | "no-init" | "unknown";

export interface Report {
  readonly boot: Boot;
  /** Why the boot is said not to be over, for people. */
  readonly detail: string;
  readonly services: readonly ServiceHealth[];
}

/** Whether a service in this state keeps nobody from being healthy. */
export function isHealthy({ state }: ServiceHealth): boolean {
  return state === "up" || state === "not-wanted";
}

/** Whether all is as it should be. */
export function isAllHealthy({ boot, services }: Report): boolean {
  return boot === "over" && services.every(isHealthy);
}

/** A line for each thing that is not as it should be. */
export function reportLines({ boot, detail, services }: Report): string {
  const lines = services
    .filter((service) => !isHealthy(service))
    .map((service) => `${service.name}: ${service.detail}`);
  if (boot !== "over") lines.unshift(`my_init: ${detail}`);
  return lines.map((line) => `${printable(line)}\n`).join("");
}

/** The same and what is well too, as one line of JSON. @see docs/reference/container_health.md */
export function reportJson(report: Report): string {
  const services = report.services.map(
    (service) =>
      `{"name":${jsonString(service.name)},"healthy":${isHealthy(service)},` +
      `"state":${jsonString(service.state)},"detail":${jsonString(service.detail)}}`,
  );
  const { boot, detail } = report;
  return (
    `{"healthy":${isAllHealthy(report)},"boot":${jsonString(boot)},"detail":${jsonString(detail)},` +
    `"services":[${services.join(",")}]}\n`
  );
}
