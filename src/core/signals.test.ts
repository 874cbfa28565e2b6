import assert from "node:assert/strict";
import { test } from "node:test";
import { SIGNAL, SIGRTMIN_PLUS_3, signalName } from "./signals.ts";

test("signals have their names, real-time ones as glibc counts them", () => {
  assert.equal(signalName(SIGNAL.SIGTERM), "SIGTERM");
  assert.equal(signalName(9), "SIGKILL");
  assert.equal(signalName(34), "SIGRTMIN");
  assert.equal(signalName(SIGRTMIN_PLUS_3), "SIGRTMIN+3");
  assert.equal(signalName(64), "SIGRTMIN+30");
});

test("a number that is no signal stays a number", () => {
  assert.equal(signalName(99), "signal 99");
  assert.equal(signalName(32), "signal 32");
});
