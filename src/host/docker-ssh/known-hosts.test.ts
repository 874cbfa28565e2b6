import assert from "node:assert/strict";
import { test } from "node:test";
import { withHostKeys } from "./known-hosts.ts";

test("a container's keys are added, and replaced as a whole", () => {
  const one = withHostKeys("", "abc", ["t k1", "u k2"]);
  assert.equal(one, "abc t k1\nabc u k2\n");
  const two = withHostKeys(one, "def", ["t k3"]);
  assert.equal(two, "abc t k1\nabc u k2\ndef t k3\n");
  assert.equal(withHostKeys(two, "abc", ["t k4"]), "def t k3\nabc t k4\n");
});

test("nothing changes where all is as it should be", () => {
  const content = "abc t k1\ndef t k3\n";
  assert.equal(withHostKeys(content, "abc", ["t k1"]), content);
});

test("the oldest containers are forgotten, so that the file does not grow for ever", () => {
  let content = "";
  for (let number = 0; number < 250; number++) content = withHostKeys(content, `c${number}`, ["t k", "u k"]);
  const lines = content.split("\n");
  assert.equal(lines.length, 401);
  assert.ok(content.startsWith("c50 t k\n"));
  assert.ok(content.endsWith("c249 u k\n"));
});
