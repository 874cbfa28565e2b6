// Tested by src/image/container-status/main.test.ts.
import { lookAtInit, type Progress } from "../../container/boot-progress.ts";
import { withFaults } from "../../container/health-faults.ts";
import { type CheckResult, withChecks } from "../../container/service-checks.ts";
import { lookAtServices, type ServiceHealth } from "../../container/service-health.ts";
import { printable } from "../../core/printable.ts";
import type { Linux } from "../../linux/linux.ts";
import { allProcesses, groupByParent } from "../../linux/processes.ts";
import { Failure } from "../../linux/sys-error.ts";
import { pageKib, treePages } from "./memory.ts";

/** A service as it is shown. */
export interface ServiceReport extends ServiceHealth {
  /** How often it was started since the boot. */
  readonly starts: number;
  /** Of its process and all descendants. */
  readonly memoryKib: number;
}

/** All that is shown. */
export interface ContainerReport {
  readonly progress: Progress;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** All services of the container. */
  readonly all: readonly ServiceHealth[];
  /** The services that are asked for. */
  readonly services: readonly ServiceReport[];
}

/**
 * Looks at the container and its services.
 *
 * @param names of services: each is shown with its log service; none: all are shown
 * @param checks how the checks have ended, as far as they were run
 * @throws Failure if there is no my_init or no such service, or without permission to look
 */
export function look(
  linux: Linux,
  names: readonly string[],
  checks: ReadonlyMap<string, CheckResult>,
): ContainerReport {
  const progress = lookAtInit(linux);
  const { boot, detail, services: supervision } = progress;
  if (boot === "no-init" || boot === "unknown") throw new Failure(detail);
  const services: ServiceReport[] = [];
  const nowMs = linux.realtimeMs();
  if (supervision === undefined) return { progress, nowMs, all: services, services };

  const { directory } = supervision;
  const all = withFaults(linux, withChecks(lookAtServices(linux, directory), checks));
  const known = new Set(all.map(({ name }) => name));
  for (const word of names) {
    if (!known.has(word)) throw new Failure(`there is no service "${printable(word)}"; without a name all are listed`);
  }
  const byParent = groupByParent(allProcesses(linux));
  const kib = pageKib(linux);
  for (const service of all) {
    const { ends, name, now } = service;
    const isNamed = names.includes(name) || names.includes(name.split("/")[0] ?? "");
    if (names.length > 0 && !isNamed) continue;
    const hasStarted = now.pid !== 0 && now.state !== "finishing" && now.state !== "delayed";
    const starts = (ends?.count ?? 0) + (hasStarted ? 1 : 0);
    services.push({ ...service, starts, memoryKib: treePages(linux, byParent, now.pid) * kib });
  }
  return { progress, nowMs, all, services };
}
