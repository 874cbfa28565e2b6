// The judges are real shells, and the JSON parsers of JavaScript and Python.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { isShellName, toJson, toShellScript } from "./env-export.ts";

const ALL_BYTES = Array.from({ length: 255 }, (_, index) => String.fromCharCode(index + 1)).join("");

/** Values that have broken one shell script or another. */
const HOSTILE = [
  ALL_BYTES,
  "",
  "'",
  "''",
  "\\",
  "\\'",
  '"',
  "$HOME",
  "`id`",
  "$(id)",
  "!history",
  "two\nlines\n",
  "\n",
  "\r\n",
  "*",
  "~",
  "-n",
  "a=b",
  "#no comment",
  "{a,b}",
  "\x80\xff\xfe",
  "\xc3\xa9\xe2\x82\xac",
  'it\'s "quoted" \\ twice',
  "x".repeat(100_000),
];

const env = new Map(HOSTILE.map((value, index) => [`V${index}`, value]));
const shells = ["sh", "dash", "bash", "busybox"].filter((shell) => spawnSync(shell, ["-c", ":"]).error === undefined);

function fileOf(t: TestContext, content: string): string {
  const directory = mkdtempSync(join(tmpdir(), "env-export-"));
  t.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, "dump"), content, "latin1");
  return join(directory, "dump");
}

test("every shell that sources the script has exactly these variables, and prints nothing", (t) => {
  const file = fileOf(t, toShellScript(env));
  for (const shell of shells) {
    const words = shell === "busybox" ? ["sh"] : shell === "bash" ? ["--norc"] : [];
    for (const options of [[], ["-e", "-u"]]) {
      const all = [...words, ...options, "-c", `. "$1" && exec env -0`, "sh", file];
      const outcome = spawnSync(shell, all, { env: { PATH: process.env["PATH"] }, encoding: "latin1" });
      assert.equal(outcome.stderr, "", shell);
      const got = new Map<string, string>();
      for (const entry of outcome.stdout.split("\0").slice(0, -1)) {
        const equals = entry.indexOf("=");
        got.set(entry.slice(0, equals), entry.slice(equals + 1));
      }
      for (const [name, value] of env) assert.equal(got.get(name), value, `${shell}: ${name}`);
    }
  }
});

test("every shell that is there can set every name that passes, and names kept out would end one of them", () => {
  for (const shell of shells) {
    const words = shell === "busybox" ? ["sh"] : [];
    for (const name of [
      "A",
      "_a",
      "PATH",
      "IFS",
      "HOME",
      "LANG",
      "RANDOM",
      "SECONDS",
      "OPTIND",
      "LINENO",
      "FUNCNAME",
    ]) {
      assert.ok(isShellName(name));
      const outcome = spawnSync(shell, [...words, "-e", "-c", `export ${name}=1; echo on`], { encoding: "latin1" });
      assert.equal(outcome.stdout, "on\n", `${shell}: ${name}: ${outcome.stderr}`);
    }
  }
  for (const name of ["UID", "EUID", "PPID", "SHELLOPTS", "BASHOPTS", "BASH_VERSINFO"]) assert.ok(!isShellName(name));
});

test("bash can set every variable of its own that the script may hold", (t) => {
  if (!shells.includes("bash")) return t.skip("no bash here");
  const readOnly = execFileSync("bash", ["-c", "readonly -p"], { encoding: "latin1" })
    .split("\n")
    .flatMap((line) => line.split("=")[0]?.split(" ")[2] ?? []);
  assert.ok(readOnly.includes("UID"));
  for (const name of readOnly) assert.ok(!isShellName(name), name);
});

test("JSON.parse() reads the variables back", () => {
  const parsed: Record<string, string> = JSON.parse(Buffer.from(toJson(env), "latin1").toString("utf8"));
  assert.deepEqual(Object.keys(parsed), [...env.keys()].sort());
  for (const [name, value] of env) assert.equal(bytesOf(parsed[name] ?? ""), value, name);
});

test("Python, with surrogateescape, reads the same bytes as from the environment", (t) => {
  if (spawnSync("python3", ["--version"]).error !== undefined) return t.skip("no python3 here");
  const file = fileOf(t, toJson(env));
  const script = `
import json, sys
for value in json.load(open(sys.argv[1], encoding="utf-8")).values():
    sys.stdout.buffer.write(value.encode("utf-8", "surrogateescape") + b"\\0")
`;
  const values = execFileSync("python3", ["-c", script, file], { encoding: "latin1" }).split("\0").slice(0, -1);
  assert.deepEqual(
    values,
    [...env].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value),
  );
});

/** The bytes that a string with lone surrogates U+DC80 to U+DCFF stands for. */
function bytesOf(text: string): string {
  return Array.from(text, (char) => {
    const code = char.codePointAt(0) ?? 0;
    return code >= 0xdc80 && code <= 0xdcff ? String.fromCharCode(code - 0xdc00) : Buffer.from(char).toString("latin1");
  }).join("");
}
