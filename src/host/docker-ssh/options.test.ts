import assert from "node:assert/strict";
import { test } from "node:test";
import { readCommandLine } from "./options.ts";

const asked = {
  kind: "log-in",
  container: "web",
  command: [],
  user: "root",
  key: undefined,
  port: undefined,
  engine: undefined,
  isForConfig: false,
  isVerbose: false,
};

test("the first word that is no option is the container, what follows the command's", () => {
  assert.deepEqual(readCommandLine(["web"]), asked);
  assert.deepEqual(readCommandLine(["-v", "web", "ls", "-i", "--help"]), {
    ...asked,
    isVerbose: true,
    command: ["ls", "-i", "--help"],
  });
  assert.deepEqual(readCommandLine(["--", "web", "--", "x"]), { ...asked, command: ["--", "x"] });
});

test("a value stands in the next word or in the same", () => {
  for (const words of [
    ["-i", "key", "-l", "ann", "-p", "2222", "--engine", "podman"],
    ["-ikey", "-lann", "-p2222", "--engine=podman"],
    ["--identity", "key", "--user", "ann", "--port", "2222", "--engine", "podman"],
    ["--identity=key", "--user=ann", "--port=2222", "--engine=podman"],
  ]) {
    assert.deepEqual(readCommandLine([...words, "web"]), {
      ...asked,
      key: "key",
      user: "ann",
      port: 2222,
      engine: "podman",
    });
  }
});

test("what cannot be meant is refused", () => {
  for (const words of [
    [],
    [""],
    ["-v"],
    ["--quiet", "web"],
    ["-x", "web"],
    ["-i"],
    ["--user=", "web"],
    ["-p", "0", "web"],
    ["-p", "65536", "web"],
    ["-p", "ssh", "web"],
    ["--engine", "lxc", "web"],
    ["--config", "web", "ls"],
  ]) {
    assert.equal(readCommandLine(words).kind, "refuse", words.join(" "));
  }
});

test("help and version need no container, and --config no command", () => {
  assert.equal(readCommandLine(["--help"]).kind, "help");
  assert.equal(readCommandLine(["--version"]).kind, "version");
  assert.deepEqual(readCommandLine(["--config", "web"]), { ...asked, isForConfig: true });
});
