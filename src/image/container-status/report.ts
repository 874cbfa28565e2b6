// Tested by src/image/container-status/main.test.ts.
import type { Progress } from "../../container/boot-progress.ts";
import { SUPERVISE } from "../../container/runsv.ts";
import { readEnds, type ServiceEnds } from "../../container/service-end.ts";
import type { ServiceHealth } from "../../container/service-health.ts";
import { printable } from "../../core/printable.ts";
import type { Linux } from "../../linux/linux.ts";
import { allProcesses, groupByParent } from "../../linux/processes.ts";
import { Failure } from "../../linux/sys-error.ts";
import { pageKib, treePages } from "./memory.ts";

/** A service as it is shown. */
export interface ServiceReport extends ServiceHealth {
  /** How often it was started since the boot. */
  readonly starts: number;
  /** How it has ended; undefined: it has not, since the boot. */
  readonly ends: ServiceEnds | undefined;
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
 * The services with these names, each with its log service; all without a name.
 *
 * @throws Failure if there is no such service
 */
export function select(all: readonly ServiceHealth[], names: readonly string[]): readonly ServiceHealth[] {
  for (const word of names) {
    if (all.every(({ name }) => name !== word)) {
      throw new Failure(`there is no service "${printable(word)}"; without a name all are listed`);
    }
  }
  if (names.length === 0) return all;
  return all.filter(({ name }) => names.includes(name) || names.some((word) => name === `${word}/log`));
}

/** Finds out what is shown about these services of a container. */
export function lookCloser(linux: Linux, directory: string, services: readonly ServiceHealth[]): ServiceReport[] {
  const all = allProcesses(linux);
  const byPid = new Map(all.map((process) => [process.pid, process]));
  const byParent = groupByParent(all);
  const kib = pageKib(linux);
  return services.map((service) => {
    const { pid, state } = service.now;
    const ends = readEnds(linux, `${directory}/${service.name}/${SUPERVISE}`);
    const hasStarted = pid !== 0 && state !== "finishing";
    const starts = (ends?.count ?? 0) + (hasStarted ? 1 : 0);
    return { ...service, starts, ends, memoryKib: treePages(byParent, byPid.get(pid)) * kib };
  });
}
