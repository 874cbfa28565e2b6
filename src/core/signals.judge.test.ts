// The judges are libuv's table of this machine's signals, and bash.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { constants } from "node:os";
import { test } from "node:test";
import { SIGNAL, SIGRTMIN_PLUS_3, signalName } from "./signals.ts";

test("signal numbers are this machine's", () => {
  const known = new Map(Object.entries(constants.signals));
  for (const [name, number] of Object.entries(SIGNAL)) assert.equal(number, known.get(name), name);
});

test("bash names real-time signals alike", (t) => {
  const outcome = spawnSync("bash", ["-c", `kill -l ${SIGRTMIN_PLUS_3}; kill -l 34`], { encoding: "utf8" });
  if (outcome.error !== undefined) return t.skip("no bash here");
  assert.deepEqual(
    outcome.stdout.trim().split("\n"),
    [signalName(SIGRTMIN_PLUS_3), signalName(34)].map((name) => name.slice(3)),
  );
});
