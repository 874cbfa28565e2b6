import assert from "node:assert/strict";
import { test } from "node:test";
import { help, readCommandLine } from "./options.ts";

function read(...words: string[]): string {
  const request = readCommandLine(words);
  if (request.kind !== "live") return request.kind;
  const { command, ...flags } = request.options;
  const set = Object.entries(flags).flatMap(([name, isSet]) => (isSet ? [name] : []));
  return `${set.join(" ")} | ${command.join(" ")}`;
}

test("without words my_init runs until it is asked to stop", () => {
  assert.equal(read(), "killAllOnExit | ");
});

test("each option has its effect", () => {
  assert.equal(read("--enable-insecure-key"), "enableInsecureKey killAllOnExit | ");
  assert.equal(read("--skip-startup-files"), "skipStartupFiles killAllOnExit | ");
  assert.equal(read("--skip-runit", "x"), "skipRunit killAllOnExit | x");
  assert.equal(read("--no-kill-all-on-exit"), " | ");
  assert.equal(read("--quiet"), "killAllOnExit isQuiet | ");
});

test("what follows the first word is the command's", () => {
  assert.equal(read("bash", "-l", "--quiet"), "killAllOnExit | bash -l --quiet");
  assert.equal(read("--", "--quiet"), "killAllOnExit | --quiet");
});

test("--skip-runit without a command is an error, and so is an unknown option", () => {
  assert.equal(read("--skip-runit"), "refuse");
  assert.equal(read("--skip-runit", "--"), "refuse");
  assert.equal(read("--loud"), "refuse");
  assert.equal(read("--quiet", "-l", "bash"), "refuse");
});

test("help lists every option, in lines that fit a terminal", () => {
  const text = help();
  assert.ok(text.startsWith("usage: my_init [OPTION]... [--] [COMMAND [ARG]...]\n"));
  const flags = ["--enable-insecure-key", "--skip-startup-files", "--skip-runit", "--no-kill-all-on-exit", "--quiet"];
  for (const flag of [...flags, "--help", "--version"]) assert.ok(text.includes(`\n  ${flag} `), flag);
  for (const line of text.split("\n")) assert.ok(line.length <= 110, line);
});

test("a refusal names the word, made safe for a terminal", () => {
  assert.deepEqual(readCommandLine(["--\x1b[31m"]), { kind: "refuse", reason: 'unknown option "--\\x1b[31m"' });
});
