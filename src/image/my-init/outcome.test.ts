import assert from "node:assert/strict";
import { test } from "node:test";
import { failureWords, statusOf } from "./outcome.ts";

test("the exit status depends on what ended the container", () => {
  assert.equal(statusOf({ kind: "script-failed", status: 3 }, false, undefined), 3);
  assert.equal(statusOf({ kind: "command-ended", status: 143 }, true, { how: "exited", code: 0 }), 143);
  assert.equal(statusOf({ kind: "cannot-go-on" }, true, { how: "exited", code: 0 }), 1);
  assert.equal(statusOf({ kind: "stop-requested", signal: 15 }, false, undefined), 0);
});

test("the exit status of a command that was asked to stop counts", () => {
  assert.equal(statusOf({ kind: "stop-requested", signal: 15 }, true, { how: "exited", code: 0 }), 0);
  assert.equal(statusOf({ kind: "stop-requested", signal: 2 }, true, { how: "killed", signal: 15 }), 143);
  assert.equal(statusOf({ kind: "stop-requested", signal: 2 }, true, undefined), 130);
});

test("failures are described by status or by signal and name", () => {
  assert.equal(failureWords({ how: "exited", code: 7 }), "failed with status 7");
  assert.equal(failureWords({ how: "killed", signal: 9 }), "was killed by signal 9 (SIGKILL)");
});
