import assert from "node:assert/strict";
import { test } from "node:test";
import { readHostWords } from "./command-line.ts";
import { describeTool } from "./tool.ts";

const user = { flag: "--user", letter: "-u", value: "a name", help: "be another user" };
const { options: OPTIONS } = describeTool("docker-x", "Does it.", "say how", [user]);

function refusal(...words: string[]): string {
  const read = readHostWords(words, OPTIONS);
  return read.kind === "refuse" ? read.reason : read.kind;
}

test("options end at the container, and the command follows", () => {
  const read = readHostWords(["-v", "--engine", "podman", "-u", "joe", "web", "ls", "--verbose"], OPTIONS);
  assert.ok(read.kind === "asked");
  assert.deepEqual([read.container, read.command], ["web", ["ls", "--verbose"]]);
  assert.deepEqual([read.engine, read.isVerbose, read.given.get("--user")], ["podman", true, "joe"]);
});

test("without options nothing is chosen: no container engine, no command", () => {
  const read = readHostWords(["web"], OPTIONS);
  assert.ok(read.kind === "asked");
  assert.deepEqual([read.container, read.command, read.engine, read.isVerbose], ["web", [], undefined, false]);
});

test("a command line without a container, with another engine or with an unknown option is refused", () => {
  assert.equal(refusal(), "no container is named");
  assert.equal(refusal(""), "no container is named");
  assert.equal(refusal("--engine", "lxc", "web"), "--engine needs docker or podman");
  assert.ok(refusal("--bogus", "web").includes("--bogus"));
});
