import assert from "node:assert/strict";
import { test } from "node:test";
import { readCandidates, readFacts } from "./container-facts.ts";

test("what inspect prints is read, with docker's slash before the name and without", () => {
  const facts = { id: "abc", name: "web", status: "running", pid: 42 };
  assert.deepEqual(readFacts("abc\n/web\nrunning\n42\n"), facts);
  assert.deepEqual(readFacts("abc\nweb\nrunning\n42\n"), facts);
});

test("what is no answer of inspect is none", () => {
  for (const lines of ["", "\n", "[]\n", "abc\nweb\nrunning\n", "abc\nweb\nrunning\n<no value>\n"]) {
    assert.equal(readFacts(lines), undefined);
  }
});

test("a prefix may mean every container whose id begins with it, and none by its name", () => {
  const list = "abc1 web\nabd2 db\nff3 abc\n\n";
  assert.deepEqual(readCandidates(list, "ab"), [
    { id: "abc1", name: "web" },
    { id: "abd2", name: "db" },
  ]);
  assert.deepEqual(readCandidates(list, "abc"), [{ id: "abc1", name: "web" }]);
  assert.deepEqual(readCandidates(list, "web"), []);
});
