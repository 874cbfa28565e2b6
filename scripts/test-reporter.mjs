// The report of `node --test` for scripts/test.mjs: a line for each file, each failure as soon as it is known, skipped tests,
// and the totals. At a terminal, a line below moves: the time, and which test of which file runs.
import { relative } from "node:path";
import { inspect } from "node:util";
import { duration, ERASE, isTerminal, movingLine } from "./progress.mjs";

const STATUS_INTERRUPTED = 130; // 128 + SIGINT
const TICK_MS = 1000;
/** Nobody reads a line that changes more often. */
const DRAW_MS = 100;
/** How lines begin: at a terminal, and elsewhere as in TAP, which programs read. */
const MARKS = { good: "✔", bad: "✖", skipped: "﹣", note: "ℹ" };
const PLAIN_MARKS = { good: "ok", bad: "not ok", skipped: "ok", note: "#" };
/** The reason of a skip by --test-name-pattern. */
const NOT_CHOSEN = "test name does not match pattern";

/** @param {AsyncIterable<any>} source the events of node:test @returns {AsyncGenerator<string>} */
export default async function* reportTests(source) {
  const erase = isTerminal(process.stdout) ? ERASE : "";
  const report = new Report(erase ? MARKS : PLAIN_MARKS);
  const showInterruption = () => process.stdout.write(`${erase}interrupted: ${report.state}\n`);
  // At Ctrl-C, Node goes on until the report is complete. The test that Ctrl-C has ended could be a failure there.
  const endAtOnce = () => process.exit(STATUS_INTERRUPTED);
  process.on("exit", showInterruption);
  process.on("SIGINT", endAtOnce);
  yield* erase ? movingReport(report, source) : plainReport(report, source);
  process.off("SIGINT", endAtOnce);
  process.off("exit", showInterruption);
  yield erase + report.end();
}

/** @param {Report} report @param {AsyncIterable<any>} source */
async function* plainReport(report, source) {
  for await (const event of source) yield report.take(event);
}

/** @param {Report} report @param {AsyncIterable<any>} source */
async function* movingReport(report, source) {
  let drawnMs = 0;
  for await (const event of withTicks(source)) {
    const text = event === undefined ? "" : report.take(event);
    const nowMs = performance.now();
    if (text === "" && nowMs - drawnMs < DRAW_MS) continue;
    drawnMs = nowMs;
    yield ERASE + text.replace(/[^\n]$/, "$&\n") + movingLine(report.state, process.stdout.columns);
  }
}

/** The events, and `undefined` when there was none for a while. @param {AsyncIterable<any>} source */
async function* withTicks(source) {
  const events = source[Symbol.asyncIterator]();
  let next = events.next();
  for (;;) {
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const tick = new Promise((done) => {
      timer = setTimeout(done, TICK_MS);
    });
    const result = await Promise.race([next, tick]);
    clearTimeout(timer);
    if (result?.done) return;
    yield result?.value;
    if (result) next = events.next();
  }
}

/** @param {string} path of a test file, or of its bundle in build/tests */
function nameOf(path) {
  return relative(".", path)
    .replace(/^build\/tests\//, "")
    .replace(/\.mjs$/, ".ts");
}

/** @param {number} ms */
function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** What is known of the run. Node reports the results of one file after the other, even if several run at a time. */
class Report {
  #marks;
  #beganMs = performance.now();
  /** @type {Map<string, ReturnType<typeof newFile>>} */
  #files = new Map();
  /** @type {Set<string>} */
  #filesDone = new Set();
  /** The file whose results come. */
  #name = "";
  /** The file of the newest event. */
  #busy = "";
  /** The titles of the test and of those that it is a subtest of. @type {string[]} */
  #titles = [];
  /** @type {string[]} */
  #failures = [];

  /** @param {typeof MARKS} marks */
  constructor(marks) {
    this.#marks = marks;
  }

  /** What is done now. */
  get state() {
    const { known, done, title } = this.#files.get(this.#busy) ?? newFile();
    const failed = this.#failures.length > 0 ? `, ${this.#failures.length} failed` : "";
    const at = Math.min(this.#filesDone.size + 1, this.#files.size);
    const name = this.#busy && `, ${this.#busy}`;
    const test = title && `, test ${Math.min(done + 1, known)} of ${known}: ${title}`;
    return `tests: ${this.#elapsed}${failed}, file ${at} of ${this.#files.size}${name}${test}`;
  }

  get #elapsed() {
    return duration(performance.now() - this.#beganMs);
  }

  /** @param {string} name */
  #file(name) {
    const file = this.#files.get(name) ?? newFile();
    this.#files.set(name, file);
    return file;
  }

  /** Takes an event. @param {any} event @returns {string} the lines to print */
  take({ type, data }) {
    if (type === "test:stdout" || type === "test:stderr") return data.message;
    if (type === "test:diagnostic")
      return `${this.#marks.note} ${data.file ? `${this.#title(data)}: ` : ""}${data.message}\n`;
    if (type === "test:plan" && data.nesting === 0) return this.#change("");
    if (data.name === undefined) return "";
    const name = nameOf(data.file ?? data.name);
    // Each bundle is a test too: its name is its path.
    const isFile = name === nameOf(data.name);
    const file = this.#file(name);
    if (type === "test:dequeue") this.#busy = name;
    if (type === "test:fail") return this.#change(name) + this.#fail(data, file);
    if (isFile) return this.#endsFile(type, name) ? this.#change("") : "";
    if (type === "test:enqueue") file.known++;
    if (type === "test:dequeue") file.title = data.name;
    if (type === "test:start") this.#titles[data.nesting] = data.name;
    return type === "test:pass" ? this.#change(name) + this.#pass(data, file) : "";
  }

  /**
   * Whether the event of a file tells that all results of the file before have come. Node 18 has no event for the end of
   * a file: the start of another one must do.
   *
   * @param {string} type @param {string} name
   */
  #endsFile(type, name) {
    const { done, known } = this.#files.get(this.#name) ?? newFile();
    return done === known && (type === "test:complete" ? name === this.#name : type === "test:dequeue");
  }

  /** The failures again, each in one line, and the time. */
  end() {
    const failures = this.#failures.map((line) => `${this.#marks.bad} ${line}\n`).join("");
    return `${failures && `failing tests:\n${failures}`}tests: ${this.#elapsed}\n`;
  }

  /** @param {any} data @param {ReturnType<typeof newFile>} file */
  #pass(data, file) {
    count(data, file);
    if (data.skip === NOT_CHOSEN) return "";
    const title = this.#title(data);
    if (data.skip !== undefined)
      return `${this.#marks.skipped} ${title}: skipped${typeof data.skip === "string" ? `, ${data.skip}` : ""}\n`;
    // A person who runs one file looks at its tests.
    return this.#files.size > 1 || data.details.type === "suite"
      ? ""
      : `${this.#marks.good} ${title}: ${seconds(data.details.duration_ms)}\n`;
  }

  /** @param {any} data @param {ReturnType<typeof newFile>} file */
  #fail(data, file) {
    count(data, file);
    const { error } = data.details;
    if (error.failureType === "subtestsFailed") return "";
    file.failed++;
    const line = `${this.#name}${data.line === undefined ? "" : `:${data.line}`}: ${this.#title(data)}`;
    this.#failures.push(line);
    // Without an error of its own, the test ended in another way: `error` tells how.
    const details = inspect(error.cause instanceof Error ? error.cause : error, { breakLength: Infinity });
    return `${this.#marks.bad} ${line}\n${details.replace(/^/gm, "  ")}\n`;
  }

  /** @param {{ nesting: number, name?: string }} data */
  #title({ nesting, name }) {
    return [...this.#titles.slice(0, nesting), name ?? this.#titles[nesting]].join(" > ");
  }

  /** Ends the file of the results before, if these are another's. @param {string} name */
  #change(name) {
    const before = this.#name;
    this.#name = name;
    if (before === name || before === "") return "";
    this.#filesDone.add(before);
    if (this.#busy === before) this.#busy = "";
    const { tests, failed, skipped, ms } = this.#file(before);
    if (tests + skipped === 0) return "";
    const parts = [
      tests === 1 ? "1 test" : `${tests} tests`,
      failed > 0 ? `${failed} failed` : "",
      skipped > 0 ? `${skipped} skipped` : "",
    ];
    const words = parts.filter((part) => part !== "").join(", ");
    return `${failed > 0 ? this.#marks.bad : this.#marks.good} ${before}: ${words}, ${seconds(ms)}\n`;
  }
}

/** What is known of a file: all its tests, also groups of them; the tests that ran; the newest title. */
function newFile() {
  return { known: 0, done: 0, tests: 0, failed: 0, skipped: 0, ms: 0, title: "" };
}

/** Counts a result. @param {any} data @param {ReturnType<typeof newFile>} file */
function count({ skip, nesting, details }, file) {
  file.done++;
  if (nesting === 0) file.ms += details.duration_ms;
  if (details.type === "suite" || skip === NOT_CHOSEN) return;
  if (skip === undefined) file.tests++;
  else file.skipped++;
}
