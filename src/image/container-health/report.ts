import { jsonString } from "../../container/env-export.ts";
import type { ServiceStatus } from "../../container/service-status.ts";
import { printable } from "../../core/printable.ts";

/** The state of a service. The words are part of --json. */
export type State =
  | Exclude<ServiceStatus["state"], "starting">
  | "not-wanted" // need not be up
  | "just-started" // less than a second ago: it may be a service that ends again and again
  | "check-failed"
  | "check-timed-out";

export interface ServiceHealth {
  /** The name of its directory; `NAME/log` for a log service. */
  readonly name: string;
  readonly state: State;
  /** More about the state, for people. */
  readonly detail: string;
  /** How often it has ended since the boot, and how last; empty: it has not. @see endWords */
  readonly endCount: number;
  readonly lastEnd: string;
}

/** How far the container is. The words are part of --json. */
export type Boot = "over" | "not-over" | "no-init" | "unknown";

export interface Report {
  readonly boot: Boot;
  /** Why the boot is not over, for people. */
  readonly detail: string;
  readonly services: readonly ServiceHealth[];
}

/** Whether the container can be healthy with a service in this state. */
function isHealthy({ state }: ServiceHealth): boolean {
  return state === "up" || state === "not-wanted";
}

/** Whether the container is healthy. */
export function isAllHealthy({ boot, services }: Report): boolean {
  return boot === "over" && services.every(isHealthy);
}

/** A line for each problem. */
export function reportLines({ boot, detail, services }: Report): string {
  const lines = services
    .filter((service) => !isHealthy(service))
    .map((service) => `${service.name}: ${service.detail}`);
  if (boot !== "over") lines.unshift(`my_init: ${detail}`);
  return lines.map((line) => `${printable(line)}\n`).join("");
}

/** The whole report as one line of JSON. @see docs/reference/container_health.md */
export function reportJson(report: Report): string {
  const services = report.services.map(
    (service) =>
      `{"name":${jsonString(service.name)},"healthy":${isHealthy(service)},` +
      `"state":${jsonString(service.state)},"detail":${jsonString(service.detail)},` +
      `"ends":${service.endCount},"lastEnd":${jsonString(service.lastEnd)}}`,
  );
  const { boot, detail } = report;
  return (
    `{"healthy":${isAllHealthy(report)},"boot":${jsonString(boot)},"detail":${jsonString(detail)},` +
    `"services":[${services.join(",")}]}\n`
  );
}
