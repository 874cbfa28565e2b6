import { jsonString } from "../../container/env-export.ts";
import type { Fault } from "../../container/fault.ts";
import { printable } from "../../core/printable.ts";

/** A mistake, or a known trap. The words are part of --json. */
export interface Finding extends Fault {
  /** `error`: the boot fails, or a file has not the effect that it is there for. */
  readonly level: "error" | "warning";
  /** The name of the check. */
  readonly check: string;
}

/** Whether a finding is an error. */
export function isError({ level }: Finding): boolean {
  return level === "error";
}

/** A line for each finding. */
export function reportLines(findings: readonly Finding[]): string {
  return findings
    .map(({ level, line, path, reason }) => {
      const place = line === undefined ? path : `${path}, line ${line}`;
      return `${printable(`${level}: ${place}: ${reason}`)}\n`;
    })
    .join("");
}

/** All findings as one line of JSON. @see docs/reference/container_lint.md */
export function reportJson(findings: readonly Finding[]): string {
  const errors = findings.filter(isError).length;
  const rows = findings.map(
    ({ check, level, line, path, reason }) =>
      `{"level":"${level}","check":"${check}","path":${jsonString(path)},"line":${line ?? null},` +
      `"detail":${jsonString(reason)}}`,
  );
  return `{"errors":${errors},"warnings":${findings.length - errors},"findings":[${rows.join(",")}]}\n`;
}
