import type { Linux } from "../linux/linux.ts";
import { programFaultWords } from "./fault.ts";
import { ownNeedsFaults } from "./needs-faults.ts";
import { ruleFaults } from "./rule-faults.ts";
import { SERVICES } from "./runsv.ts";
import { QUICK_SUCCESSES, quickSuccessWords } from "./service-end.ts";
import { programFaults } from "./service-faults.ts";
import { faultWords } from "./service-file.ts";
import { isHealthy, type ServiceHealth } from "./service-health.ts";
import { listServices } from "./service-list.ts";

/**
 * The services, each that is not healthy with the causes that its files and the record of its ends show, in the words of
 * the log.
 */
export function withFaults(linux: Linux, services: readonly ServiceHealth[]): ServiceHealth[] {
  if (services.every(isHealthy)) return [...services];
  const all = listServices(linux, SERVICES).services;
  return services.map((service) =>
    isHealthy(service) ? service : { ...service, faults: faultsOf(linux, service, all) },
  );
}

function faultsOf(linux: Linux, { ends, name }: ServiceHealth, all: readonly string[]): string[] {
  const directory = `${SERVICES}/${name}`;
  const faults = programFaults(linux, directory).map(programFaultWords);
  if (name.includes("/")) return faults; // nothing else is known about a log service
  const rules = [...ruleFaults(linux, directory), ...ownNeedsFaults(linux, SERVICES, name, all).faults];
  faults.push(...rules.map(faultWords));
  const quickCount = ends?.quickSuccesses ?? 0;
  return quickCount < QUICK_SUCCESSES ? faults : [...faults, quickSuccessWords(quickCount)];
}
