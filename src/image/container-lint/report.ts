import { jsonString } from "../../container/env-export.ts";
import { printable } from "../../core/printable.ts";

/** A mistake, or a known trap. The words are part of --json. */
export interface Finding {
  /** `error`: the boot fails, or a file has not the effect that it is there for. */
  readonly level: "error" | "warning";
  /** The name of the check. */
  readonly check: string;
  readonly path: string;
  /** The number of the line, from 1; undefined: the file as a whole. */
  readonly line: number | undefined;
  /** What is wrong, and what to do. */
  readonly reason: string;
}

/** A line for each finding; or all as one line of JSON. @see docs/reference/container_lint.md */
export function report(findings: readonly Finding[], errors: number, isJson: boolean): string {
  const lines = findings.map(({ check, level, line, path, reason }) =>
    isJson
      ? `{"level":"${level}","check":"${check}","path":${jsonString(path)},"line":${line ?? null},` +
        `"detail":${jsonString(reason)}}`
      : `${printable(`${level}: ${path}${line === undefined ? "" : `, line ${line}`}: ${reason}`)}\n`,
  );
  if (!isJson) return lines.join("");
  return `{"errors":${errors},"warnings":${lines.length - errors},"findings":[${lines.join(",")}]}\n`;
}
