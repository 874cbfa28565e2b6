// Types the commands of a page at a terminal, and compares what the page shows with what the terminal shows.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { TestContext } from "node:test";
import { cleanUp, image, LOST_LAYER, run } from "./container.ts";
import { type Block, pathOf } from "./page.ts";
import { startAtTerminal, type Terminal } from "./terminal.ts";
import { until } from "./until.ts";

/** A command of a page, at the prompt `$ ` of this machine or `# ` of a container, and the lines below it. */
type Step = { readonly prompt: "$" | "#"; readonly command: string; readonly shown: readonly string[] };

/** The commands of an indented block. Without any prompt, each line is a command of this machine. */
export function stepsOf(text: string): Step[] {
  const lines = text.trimEnd().replaceAll("\\\n", "").split("\n");
  const isCommand = (line: string) => /^[$#] /.test(line);
  if (!lines.some(isCommand)) return lines.map((command) => ({ prompt: "$", command, shown: [] }));
  if (!isCommand(lines[0] ?? "")) throw new Error(`no command in the first line: ${text}`);
  const starts = lines.flatMap((line, index) => (isCommand(line) ? [index] : []));
  return starts.map((start, index) => ({
    prompt: lines[start]?.startsWith("$") ? "$" : "#",
    command: lines[start]?.slice(2) ?? "",
    shown: lines.slice(start + 1, starts[index + 1]),
  }));
}

/** What another run prints otherwise, and the word for it. */
const VARIABLE: readonly (readonly [RegExp, string])[] = [
  [/\b\d{4}-\d\d-\d\d[T_ ]\d\d:\d\d:\d\d(?:[.,]\d+)?Z?/g, "TIME"],
  [/\b[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d\b/g, "TIME"],
  [/\b(?:\d+ (?:h|min) )?\d+(?:\.\d+)? (?:ms|s|min)\b/g, "DURATION"],
  [/(?<=[:)] )\d+s\b/g, "DURATION"],
  [/\b\d+(?:\.\d+)? [KMG]i?B\b/g, "SIZE"],
  [/\b(PID|pid) \d+/g, "$1 PID"],
  [/^(?: +\d+\.\d)+(?= )/g, "TIMES"],
  [/(?<=\w\[)\d+(?=\]: )/g, "PID"],
  [/ +/g, " "],
  [/(?<= DURATION )\d+(?= \d+ SIZE )/g, "PID"],
  [/\b(?:[0-9a-f]{64}|[0-9a-f]{12})\b/g, "ID"],
  [/\b(?:10|172|192)(?:\.\d+){3}\b/g, "ADDRESS"],
  [/\bSHA256:[\w+/]{43}/g, "FINGERPRINT"],
];

function comparable(line: string): string {
  return VARIABLE.reduce((text, [pattern, word]) => text.replace(pattern, word), line).trimEnd();
}

/** Whether the terminal showed the lines of the page. A line `...` of the page stands for any lines. */
export function isShown(page: readonly string[], terminal: readonly string[]): boolean {
  const [first, ...rest] = page;
  if (first === undefined) return terminal.length === 0;
  if (first === "...")
    return Array.from({ length: terminal.length + 1 }, (_, skipped) => terminal.slice(skipped)).some((left) =>
      isShown(rest, left),
    );
  const [line, ...left] = terminal;
  return line !== undefined && comparable(first) === comparable(line) && isShown(rest, left);
}

/** Commands that only look: a person who sees too little looks again, and so does the test. */
const LOOKS = /^docker (?:logs|top|inspect|exec \S+ (?:container_status|container_health|sv status|ps)) ?/;

/** The prompt of this machine has the exit status of the last command between two control characters. */
const HERE = /\x1e(\d+)\x1f$/;
const IN_CONTAINER = /(?:^|[\r\n])(?:\x1b\[\?2004h)?\w+@[\w.-]+:\S*# $/;

/** What was on a line before the shell drew the line again: for a new size of the terminal, its prompt. */
const REDRAWN = /[^\n]*\r\x1b\[K/g;

/** The image's name in pages. */
export const released = `baseimage:${readFileSync("VERSION", "utf8").trim()}`;

/** A shell of this machine, at a terminal, in a directory for the files of the page. */
export class TypedPage {
  readonly #terminal: Terminal;
  readonly #directory: string;
  /** The page's names of images and containers, and the names here. */
  readonly #names: readonly (readonly [page: string, here: string])[];
  readonly #label: string;

  private constructor(
    terminal: Terminal,
    directory: string,
    names: readonly (readonly [page: string, here: string])[],
    label: string,
  ) {
    this.#terminal = terminal;
    this.#directory = directory;
    this.#names = names;
    this.#label = label;
  }

  /** Starts the shell. Containers that the blocks leave behind are removed when `t` ends. @param bases other images */
  static async open(
    t: TestContext,
    blocks: readonly Block[],
    bases: Readonly<Record<string, string>> = {},
  ): Promise<TypedPage> {
    count += 1;
    const label = `baseimage-test-page-${process.pid}-${count}`;
    const directory = mkdtempSync(join(tmpdir(), "baseimage-test-"));
    mkdirSync(join(directory, "page"));
    const made = namesMadeBy(blocks);
    const names = [
      ...Object.entries({ [`${released}-overlay`]: `${image}-overlay`, [released]: image, ...bases }),
      ...made.map((name) => [name, `${name}-${process.pid}-${count}`] as const),
    ];
    cleanUp(t, async () => {
      const { stdout } = await run(["ps", "--all", "--quiet", "--filter", `label=${label}`]);
      const left = stdout.split("\n").filter((id) => id !== "");
      if (left.length > 0) await run(["rm", "--force", "--volumes", ...left]);
      images.push(...made.map((each) => here(names, each)));
      rmSync(directory, { recursive: true, force: true });
    });
    const terminal = startAtTerminal(t, ["bash", "--norc", "--noprofile", "--noediting"]);
    const variables = `PATH=${resolve("build/bin")}:$PATH XDG_STATE_HOME=${directory}/state`;
    terminal.type(`stty -echo cols 160 rows 50; unset PROMPT_COMMAND HISTFILE; export ${variables}\n`);
    terminal.type(`cd ${directory}/page; PS1=$'\\x1e$?\\x1f'\n`);
    await terminal.waitFor(HERE);
    return new TypedPage(terminal, `${directory}/page`, names, label);
  }

  /** Makes the file of a block with a fence, or types the commands of an indented block. */
  async block({ language, text }: Block): Promise<void> {
    if (language === "indented") for (const step of stepsOf(text)) await this.#step(step);
    else this.#write(language === "Dockerfile" ? "Dockerfile" : pathOf(text), text);
  }

  /** Asserts that the page has removed the containers that it started. */
  async close(): Promise<void> {
    const isEmpty = async () => {
      const { stdout } = await run(["ps", "--all", "--filter", `label=${this.#label}`, "--format", "{{.Status}}"]);
      if (/^Up/m.test(stdout)) throw new Error("the page does not stop all its containers");
      return stdout === "";
    };
    await until(isEmpty, "the page removes its containers", 30_000, 100);
  }

  #write(path: string | undefined, text: string): void {
    if (path === undefined) throw new Error(`this block has no path of a file in its first lines:\n${text}`);
    const file = join(this.#directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, here(this.#names, text), { mode: text.startsWith("#!") ? 0o755 : 0o644 });
  }

  async #step({ prompt, command, shown }: Step): Promise<void> {
    if ((prompt === "$") !== HERE.test(this.#terminal.output))
      throw new Error(`another shell has the terminal: ${command}`);
    const end = performance.now() + 60_000;
    for (;;) {
      const { lines, status } = await this.#typed(command, prompt);
      const wrong =
        shown.length > 0 && !isShown(shown, lines)
          ? `the page shows:\n${shown.join("\n")}`
          : status > 0 && shown.length === 0
            ? `exit status ${status}`
            : undefined;
      if (wrong === undefined) return;
      const isLater = (LOOKS.test(command) || LOST_LAYER.test(lines.join("\n"))) && performance.now() < end;
      if (!isLater) throw new Error(`${command}\n${wrong}\nthe terminal shows:\n${lines.join("\n")}`);
      await new Promise((done) => setTimeout(done, 200));
    }
  }

  /** Types a command. @returns the lines of its output, with the page's names, and the exit status if it is known */
  async #typed(command: string, prompt: "$" | "#"): Promise<{ lines: string[]; status: number }> {
    const before = this.#terminal.output.length;
    this.#terminal.type(`${this.#command(command)}\n`);
    // The shell of a container echoes what is typed, after a prompt that it may draw again when the terminal's size is set.
    const echo = prompt === "#" ? "\\r\\n[^]*?" : "";
    const prompts = new RegExp(`${echo}(?:${HERE.source}|${IN_CONTAINER.source})`);
    await this.#terminal.waitFor(prompts, 300_000, before);
    const output = this.#terminal.output.slice(before);
    const status = Number(HERE.exec(output)?.[1] ?? 0);
    const text = (prompt === "#" ? output.slice(output.indexOf("\r\n") + 2) : output)
      .replace(REDRAWN, "")
      .replace(HERE, "\n")
      .replace(IN_CONTAINER, "\n")
      .replace(/\x1b\[[\d;?]*[a-zA-Z]/g, "")
      .replaceAll("\r", "")
      .trimEnd();
    return { lines: text === "" ? [] : page(this.#names, text).split("\n"), status };
  }

  #command(command: string): string {
    const named = here(this.#names, command).replace(/\bdocker run /g, `docker run --label ${this.#label} `);
    return process.getuid?.() === 0 ? named.replace(/^sudo /, "") : named;
  }
}
let count = 0;

/** What pages have built. While it is there, another page that begins with the same lines builds them from the cache. */
const images: string[] = [];

/** Removes the images that pages have built. To be called after the last page. */
export async function removeImages(): Promise<void> {
  for (const name of images.splice(0)) await run(["rmi", "--force", name]);
}

/** The names that commands of the page give. */
function namesMadeBy(blocks: readonly Block[]): string[] {
  const given = blocks
    .filter(({ language, notTyped }) => language === "indented" && notTyped === undefined)
    .flatMap(({ text }) => [...text.matchAll(/(?: --name | build -t )([a-z][\w-]*)/g)]);
  return [...new Set(given.map(([, name = ""]) => name))];
}

function here(names: readonly (readonly [page: string, here: string])[], text: string): string {
  return names.reduce((all, [page, name]) => all.replace(word(page), name), text);
}

function page(names: readonly (readonly [page: string, here: string])[], text: string): string {
  return names.reduce((all, [page, name]) => all.replaceAll(name, page), text);
}

function word(name: string): RegExp {
  return new RegExp(`(?<![\\w./-])${name}(?![\\w-])`, "g");
}
