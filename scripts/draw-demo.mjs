// Draws docs/demo.svg: what `make run` shows at a terminal, from a real run, up to the stop of the container. Each line
// appears when the run printed it. After a change of scripts/demo.sh: node scripts/draw-demo.mjs > docs/demo.svg
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { drawTerminal } from "./draw-terminal.mjs";

/** @import { TerminalLine } from "./draw-terminal.mjs" */

const root = fileURLToPath(new URL("..", import.meta.url));
/** The last line that the picture shows begins so. */
const LAST = "stopped in ";
/** A reader needs this long for a line, even if the container is faster. */
const READING_MS = 350;
const TITLE_MS = 900;

/** @param {string} text */
function colourOf(text) {
  if (text.startsWith("== ")) return 1;
  if (text.includes("*** ")) return 2;
  if (text.startsWith("$ ")) return 33;
  return text.startsWith("  | ") ? 32 : 0;
}

/** Runs the demonstration. @returns {Promise<TerminalLine[]>} */
async function record() {
  const demo = spawn("sh", ["scripts/demo.sh"], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  /** @type {TerminalLine[]} */
  const lines = [];
  let beganMs = 0;
  let isOver = false;
  for await (const text of createInterface(demo.stdout)) {
    const nowMs = performance.now();
    beganMs ||= nowMs;
    const last = lines.at(-1)?.atMs;
    const soonestMs =
      last === undefined ? 0 : last + (text.startsWith("== ") ? TITLE_MS : text === "" ? 0 : READING_MS);
    if (!isOver) lines.push({ text, colour: colourOf(text), atMs: Math.max(soonestMs, nowMs - beganMs) });
    isOver ||= text.startsWith(LAST);
  }
  if (!isOver) throw new Error(`the demonstration did not print "${LAST}"`);
  return lines.slice(lines[0]?.text === "" ? 1 : 0);
}

process.stdout.write(drawTerminal("A container boots, heals and stops", await record()));
