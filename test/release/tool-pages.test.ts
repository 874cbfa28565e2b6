// The man pages and completions of the programs for the host: made from their options, and judged by groff and bash.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { completionOf, manPage, statusesOf } from "../../scripts/tool-pages.mjs";
import { TOOL as dockerBash } from "../../src/host/docker-bash/options.ts";
import { TOOL as dockerSsh } from "../../src/host/docker-ssh/options.ts";
import { ENGINE_NAMES } from "../../src/host/engine.ts";

const tools = [dockerBash, dockerSsh];
const names = tools.map(({ name }) => name);
const template = readFileSync("scripts/completion.bash", "utf8");
const pageOf = (name: string) => readFileSync(`docs/reference/${name}.md`, "utf8");

/** Container engines of the test: the lines of each one's command. */
type Engines = Readonly<Record<string, string>>;
const lists = (...containers: string[]) =>
  `[ "$*" = "ps --format {{.Names}}" ] && printf '%s\\n' ${containers.join(" ")}`;
const both: Engines = { docker: lists("web", "web-2", "db"), podman: lists("pod") };

/**
 * Has bash complete the last of the words, parted as bash parts them.
 *
 * @returns what it offers; `compopt ...` where it leaves that to readline
 */
function complete(t: TestContext, words: readonly string[], engines: Engines = both, env = {}): string[] {
  const directory = mkdtempSync(join(tmpdir(), "baseimage-completion-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  mkdirSync(join(directory, "bin"));
  for (const [name, lines] of Object.entries(engines)) {
    writeFileSync(join(directory, "bin", name), `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
  }
  const [name = ""] = words;
  const tool = tools.find((each) => each.name === name) ?? dockerBash;
  const file = join(directory, "completion");
  writeFileSync(file, completionOf(tool, ENGINE_NAMES, template));
  // By the rules of the command `complete`, so that the name of the function does not matter.
  const script = `set -u
    compopt() { echo "compopt $*"; }
    . "$0"
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    read -r _ _ function _ < <(complete -p "$1")
    PATH=$BIN
    "$function" "$1" "\${COMP_WORDS[COMP_CWORD]}" ""
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  // Of other programs only these are there: the machine may have a container engine of its own.
  for (const program of ["sh", "sleep", "timeout"]) {
    spawnSync("sh", ["-c", `ln -s "$(command -v ${program})" "$0"`, join(directory, "bin")]);
  }
  const { status, stdout, stderr } = spawnSync("bash", ["--norc", "-c", script, file, ...words], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], BIN: join(directory, "bin"), ...env },
    timeout: 120_000,
  });
  assert.deepEqual([status, stderr], [0, ""], words.join(" "));
  return stdout.split("\n").filter((line) => line !== "");
}

test("this test knows all programs for the host", () => {
  const directories = readdirSync("src/host", { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.deepEqual(names, directories.map(({ name }) => name).sort());
});

test("each option is completed from its beginning, and all are offered for a hyphen", (t) => {
  for (const { name, options } of tools) {
    const all = options.flatMap(({ flag, letter }) => (letter === undefined ? [flag] : [letter, flag]));
    assert.deepEqual(complete(t, [name, "-"]), all);
    assert.deepEqual(complete(t, [name, "--verbose", "--ver"]), ["--verbose", "--version"]);
  }
});

test("the container is completed with the names of running containers of all container engines", (t) => {
  assert.deepEqual(complete(t, ["docker-bash", ""]), ["web", "web-2", "db", "pod"]);
  for (const before of [
    ["-v"],
    ["-u", "app"],
    ["-u", "1000", ":", "1000"],
    ["--user", "=", "app"],
    ["-uapp"],
    ["--"],
  ]) {
    assert.deepEqual(complete(t, ["docker-bash", ...before, "we"]), ["web", "web-2"], before.join(""));
  }
  assert.deepEqual(complete(t, ["docker-ssh", "-p", "22", "-l", "ann", "--config", "d"]), ["db"]);
  assert.deepEqual(complete(t, ["docker-bash", "--", "-"]), []);
});

test("only the container engine that is named is asked", (t) => {
  for (const words of [["--engine", "podman"], ["--engine", "=", "podman"], ["--engine=podman"]]) {
    assert.deepEqual(complete(t, ["docker-bash", ...words, ""], both, { CONTAINER_ENGINE: "docker" }), ["pod"]);
  }
  assert.deepEqual(complete(t, ["docker-bash", ""], both, { CONTAINER_ENGINE: "podman" }), ["pod"]);
  assert.deepEqual(complete(t, ["docker-bash", ""], both, { CONTAINER_ENGINE: "sh" }), []);
});

test("the value of --engine is one of two, a key is a file, other values are not known", (t) => {
  assert.deepEqual(complete(t, ["docker-bash", "--engine", ""]), ["docker", "podman"]);
  assert.deepEqual(complete(t, ["docker-bash", "--engine", "="]), ["docker", "podman"]);
  assert.deepEqual(complete(t, ["docker-bash", "--engine", "=", "p"]), ["podman"]);
  // As where the user has taken = out of COMP_WORDBREAKS: then the whole word is replaced.
  assert.deepEqual(complete(t, ["docker-bash", "--engine=p"]), ["--engine=podman"]);
  for (const words of [
    ["-i", "k"],
    ["--identity", "k"],
    ["--identity", "=", "k"],
  ]) {
    assert.deepEqual(complete(t, ["docker-ssh", ...words]), ["compopt -o default"]);
  }
  for (const words of [
    ["-u", "w"],
    ["--user", "w"],
    ["--user", "=", "w"],
    ["-u", "1000", ":", "w"],
  ]) {
    assert.deepEqual(complete(t, ["docker-bash", ...words]), []);
  }
});

test("nothing is offered after the container but files for a redirection", (t) => {
  assert.deepEqual(complete(t, ["docker-bash", "web", "cat", "<", "f"]), ["compopt -o default"]);
  for (const words of [
    ["web", ""],
    ["web", "w"],
    ["web", "-"],
    ["-v", "web", "ls", "w"],
    ["--", "web", "w"],
  ]) {
    assert.deepEqual(complete(t, ["docker-bash", ...words]), [], words.join(" "));
  }
});

test("without a container engine that answers, completion is silent and quick", (t) => {
  assert.deepEqual(complete(t, ["docker-bash", ""], {}), []);
  assert.deepEqual(complete(t, ["docker-bash", ""], { docker: "echo cannot connect >&2; exit 1" }), []);
  assert.deepEqual(complete(t, ["docker-bash", ""], { docker: "cat; exec sleep 600", podman: both["podman"] ?? "" }), [
    "pod",
  ]);
});

test("a name that a container engine prints is never run", (t) => {
  const name = "'$(echo>&2 run)' '`echo>&2 run`'";
  assert.deepEqual(complete(t, ["docker-bash", ""], { docker: `printf '%s\\n' ${name}` }), [
    "$(echo>&2 run)",
    "`echo>&2 run`",
  ]);
});

/** A man page as text without a parted word, and what the formatter complains about. */
function format(page: string): { readonly text: string; readonly complaints: string } {
  const formatters = [
    ["groff", "-man", "-ww", "-Tascii", "-P-c", "-P-bou", "-rLL=1000n"],
    ["mandoc", "-T", "ascii", "-O", "width=1000", "-W", "error"],
  ];
  for (const [file = "", ...words] of formatters) {
    const { error, stdout, stderr } = spawnSync(file, words, { input: page, encoding: "utf8" });
    if (error === undefined) return { text: stdout.replace(/.\x08/g, ""), complaints: stderr };
  }
  throw new Error("there is no groff and no mandoc: make setup-man");
}

test("a man page has all its sections and options, and its formatter finds nothing wrong", () => {
  for (const tool of tools) {
    const page = manPage(tool, "1.2.3", pageOf(tool.name), names);
    const { text, complaints } = format(page);
    assert.equal(complaints, "", tool.name);
    const sections = ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "SEE ALSO"];
    assert.deepEqual(text.match(/^[A-Z][A-Z ]+$/gm), sections);
    const words = text.replace(/\s+/g, " ");
    for (const { flag, letter, placeholder, help } of tool.options) {
      const term = [letter === undefined ? flag : `${letter}, ${flag}`, placeholder ?? [], help].flat().join(" ");
      assert.ok(words.includes(` ${term} `), term);
    }
    for (const [status, meaning] of statusesOf(pageOf(tool.name))) assert.ok(words.includes(` ${status} ${meaning} `));
    assert.match(text, new RegExp(`^NAME\\n +${tool.name} +- `, "m"));
    assert.match(text, new RegExp(`^baseimage 1\\.2\\.3 +${tool.name.toUpperCase()}\\(1\\)$`, "m"));
    for (const other of names) assert.equal(words.includes(` ${other}(1)`), other !== tool.name, other);
  }
  assert.notEqual(format(".TH X 1\n.SH NAME\nx \\- y\n.nonsense\n").complaints, "", "it would find something");
});

test("text reaches the reader as it is, whatever it means to the formatter", () => {
  const odd = { ...dockerBash, description: "Does it.\n.so /etc/passwd\n'so a\\fBb \\- --c" };
  const { text, complaints } = format(manPage(odd, "1", pageOf(odd.name), names));
  assert.equal(complaints, "");
  assert.ok(text.replace(/\s+/g, " ").includes("Does it. .so /etc/passwd 'so a\\fBb \\- --c "), text);
});

test("a page in docs/reference without a table of exit statuses is refused", () => {
  assert.throws(() => statusesOf("| status | reason |\n| --- | --- |\n| 0 | done |\n"), /no table of exit statuses/);
  assert.deepEqual(
    statusesOf("x\n\n| exit status | meaning |\n| --- | --- |\n| `0` | [done](#place) |\n\n| 1 | 2 |\n"),
    [["0", "done"]],
  );
});
