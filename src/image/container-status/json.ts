import { jsonString } from "../../container/env-export.ts";
import { totalMs } from "../../container/phase-record.ts";
import { endWords, type ServiceEnds } from "../../container/service-end.ts";
import { isHealthy } from "../../container/service-health.ts";
import type { ContainerReport, ServiceReport } from "./report.ts";

/** The whole report as one line of JSON. @see docs/reference/container_status.md */
export function statusJson({ isHealthy: isAllHealthy, nowMs, progress, record, services }: ContainerReport): string {
  const members = {
    healthy: `${isAllHealthy}`,
    boot: jsonString(progress.boot),
    detail: jsonString(progress.detail),
    beganMs: `${record?.beganMs ?? null}`,
    bootMs: record === undefined ? "null" : totalMs(record).toFixed(1),
    services: `[${services.map((service) => serviceJson(service, nowMs)).join(",")}]`,
  };
  return `${object(members)}\n`;
}

function serviceJson(service: ServiceReport, nowMs: number): string {
  const { check, detail, ends, memoryKib, name, now, starts } = service;
  return object({
    name: jsonString(name),
    healthy: `${isHealthy(service)}`,
    state: jsonString(now.state),
    detail: jsonString(detail),
    wanted: `${now.isWanted}`,
    sinceMs: now.ageMs === 0 ? "null" : `${Math.round(nowMs - now.ageMs)}`,
    pid: now.pid === 0 ? "null" : `${now.pid}`,
    starts: `${starts}`,
    memoryBytes: `${memoryKib * 1024}`,
    check: check === undefined ? "null" : jsonString(check === "" ? "passed" : "failed"),
    lastEnd: ends === undefined ? "null" : endJson(ends),
  });
}

function endJson(ends: ServiceEnds): string {
  const { endedMs, failures, isOutOfMemory, last, ranMs } = ends;
  return object({
    code: last.how === "exited" ? `${last.code}` : "null",
    signal: last.how === "killed" ? `${last.signal}` : "null",
    outOfMemory: `${isOutOfMemory}`,
    detail: jsonString(endWords(ends)),
    atMs: `${endedMs}`,
    ranMs: `${ranMs}`,
    failures: `${failures}`,
  });
}

/** @param members names that need no escape, and values in JSON */
function object(members: Readonly<Record<string, string>>): string {
  return `{${Object.entries(members)
    .map(([name, value]) => `"${name}":${value}`)
    .join(",")}}`;
}
