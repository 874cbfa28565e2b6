import assert from "node:assert/strict";
import { test } from "node:test";
import { childEnd, exitStatus, stopSignal } from "./child-end.ts";

test("a status word has the exit code or the signal", () => {
  assert.deepEqual(childEnd(0), { how: "exited", code: 0 });
  assert.deepEqual(childEnd(0x0300), { how: "exited", code: 3 });
  assert.deepEqual(childEnd(0xff00), { how: "exited", code: 255 });
  assert.deepEqual(childEnd(9), { how: "killed", signal: 9 });
  assert.deepEqual(childEnd(64), { how: "killed", signal: 64 });
});

test("a core dump does not change the signal", () => {
  assert.deepEqual(childEnd(0x80 | 11), { how: "killed", signal: 11 });
});

test("the exit status is 128 plus the signal", () => {
  assert.equal(exitStatus({ how: "exited", code: 42 }), 42);
  assert.equal(exitStatus({ how: "killed", signal: 15 }), 143);
});

test("only the status word of a stop has a stop signal", () => {
  assert.equal(stopSignal(0x147f), 20);
  for (const status of [0, 0x100, 0x7f00, 15, 0x8b]) assert.equal(stopSignal(status), undefined, `${status}`);
});
