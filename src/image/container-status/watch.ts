// Tested by src/image/container-status/main.test.ts.
import { Checker, type CheckResult } from "../../container/service-checks.ts";
import { SIGNAL } from "../../core/signals.ts";
import type { Linux } from "../../linux/linux.ts";
import { STDIN, STDOUT } from "../../linux/program.ts";
import { Failure } from "../../linux/sys-error.ts";
import { type ContainerReport, look } from "./report.ts";
import { paint, statusLines } from "./table.ts";

/** How often it is redrawn, and how often checks begin at most. */
const INTERVAL_MS = 1000;

const NEVER = Number.POSITIVE_INFINITY;

/** Another screen, without a cursor; and back. @see console_codes(4), XTerm Control Sequences */
const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";
const HOME = "\x1b[H";
const CLEAR_LINE = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";

/**
 * Shows the status each second, until `q`, Ctrl-C or a signal.
 *
 * @returns the exit status
 * @throws Failure as {@link look}, or if there is no terminal
 */
export function watch(linux: Linux, names: readonly string[]): number {
  const mode = linux.getTerminalMode(STDIN);
  // Below zero: it is the terminal of another session.
  const foreground = linux.getForeground(STDIN);
  const isOurs = foreground < 0 || foreground === linux.getGroup();
  if (typeof mode === "number" || !isOurs || !linux.isTerminal(STDOUT)) {
    throw new Failure("--watch needs a terminal, and its foreground: docker exec -it");
  }
  let checks: ReadonlyMap<string, CheckResult> = new Map();
  let report = look(linux, names, checks);
  // Not before the first checks have ended.
  let drawMs = NEVER;
  const checker = new Checker(linux, STDOUT, false, (signal) => {
    if (signal === SIGNAL.SIGWINCH && drawMs !== NEVER) drawMs = 0;
  });
  const { loop, output } = checker;
  linux.setTerminalMode(STDIN, mode, true);
  output.writeLine(ENTER);
  try {
    loop.watch(STDIN, () => {
      const keys = linux.read(STDIN, 64);
      const isOver = typeof keys === "number" || keys === "" || keys.includes("q") || keys.includes("\x03");
      if (isOver) checker.endedBy ??= 0;
    });
    // Also while checks run.
    loop.tendTo(() => {
      if (loop.nowMs < drawMs) return drawMs;
      drawMs = loop.nowMs + INTERVAL_MS;
      report = look(linux, names, checks);
      if (!output.isBehind) output.writeLine(frame(linux, report));
      return drawMs;
    });
    while (checker.endedBy === undefined) {
      const nextMs = loop.nowMs + INTERVAL_MS;
      checks = checker.run(report.progress, report.all);
      if (drawMs === NEVER) drawMs = 0;
      loop.waitUntil(
        () => checker.endedBy !== undefined,
        () => nextMs,
      );
    }
  } finally {
    output.writeLine(LEAVE);
    linux.setTerminalMode(STDIN, mode, false);
  }
  return checker.endedBy === 0 ? 0 : 128 + checker.endedBy;
}

/** What draws as many lines, and as much of each, as there is room for. */
function frame(linux: Linux, report: ContainerReport): string {
  const size = linux.getWindowSize(STDIN);
  const [rows, columns] = typeof size === "number" ? [] : size;
  const lines = statusLines(report);
  const room = rows || lines.length; // some terminals have no size
  const hidden = lines.length - room + 1;
  const more = { text: `${hidden} more lines: make the window higher, or name services`, colour: 33 };
  if (hidden > 1) lines.splice(room - 1, hidden, more);
  let drawn = HOME;
  for (const line of lines)
    drawn += `${drawn === HOME ? "" : "\r\n"}${CLEAR_LINE}${paint(linux, line, columns || undefined)}`;
  // In the last column it would clear the last character.
  return drawn + (lines.length < room ? `\r\n${CLEAR_BELOW}` : "") + HOME;
}
