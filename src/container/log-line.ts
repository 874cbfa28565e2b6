import { utcTime } from "../core/utc-time.ts";

/** The format of a container's log. */
export type LogFormat = "plain" | "prefix" | "json";

/** Where a line was printed. */
export type Stream = "stdout" | "stderr";

/** The text around a line. */
export interface Frame {
  readonly before: string;
  readonly after: string;
  /** Whether the line itself becomes a JSON string. */
  readonly isQuoted: boolean;
}

/** The service and stream of a log line. */
export interface Printer {
  /** Without control characters. */
  readonly service: string;
  /** The same as a JSON string. */
  readonly quotedService: string;
  readonly stream: Stream;
}

/** The text around a line of `printer`. @param isPartial whether the line continues in the next one */
export function logFrame(format: LogFormat, printer: Printer, timeMs: number, isPartial: boolean): Frame {
  switch (format) {
    case "plain":
      return { before: "", after: "\n", isQuoted: false };
    case "prefix":
      return { before: `[${printer.service}] `, after: "\n", isQuoted: false };
    case "json": {
      const origin = `"service":${printer.quotedService},"stream":"${printer.stream}"`;
      const before = `{"time":"${utcTime(timeMs)}",${origin},"message":`;
      return { before, after: isPartial ? ',"partial":true}\n' : "}\n", isQuoted: true };
    }
  }
}
