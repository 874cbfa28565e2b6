import assert from "node:assert/strict";
import { test } from "node:test";
import { readCommandLine } from "./options.ts";

const asked = { kind: "enter", container: "web", command: [], user: "0", engine: undefined, isVerbose: false };

test("the first word that is no option is the container, what follows the command's", () => {
  assert.deepEqual(readCommandLine(["web"]), asked);
  assert.deepEqual(readCommandLine(["-v", "web", "ls", "-v", "--help"]), {
    ...asked,
    isVerbose: true,
    command: ["ls", "-v", "--help"],
  });
  assert.deepEqual(readCommandLine(["--", "web", "--", "x"]), { ...asked, command: ["--", "x"] });
});

test("the container engine can be given in one word or in two, and must be known", () => {
  for (const words of [["--engine", "podman"], ["--engine=podman"]]) {
    assert.deepEqual(readCommandLine([...words, "web"]), { ...asked, engine: "podman" });
  }
  assert.equal(readCommandLine(["--engine", "lxc", "web"]).kind, "refuse");
  assert.equal(readCommandLine(["--engine"]).kind, "refuse");
});

test("the user is root unless one is named", () => {
  for (const words of [["-u", "app"], ["--user", "app"], ["--user=app"], ["-uapp"]]) {
    assert.deepEqual(readCommandLine([...words, "web"]), { ...asked, user: "app" });
  }
  assert.equal(readCommandLine(["--user=", "web"]).kind, "refuse");
  assert.equal(readCommandLine(["-u"]).kind, "refuse");
});

test("an unknown option, and a line without a container, are refused", () => {
  assert.equal(readCommandLine(["--quiet", "web"]).kind, "refuse");
  assert.equal(readCommandLine(["--verbose=yes", "web"]).kind, "refuse");
  assert.equal(readCommandLine([]).kind, "refuse");
  assert.equal(readCommandLine([""]).kind, "refuse");
  assert.equal(readCommandLine(["-v"]).kind, "refuse");
});

test("an option after the container is refused, with its place; after -- it is the command", () => {
  for (const word of ["-u", "--user=app", "-uapp", "-v", "--verbose", "--engine", "--help"]) {
    const answer = readCommandLine(["web", word, "nobody", "id"]);
    const reason = `"${word}" is no command; options come before the container`;
    assert.deepEqual(answer, { kind: "refuse", reason });
    assert.deepEqual(readCommandLine(["--", "web", word, "id"]), { ...asked, command: [word, "id"] });
  }
});

test("help and version need no container", () => {
  assert.equal(readCommandLine(["--help"]).kind, "help");
  assert.equal(readCommandLine(["--version"]).kind, "version");
});
