import assert from "node:assert/strict";
import { test } from "node:test";
import { readCommandLine } from "./options.ts";

test("options come in any order", () => {
  assert.deepEqual(readCommandLine([]), { kind: "look", isJson: false, waitMs: 0 });
  assert.deepEqual(readCommandLine(["--wait=3"]), { kind: "look", isJson: false, waitMs: 3000 });
  assert.deepEqual(readCommandLine(["--wait", "3", "--json"]), { kind: "look", isJson: true, waitMs: 3000 });
});

test("other words are refused", () => {
  for (const words of [
    ["x"],
    ["--wait"],
    ["--wait", "-1"],
    ["--wait", "1.5"],
    ["--wait", "--json"],
    ["--bad"],
    [""],
    ["--json", "x"],
    ["--wait="],
  ]) {
    assert.equal(readCommandLine(words).kind, "refuse");
  }
});
