import { json } from "../../container/json.ts";
import { parseRecord, totalMs } from "../../container/phase-record.ts";
import { endWords } from "../../container/service-end.ts";
import { isAllHealthy, isHealthy } from "../../container/service-health.ts";
import type { ContainerReport } from "./report.ts";

/** The whole report as one line of JSON. @see docs/reference/container_status.md */
export function statusJson({ all, nowMs, progress, services }: ContainerReport): string {
  const { boot, detail } = progress;
  const record = parseRecord(progress.record);
  return `${json({
    healthy: isAllHealthy(boot, all),
    boot,
    detail,
    beganMs: record?.beganMs,
    bootMs: record && Math.round(totalMs(record)),
    services: services.map((service) => {
      const { check, ends, now } = service;
      const last = ends?.last;
      return {
        name: service.name,
        healthy: isHealthy(service),
        state: now.state,
        detail: service.detail,
        wanted: now.isWanted,
        sinceMs: now.ageMs === 0 ? null : Math.round(nowMs - now.ageMs),
        pid: now.pid || null,
        starts: service.starts,
        memoryBytes: service.memoryKib * 1024,
        check: check === undefined ? null : check === "" ? "passed" : "failed",
        lastEnd: ends && {
          code: last?.how === "exited" ? last.code : null,
          signal: last?.how === "killed" ? last.signal : null,
          outOfMemory: ends.isOutOfMemory,
          detail: endWords(ends),
          atMs: ends.endedMs,
          ranMs: ends.ranMs,
          failures: ends.failures,
        },
        faults: service.faults ?? [],
      };
    }),
  })}\n`;
}
