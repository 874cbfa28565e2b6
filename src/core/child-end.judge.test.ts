// The judge is the kernel: real children end, and bash says how.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { childEnd, exitStatus } from "./child-end.ts";

test("exit statuses are the same as in a shell", () => {
  for (const code of [0, 1, 2, 127, 255]) {
    assert.equal(exitStatus(childEnd(code << 8)), spawnSync("/bin/sh", ["-c", `sh -c 'exit ${code}'; exit $?`]).status);
  }
  for (const signal of [1, 2, 9, 10, 15, 31]) {
    const script = `sh -c 'kill -${signal} $$'; exit $?`;
    assert.equal(exitStatus(childEnd(signal)), spawnSync("/bin/sh", ["-c", script]).status, `signal ${signal}`);
  }
});
