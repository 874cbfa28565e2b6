// Tested by src/image/container-status/main.test.ts.
import type { Progress } from "../../container/boot-progress.ts";
import { type PhaseRecord, parseRecord } from "../../container/phase-record.ts";
import { SUPERVISE } from "../../container/runsv.ts";
import { readEnds, type ServiceEnds } from "../../container/service-end.ts";
import { isAllHealthy, type ServiceHealth } from "../../container/service-health.ts";
import { printable } from "../../core/printable.ts";
import type { Linux } from "../../linux/linux.ts";
import { allProcesses, groupByParent } from "../../linux/processes.ts";
import { Failure } from "../../linux/sys-error.ts";
import { memoryKib } from "./memory.ts";

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
  /** How the boot went; undefined: it is not over, or there was nothing to record. */
  readonly record: PhaseRecord | undefined;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  readonly isHealthy: boolean;
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
export function select(all: readonly ServiceHealth[], names: readonly string[]): ServiceHealth[] {
  for (const name of names) {
    if (!all.some((service) => service.name === name)) {
      throw new Failure(`there is no service "${printable(name)}"; without a name all are listed`);
    }
  }
  const isNamed = (name: string) =>
    names.includes(name) || (name.endsWith(LOG) && names.includes(name.slice(0, -LOG.length)));
  return all.filter(({ name }) => names.length === 0 || isNamed(name));
}

const LOG = "/log";

/** Finds out what is shown about the services of a container. @param names of services; none: all */
export function makeReport(
  linux: Linux,
  progress: Progress,
  all: readonly ServiceHealth[],
  names: readonly string[],
): ContainerReport {
  const byParent = groupByParent(allProcesses(linux));
  const directory = progress.services?.directory ?? "";
  const services = select(all, names).map((service): ServiceReport => {
    const { pid, state } = service.now;
    const ends = readEnds(linux, `${directory}/${service.name}/${SUPERVISE}`);
    const isStarted = pid !== 0 && state !== "finishing";
    const starts = (ends?.count ?? 0) + (isStarted ? 1 : 0);
    return { ...service, starts, ends, memoryKib: pid === 0 ? 0 : memoryKib(linux, byParent, pid) };
  });
  return {
    progress,
    record: parseRecord(progress.record),
    nowMs: linux.realtimeMs(),
    isHealthy: isAllHealthy(progress.boot, all),
    all,
    services,
  };
}
