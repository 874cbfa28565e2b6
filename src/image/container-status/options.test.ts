import assert from "node:assert/strict";
import { test } from "node:test";
import { readCommandLine } from "./options.ts";

test("services follow the options", () => {
  assert.deepEqual(readCommandLine([]), { kind: "look", isJson: false, services: [] });
  assert.deepEqual(readCommandLine(["--json", "web", "db"]), { kind: "look", isJson: true, services: ["web", "db"] });
  assert.deepEqual(readCommandLine(["--", "--json"]), { kind: "look", isJson: false, services: ["--json"] });
});

test("other options are refused", () => {
  for (const words of [["--bad"], ["-x"], ["--json=1"], ["--json", "-"]]) {
    assert.equal(readCommandLine(words).kind, "refuse");
  }
});
