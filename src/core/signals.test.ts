import assert from "node:assert/strict";
import { test } from "node:test";
import { SIGNAL, SIGRTMIN_PLUS_3, signalName, signalNumber } from "./signals.ts";

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

test("a signal is found by its name, by the name without SIG, and by its number", () => {
  for (let signal = 1; signal <= 64; signal++) {
    assert.equal(signalNumber(`${signal}`), signal);
    const name = signalName(signal);
    if (!name.startsWith("SIG")) continue;
    assert.equal(signalNumber(name), signal);
    assert.equal(signalNumber(name.slice(3)), signal);
  }
  for (const word of ["", "SIG", "quit", "0", "65", "signal 32", "RTMIN+31"])
    assert.equal(signalNumber(word), undefined);
});
