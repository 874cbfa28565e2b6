import { json } from "../../container/json.ts";
import { parseRecord, totalMs } from "../../container/phase-record.ts";
import { endWords } from "../../container/service-end.ts";
import { isAllHealthy, isHealthy } from "../../container/service-health.ts";
import type { ContainerReport, ServiceReport } from "./report.ts";

/** The whole report as one line of JSON. @see docs/reference/container_status.md */
export function statusJson({ all, nowMs, progress, services }: ContainerReport): string {
  const { boot, detail } = progress;
  const record = parseRecord(progress.record);
  return `${json({
    healthy: isAllHealthy(boot, all),
    boot,
    detail,
    beganMs: record?.beganMs,
    bootMs: record === undefined ? null : Math.round(totalMs(record)),
    services: services.map((service) => serviceJson(service, nowMs)),
  })}\n`;
}

function serviceJson(service: ServiceReport, nowMs: number) {
  const { check, detail, ends, name, now, starts } = service;
  const { ageMs, isWanted, pid, state } = now;
  return {
    name,
    healthy: isHealthy(service),
    state,
    detail,
    wanted: isWanted,
    sinceMs: ageMs === 0 ? null : Math.round(nowMs - ageMs),
    pid: pid === 0 ? null : pid,
    starts,
    memoryBytes: service.memoryKib * 1024,
    check: check === undefined ? null : check === "" ? "passed" : "failed",
    lastEnd: ends && {
      code: ends.last.how === "exited" ? ends.last.code : null,
      signal: ends.last.how === "killed" ? ends.last.signal : null,
      outOfMemory: ends.isOutOfMemory,
      detail: endWords(ends),
      atMs: ends.endedMs,
      ranMs: ends.ranMs,
      failures: ends.failures,
    },
  };
}
