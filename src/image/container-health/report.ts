import type { Boot } from "../../container/boot-progress.ts";
import { json } from "../../container/json.ts";
import { endWords } from "../../container/service-end.ts";
import { isAllHealthy, isHealthy, type ServiceHealth } from "../../container/service-health.ts";
import { printable } from "../../core/printable.ts";

export interface Report {
  readonly boot: Boot;
  /** Why the boot is not over, for people. */
  readonly detail: string;
  readonly services: readonly ServiceHealth[];
}

/** A line for each problem. */
export function reportLines({ boot, detail, services }: Report): string {
  const lines = services
    .filter((service) => !isHealthy(service))
    .map((service) => `${service.name}: ${detailOf(service)}`);
  if (boot !== "over") lines.unshift(`my_init: ${detail}`);
  return lines.map((line) => `${printable(line)}\n`).join("");
}

/** The whole report as one line of JSON. @see docs/reference/container_health.md */
export function reportJson({ boot, detail, services }: Report): string {
  return `${json({
    healthy: isAllHealthy(boot, services),
    boot,
    detail,
    services: services.map((service) => {
      const { ends, name, state } = service;
      const last = { ends: ends?.count ?? 0, lastEnd: ends === undefined ? "" : endWords(ends) };
      return { name, healthy: isHealthy(service), state, detail: detailOf(service), ...last };
    }),
  })}\n`;
}

/** More about the state, and the first cause that the service's files show. */
function detailOf({ detail, faults = [] }: ServiceHealth): string {
  const [fault] = faults;
  return fault === undefined ? detail : `${detail}; ${fault}`;
}
