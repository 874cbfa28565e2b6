import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../test/support/fake-linux.ts";
import { sleeps } from "../../test/support/fake-programs.ts";
import { serviceState } from "./runsv.ts";

/** The bytes of a status of 2023-11-14 22:13:20 UTC. */
const status = (state: number) => `@\0\0\0\x65\x53\xf1\x0a${"\0".repeat(11)}${String.fromCharCode(state)}`;

test("a service is down if runsv has written so, and not if it has written nothing", () => {
  const linux = new FakeLinux();
  const runsv = linux.addStranger(sleeps, ["runsv", "x"]);
  assert.equal(serviceState(linux, runsv.pid), undefined);
  for (const [state, isDown] of [
    [0, true],
    [1, false],
    [2, false],
  ] as const) {
    runsv.publish("cwd/supervise/status", status(state));
    assert.equal(serviceState(linux, runsv.pid)?.isDown, isDown, `state ${state}`);
  }
});

test("the age of a state comes from the time in the status, to the second", () => {
  const linux = new FakeLinux();
  const runsv = linux.addStranger(sleeps, ["runsv", "x"]);
  runsv.publish("cwd/supervise/status", status(1));
  assert.equal(serviceState(linux, runsv.pid)?.ageMs, linux.realtimeMs() - 1_700_000_000_000);
});
