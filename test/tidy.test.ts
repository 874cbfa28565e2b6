// This repository's own rules that neither the compiler nor Biome can check.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { test } from "node:test";
import { TOOLS } from "../scripts/release/contents.mjs";
import { pagePaths } from "../scripts/tool-pages.mjs";
import { imagePrograms } from "./support/image-programs.ts";
import { anchors, blocks, chapters } from "./support/page.ts";

/** What is or would be committed. */
const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], { encoding: "utf8" })
  .split("\0")
  .filter((file) => file !== "" && existsSync(file) && statSync(file).isFile());
const shipped = files.filter((file) => file.startsWith("src/") && file.endsWith(".ts") && !file.endsWith(".test.ts"));

function read(file: string): string {
  return readFileSync(file, "utf8");
}

/** The text between two marks, both left out. */
function between(text: string, from: string, to: string): string {
  const start = text.indexOf(from) + from.length;
  assert.ok(start >= from.length, `no ${from}`);
  return text.slice(start, text.indexOf(to, start));
}

/** The names by which src/host/main.ts chooses a program. */
const hostPrograms = [...read("src/host/main.ts").matchAll(/^ {2}\["([\w-]+)", \w+\],$/gm)]
  .map(([, name]) => name)
  .sort();

const ports = [
  { port: "src/linux/linux.ts", start: "export interface Linux {", table: "native/linux.c", least: 40 },
  { port: "src/host/host.ts", start: "export interface Host extends Linux {", table: "native/host.c", least: 4 },
];
/** The type of a parameter for each letter of native/native.h. */
const typeOfLetter: Readonly<Record<string, string>> = {
  n: "number",
  f: "boolean",
  t: "string",
  b: "string",
  w: "readonly string[]",
  a: "readonly number[]",
};
for (const { port, start, table, least } of ports) {
  test(`${table} has the methods of ${port}, with arguments of the same types`, () => {
    const lines = between(read(port), start, "\n}\n").replace(/\/\*[\s\S]*?\*\//g, "");
    const methods = [...lines.matchAll(/^ {2}(\w+)\(([^)]*)\):/gm)].map(([, name, parameters = ""]) => {
      const types = [...parameters.matchAll(/\w+: ([^,]+)/g)].map(([, type]) => type?.trim());
      return `${name}(${types.join(", ")})`;
    });
    const rows = between(read(table), "#define METHODS(CALL, OWN)", "/* clang-format on */");
    const entries = [...rows.matchAll(/^ {4}(?:CALL|OWN)\((\w+), "(\w*)", /gm)].map(
      ([, name, letters = ""]) => `${name}(${[...letters].map((letter) => typeOfLetter[letter]).join(", ")})`,
    );
    assert.ok(methods.length >= least);
    assert.deepEqual(entries.sort(), methods.sort());
  });
}

test("native/linux.c and src/linux/linux.ts have the same bits for spawn", () => {
  const numbers = (text: string) => [...text.matchAll(/[:=] (\d+)/g)].map(([, number]) => number);
  const bits = numbers(between(read("src/linux/linux.ts"), "export const SPAWN = {", "} as const"));
  assert.ok(bits.length >= 4);
  assert.deepEqual(numbers(between(read("native/linux.c"), "enum { SPAWN_SESSION", "}")), bits);
});

/** The names in each shell loop over programs that `pattern` finds, put behind its second group. */
function loopPaths(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].flatMap(([, names = "", directory = ""]) =>
    names.split(" ").map((name) => directory + name),
  );
}

test("the Dockerfile makes a link for each program of the image's binary, also in a /sbin of its own", () => {
  const steps = between(read("Dockerfile"), "COPY --from=binary /out/bin/baseimage ", "--version\n");
  const links = [
    ...loopPaths(steps, /for program in ([^;]+); do ln -s \S+ "([^"]+)\$program"/g),
    ...[...steps.matchAll(/&& ln -s \S+ (\S+)/g)].map(([, path]) => path),
  ];
  const paths = Object.values(imagePrograms);
  assert.deepEqual(["/usr/sbin/my_init", ...links].sort(), [...paths].sort());
  const inSbin = loopPaths(steps, /for program in ([^;]+); do \\\n()/g).map((name) => `/usr/sbin/${name}`);
  assert.deepEqual(inSbin.sort(), paths.filter((path) => path.startsWith("/usr/sbin/")).sort());
});

test("the overlay has the same programs", () => {
  const lines = read("image/overlay.sh").replaceAll("\\\n", " ");
  const names = (sign: string) =>
    [...lines.matchAll(/for program in ([^;]+); do\s+ln -s (\S+)/g)]
      .filter(([, , target]) => target === sign)
      .flatMap(([, programs = ""]) => programs.trim().split(/\s+/))
      .sort();
  const wanted = (isOwn: boolean) =>
    Object.entries(imagePrograms)
      .filter(([, path]) => path.startsWith("/usr/lib/") === isOwn)
      .map(([name]) => name)
      .sort();
  assert.deepEqual(names("../lib/baseimage/my_init"), wanted(false));
  assert.deepEqual(names("my_init"), wanted(true));
});

test("src/image has a directory for each program of the image's binary, and src/host for each of the host's", () => {
  const directories = (floor: string) =>
    shipped.flatMap((file) => file.match(`^src/${floor}/([^/]+)/main\\.ts$`)?.[1] ?? []).sort();
  const names = Object.keys(imagePrograms).map((name) => name.replaceAll("_", "-"));
  assert.deepEqual(directories("image"), [...names, "service-check", "service-finish", "service-run"].sort());
  assert.deepEqual(directories("host"), hostPrograms);
});

test("the programs for the host are linked by the build, installed, and released with their pages, each by its name", () => {
  const links = [...read("scripts/build-image.sh").matchAll(/ln -sf host-tools "\$products\/bin\/([^"]+)"/g)];
  assert.deepEqual(links.map(([, name]) => name).sort(), hostPrograms);
  assert.deepEqual(between(read("install-tools.sh"), '\nprograms="', '"').split(" ").sort(), hostPrograms);
  const pages = hostPrograms.flatMap((name) => Object.values(pagePaths(name ?? "")));
  const released = Object.keys(TOOLS).filter((path) => path.startsWith("share/") && !path.includes("insecure_key"));
  assert.deepEqual(released.sort(), pages.sort());
});

test("each program that is not only for my_init has a page, except for sv, which is runit's, and a link to it in the README", () => {
  const paths = Object.entries(imagePrograms).filter(
    ([, path]) => !path.startsWith("/usr/lib/") && path !== imagePrograms.sv,
  );
  for (const name of [...paths.map(([program]) => program), ...hostPrograms]) {
    assert.ok(read("README.md").includes(`(docs/reference/${name}.md)`), `${name} is not in the README`);
  }
});

test("the picture of container_status is what the shipped code prints", () => {
  const drawn = execFileSync("node", ["scripts/draw-status.mjs"], { encoding: "utf8" });
  assert.equal(drawn, read("docs/container_status.svg"), "node scripts/draw-status.mjs > docs/container_status.svg");
});

test("shipped code is ASCII: a string literal is bytes", () => {
  for (const file of [...shipped, ...files.filter((name) => /^native\/.*\.[ch]$/.test(name))]) {
    const odd = read(file)
      .split("\n")
      .findIndex((line) => /[^\t -~]/.test(line));
    assert.equal(odd, -1, `${file}:${odd + 1}`);
  }
});

/** Source without comments, the text of strings and templates, and with each regular expression as REGEXP. */
function codeOf(source: string): string {
  const token =
    /(\/\*[\s\S]*?\*\/|\/\/[^\n]*)|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\$]|\\[\s\S]|\$(?!\{)|\$\{[^`}]*\})*`)|([(,=:[!&|?{;+*%<>~^]\s*|\breturn\s+|\bcase\s+)\/(?![*/])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/g;
  return source.replace(token, (_all, comment?: string, text?: string, before?: string) =>
    comment !== undefined ? "" : text !== undefined ? '""' : `${before ?? ""}REGEXP`,
  );
}

test("codeOf() finds regular expressions and leaves divisions, comments and strings alone", () => {
  assert.equal(codeOf("const x = /a[/]b\\//g;"), "const x = REGEXP;");
  assert.equal(codeOf("f(/x/, a / b / c) // /no/\n"), "f(REGEXP, a / b / c) \n");
  assert.equal(codeOf("return /x/.test(y)"), "return REGEXP.test(y)");
  assert.equal(codeOf("f(`a/${b}/c`, d)"), 'f("", d)');
  assert.equal(codeOf('/* /x/ */ g("= /x/")'), ' g("")');
});

test("shipped code uses nothing of the language that QuickJS is built without", () => {
  // The compiler knows it from ES2023; native/main.c and native/no-math.c leave it out.
  const missing =
    /\*\*|\b(?:Math\.(?!(?:abs|ceil|floor|imul|max|min|round)\b)\w+|REGEXP|RegExp|JSON|Date|Promise|Proxy|async|await|Intl|Atomics|WeakRef|FinalizationRegistry|DataView|(?:Shared)?ArrayBuffer|[A-Z]\w+Array(?=[.<(])|eval|import\(|localeCompare)\b|\.(?:match|matchAll|search)\(/;
  for (const file of shipped) {
    for (const [index, line] of codeOf(read(file)).split("\n").entries()) {
      assert.equal(missing.exec(line)?.[0], undefined, `${file}, about line ${index + 1}: ${line.trim()}`);
    }
  }
});

test("a shipped class extends an error or nothing: scripts/bundle.mjs makes private names plain ones", () => {
  for (const file of shipped) {
    for (const [, base = ""] of read(file).matchAll(/\bclass \w+ extends (\w+)/g)) {
      assert.ok(["Error", "Failure"].includes(base), `${file}: extends ${base}`);
    }
  }
});

test("every file of src exports something and says in a doc comment what it is", () => {
  for (const file of shipped) assert.match(read(file), /\*\/\nexport /, file);
});

test("every text file ends with one newline and has no trailing blanks, no CR", () => {
  for (const file of files) {
    const bytes = readFileSync(file);
    if (bytes.includes(0) || bytes.length === 0) continue;
    const text = bytes.toString("latin1");
    if (file.includes("/container_environment/")) continue; // the content is the value
    assert.ok(text.endsWith("\n") && !text.endsWith("\n\n"), `${file} ends oddly`);
    for (const [index, line] of text.split("\n").entries()) {
      assert.ok(!/[ \t\r]$/.test(line), `${file}:${index + 1} ends with a blank`);
    }
  }
});

test("a file is executable if and only if it begins with #!", () => {
  for (const file of files) {
    const isExecutable = (statSync(file).mode & 0o111) !== 0;
    assert.equal(isExecutable, read(file).startsWith("#!"), file);
  }
});

test("no file of my-init has more than 200 lines", () => {
  const long = shipped.filter((file) => file.includes("/my-init/") && read(file).split("\n").length > 201);
  assert.deepEqual(long, []);
});

test("no file is large, built or downloaded", () => {
  for (const file of files) {
    assert.ok(statSync(file).size < 200_000, `${file} is large`);
    assert.ok(!/(^|\/)(node_modules|build)\/|\.(o|a|so|zip|tar|gz|orig|rej|log)$/.test(file), file);
  }
});

test("no file names a directory of the machine that it was written on", () => {
  const here = process.cwd();
  const home = process.env["HOME"] ?? "/root";
  const paths = [here.split("/").length > 2 ? here : "", home.split("/").length > 2 ? home : ""].filter(
    (path) => path !== "",
  );
  for (const file of files) {
    for (const path of paths) assert.ok(!read(file).includes(`${path}/`), `${file} names ${path}`);
  }
});

test("no file holds the address of an archive: apt and debootstrap know theirs", () => {
  const address = /\b(?:deb|ftp|security|archive|ports|snapshot)\.(?:debian|ubuntu)\.(?:org|com)\b/;
  const host = ["deb", "debian", "org"].join(".");
  assert.match(`http://${host}/debian`, address);
  for (const file of files) assert.doesNotMatch(read(file), address, file);
});

test("files that texts and comments name are there", () => {
  const made = ["NOTES.md", "image/configure/NAME.sh"];
  const pages = new Set([...files.map((file) => file.slice(file.lastIndexOf("/") + 1)), ...made]);
  const directories = "docs|src|test|native|scripts|image|rootfs|bench|examples";
  const paths = new RegExp(`(?<![\\w/.$}{-])((?:${directories})/[\\w./-]+\\.[a-z]\\w*)`, "g");
  for (const file of files) {
    const text = read(file);
    for (const [, path = ""] of text.matchAll(paths))
      assert.ok(existsSync(path) || made.includes(path), `${file} names ${path}`);
    for (const [page] of text.matchAll(/\b[\w.-]+\.md\b/g)) assert.ok(pages.has(page), `${file} names ${page}`);
    for (const [, number = ""] of text.matchAll(/\badr\/(\d{4})(?!\d)/g)) {
      const record = `docs/adr/${number}-`;
      assert.ok(
        files.some((name) => name.startsWith(record)),
        `${file} names ${record}`,
      );
    }
    if (!file.endsWith(".md")) continue;
    const directory = file.includes("/") ? file.slice(0, file.lastIndexOf("/") + 1) : "";
    for (const [, target = "", anchor] of text.matchAll(/\]\(([^)#:\s]*)(?:#([^)\s]*))?\)/g)) {
      const path = target === "" ? file : directory + target;
      assert.ok(existsSync(path), `${file} links to ${target}`);
      if (anchor === undefined) continue;
      assert.ok(anchors(read(path)).has(decodeURI(anchor)), `${file} links to ${target}#${anchor}`);
    }
  }
});

/** The chapters of each page of docs/reference. */
const PARTS = ["What it is for", "Example", "Options, files and behaviour", "Limits", "See also"];

test("each page of docs/reference has the same five parts, in the same order, and no part is empty", () => {
  const pages = files.filter((name) => name.startsWith("docs/reference/"));
  assert.ok(pages.length >= 18);
  for (const file of pages) {
    const [top, ...parts] = chapters(read(file));
    const titles = parts.map(({ title }) => title);
    assert.deepEqual(titles, PARTS, file);
    assert.equal(top?.text.trim(), "", `${file}: a text above the first part`);
    const empty = parts.filter(({ text }) => text.trim() === "").map(({ title }) => title);
    assert.deepEqual(empty, [], file);
  }
});

test("docs/README.md lists each page of docs", () => {
  const map = read("docs/README.md");
  const pages = files.filter((name) => /^docs\/.*\.md$/.test(name) && name !== "docs/README.md");
  const missing = pages.filter((name) => !map.includes(`](${name.slice("docs/".length)}`));
  assert.deepEqual(missing, []);
});

/** How wide a line is; the signs of Chinese are two columns wide. */
function columns(line: string): number {
  return [...line].reduce((sum, sign) => sum + (/[\u2e80-\u9fff\uff00-\uff60]/.test(sign) ? 2 : 1), 0);
}

test("prose in Markdown is at most 120 columns wide; rows of tables and code may be wider", () => {
  for (const file of files.filter((name) => name.endsWith(".md"))) {
    for (const [index, line] of read(file).split("\n").entries()) {
      const isProse = !line.startsWith("|") && !line.startsWith("    ");
      assert.ok(columns(line) <= 120 || !isProse, `${file}:${index + 1}`);
    }
  }
});

test("a page in Chinese has the code blocks of its twin, chapter by chapter, and each page names the other", () => {
  const twins = files.filter((file) => /\.zh-CN\.md$/.test(file));
  assert.ok(twins.length >= 2);
  for (const twin of twins) {
    const page = twin.replace(".zh-CN", "");
    const code = (file: string) => chapters(read(file)).map(({ text }) => blocks(text));
    assert.deepEqual(code(twin), code(page), twin);
    const linkTo = (file: string, language: string) => `[${language}](${file.slice(file.lastIndexOf("/") + 1)})`;
    const top = (file: string) => read(file).split("\n").slice(1, 4);
    assert.deepEqual(top(page), ["", linkTo(twin, "中文"), ""]);
    assert.deepEqual(top(twin), ["", linkTo(page, "English"), ""]);
  }
});

test("every make task that a text names exists", () => {
  const tasks = new Set([...read("Makefile").matchAll(/^([a-z][\w-]*):/gm)].map(([, name]) => name));
  for (const file of files.filter((name) => name.endsWith(".md"))) {
    for (const [, task = ""] of read(file).matchAll(/`make ([a-z][\w-]*)/g))
      assert.ok(tasks.has(task), `${file}: make ${task}`);
  }
});

test("an exported value has an importer", () => {
  const texts = files.filter((file) => file.endsWith(".ts")).map((file) => ({ file, text: read(file) }));
  const imported = new Map<string, Set<string>>();
  for (const { file, text } of texts) {
    for (const [, names = ""] of text.matchAll(/^import (?:type )?\{([^}]*)\} from/gm)) {
      for (const name of names.split(",").map(
        (each) =>
          each
            .trim()
            .replace(/^type /, "")
            .split(" as ")[0] ?? "",
      )) {
        imported.set(name, (imported.get(name) ?? new Set()).add(file));
      }
    }
  }
  for (const { file, text } of texts.filter(({ file }) => shipped.includes(file))) {
    for (const [, name = ""] of text.matchAll(/^export (?:const|function|class) (\w+)/gm)) {
      const isRoot = name === "main";
      assert.ok(isRoot || [...(imported.get(name) ?? [])].some((other) => other !== file), `${file}: ${name}`);
    }
  }
});

/** What changes something: an assignment to a field, or a call by the name of an act. */
const ACT =
  /this\.#\w+ [-+|&?*]{0,2}= |\.(?:warn|info|signal|spawn|add|set|push|unlink|unwatch|watch|write|chmod|mkdir|rename|adopt|reap|wake|exec|waitUntil)\(/;

test("a function whose name asks changes nothing", () => {
  for (const file of shipped) {
    const text = read(file);
    for (const { 0: line, 1: name, index } of text.matchAll(
      /^ *(?:export )?(?:function |get |const )?#?((?:is|are|has|can)[A-Z]\w*)(?:\(| = \().*(?:\{|\(|=>.*)$/gm,
    )) {
      const indent = " ".repeat(line.length - line.trimStart().length);
      const end =
        line.endsWith("{") || line.endsWith("(") ? text.indexOf(`\n${indent}}`, index) : text.indexOf(";\n", index);
      assert.doesNotMatch(text.slice(index, end), ACT, `${file}: ${name}`);
    }
  }
});
