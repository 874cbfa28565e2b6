// What a long task shows of its work: steps with their times and, at a terminal, one line that moves. scripts/step.sh does
// the same for a command of a shell script.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const STEP = fileURLToPath(new URL("step.sh", import.meta.url));

/** Takes the moving line away. */
export const ERASE = "\r\x1b[K";

/** Whether a line may move on a stream: it is a terminal, and not one of CI. @param {{ isTTY?: boolean }} stream */
export function isTerminal(stream) {
  const { CI = "", TERM = "" } = process.env;
  return stream.isTTY === true && CI === "" && !["", "dumb"].includes(TERM);
}

/** A time for people: `3 s`, `2 min 5 s`. @param {number} ms */
export function duration(ms) {
  const seconds = Math.floor(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/**
 * The bytes that draw the moving line in the place of the former. A line as wide as the terminal would wrap.
 *
 * @param {string} text of which only ASCII is shown: the width of other characters is not known here
 * @param {number | undefined} columns of the terminal
 */
export function movingLine(text, columns) {
  return `\r${text.replace(/[^ -~]/g, "").slice(0, (columns || 80) - 1)}\x1b[K`;
}

/**
 * Runs a command by scripts/step.sh.
 *
 * @param {string} log @param {string} text what is done @param {readonly string[]} words the command
 * @param {number} timeoutMs
 * @throws {Error} if the command fails; step.sh has shown the end of its output
 */
export function runStep(log, text, words, timeoutMs) {
  mkdirSync(dirname(log), { recursive: true });
  const stdio = /** @type {const} */ (["ignore", "inherit", "inherit"]);
  const { status } = spawnSync("sh", [STEP, log, text, ...words], { stdio, timeout: timeoutMs });
  if (status !== 0) throw new Error(`${words.slice(0, 2).join(" ")} failed`);
}

/**
 * Does work in this process, and shows it by scripts/step.sh. The process of step.sh moves the line, as the work lets no
 * other code of this process run. It ends with this process.
 *
 * @template Result
 * @param {string} text what is done @param {() => Result} work
 */
export async function during(text, work) {
  const command = ["sh", "-c", 'read -r status && exit "$status"'];
  const step = spawn("sh", [STEP, "/dev/null", text, ...command], { stdio: ["pipe", "inherit", "inherit"] });
  const ended = once(step, "exit");
  let status = 1;
  try {
    const result = work();
    status = 0;
    return result;
  } finally {
    step.stdin.on("error", () => {}); // it may have ended, by Ctrl-C
    step.stdin.end(`${status}\n`);
    await ended;
  }
}

/** The steps of one task, one after the other, on standard error. */
export class Steps {
  #began = 0;
  #drawn = 0;
  #text = "";
  #isTerminal = isTerminal(process.stderr);

  /** @param {string} task the first word of each line */
  constructor(task) {
    this.task = task;
    if (this.#isTerminal) process.on("exit", () => this.#text !== "" && process.stderr.write(ERASE));
  }

  /** Ends the step before, and begins one. @param {string} text what is done */
  begin(text) {
    this.end();
    this.#began = performance.now();
    this.#text = `${this.task}: ${text}`;
    this.#drawn = Number.NEGATIVE_INFINITY;
    if (this.#isTerminal) this.tick();
    else process.stderr.write(`${this.#text} ...\n`);
  }

  /** Moves the line of the step, at most once a second. */
  tick() {
    const now = performance.now();
    if (!this.#isTerminal || this.#text === "" || now - this.#drawn < 1000) return;
    this.#drawn = now;
    process.stderr.write(movingLine(`${this.#text}: ${duration(now - this.#began)}`, process.stderr.columns));
  }

  /** Ends the step, if there is one: its line and its time stay. */
  end() {
    if (this.#text === "") return;
    const line = `${this.#text}: ${duration(performance.now() - this.#began)}\n`;
    process.stderr.write(`${this.#isTerminal ? ERASE : ""}${line}`);
    this.#text = "";
  }
}
