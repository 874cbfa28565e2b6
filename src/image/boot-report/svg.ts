import { type PhaseRecord, type Step, totalMs } from "../../container/phase-record.ts";

/** Pixels. */
const WIDTH = 960;
const MARGIN = 24;
const TOP = 84;
const ROW = 26;
const BAR = 16;
/** The room for a name at the right of a bar that begins late. */
const NAME_ROOM = 300;

/** The most lines of the grid. */
const MAX_TICKS = 10;

/** A picture: a bar for each step, on a scale of milliseconds. */
export function reportSvg(record: PhaseRecord): string {
  const total = Math.max(totalMs(record), 0.1);
  const height = TOP + record.steps.length * ROW + MARGIN;
  const x = (time: number) => (MARGIN + (time / total) * (WIDTH - 2 * MARGIN - NAME_ROOM)).toFixed(1);
  const killed = new Set(record.killed.map(({ step }) => step));
  const rows = record.steps.map((step, index) => row(step, kindOf(step, killed), TOP + index * ROW, x));
  const title = `${record.phase === "boot" ? "Boot" : "Shutdown"}: ${total.toFixed(1)} ms`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}">
<style>
text { font: 13px system-ui, sans-serif; fill: #1f2933 }
.title { font-size: 18px; font-weight: 600 }
.faint, .tick { fill: #7b8794 }
.tick { font-size: 11px }
line { stroke: #e4e7eb }
.own { fill: #627d98 }
.script { fill: #2bb0ed }
.long { fill: #f0b429 }
.killed { fill: #ef4e4e }
</style>
<rect width="100%" height="100%" fill="#fff"/>
<text class="title" x="${MARGIN}" y="34">${title}</text>
${grid(total, height, x)}
${rows.join("\n")}
</svg>
`;
}

function row({ name, startMs, endMs }: Step, kind: string, y: number, x: (time: number) => string): string {
  const took = endMs - startMs;
  const width = Math.max(1.5, Number(x(endMs)) - Number(x(startMs)));
  const nameX = Number(x(startMs)) + width + 8;
  return `<rect class="${kind}" x="${x(startMs)}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="3"/>
<text x="${nameX.toFixed(1)}" y="${y + 12.5}">${escaped(name)} <tspan class="faint">${took.toFixed(1)} ms</tspan></text>`;
}

/** A script or service that takes longer than this is worth a look. */
const LONG_MS = 1000;

/** The bar's class in the style sheet. */
function kindOf(step: Step, killed: ReadonlySet<string>): string {
  if (killed.has(step.name)) return "killed";
  if (!step.name.startsWith("/") && !step.name.startsWith("service ")) return "own";
  return step.endMs - step.startMs >= LONG_MS ? "long" : "script";
}

function grid(total: number, height: number, x: (time: number) => string): string {
  const step = niceStep(total / MAX_TICKS);
  const lines: string[] = [];
  for (let time = 0; time <= total; time += step) {
    lines.push(
      `<line x1="${x(time)}" x2="${x(time)}" y1="${TOP - 12}" y2="${height - MARGIN / 2}"/>` +
        `<text class="tick" x="${x(time)}" y="${TOP - 18}" text-anchor="middle">${Number(time.toFixed(2))}</text>`,
    );
  }
  return lines.join("\n");
}

/** The least of 1, 2, 5, 10, 20 ... (and 0.1, 0.2, 0.5) that is not below `least`. */
function niceStep(least: number): number {
  for (let unit = 0.01; ; unit *= 10) {
    for (const factor of [1, 2, 5]) if (unit * factor >= least) return unit * factor;
  }
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
