import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../test/support/fake-linux.ts";
import { sleeps } from "../../test/support/fake-programs.ts";
import { Children } from "./children.ts";
import { EventLoop } from "./event-loop.ts";
import { Output } from "./output.ts";
import { ServiceWatch, serviceState } from "./runsv.ts";

/** The bytes of a status of 2023-11-14 22:13:20 UTC. */
const status = (state: number) => `@\0\0\0\x65\x53\xf1\x0a${"\0".repeat(11)}${String.fromCharCode(state)}`;

function makeLoop(linux: FakeLinux): EventLoop {
  return new EventLoop(linux, new Children(linux), new Output(linux, 2), () => {});
}

test("a service is down where runsv says so, and not where it says nothing", () => {
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

test("the age of a state is told from the time in the status, to the second", () => {
  const linux = new FakeLinux();
  const runsv = linux.addStranger(sleeps, ["runsv", "x"]);
  runsv.publish("cwd/supervise/status", status(1));
  assert.equal(serviceState(linux, runsv.pid)?.ageMs, linux.realtimeMs() - 1_700_000_000_000);
});

test("a new state is told at once, by the pid of its runsv", () => {
  const linux = new FakeLinux();
  const [one, two] = [linux.addStranger(sleeps, ["runsv"]), linux.addStranger(sleeps, ["runsv"])];
  for (const runsv of [one, two]) runsv.publish("cwd/supervise/status", status(1));
  const loop = makeLoop(linux);
  const changed: number[] = [];
  const watch = new ServiceWatch(linux, loop, (pid) => changed.push(pid));
  for (const { pid } of [one, two]) watch.add(pid);
  const startMs = loop.nowMs;
  linux.after(10, () => two.publish("cwd/supervise/status", status(0)));
  loop.waitUntil(
    () => changed.length > 0,
    () => startMs + 1000,
  );
  assert.deepEqual(changed, [two.pid]);
  assert.equal(loop.nowMs, startMs + 10);
  watch.end();
  assert.equal(linux.inotifies.size, 0);
});

test("a kernel with no watches left is no reason to fail", () => {
  const linux = new FakeLinux({ fault: (call) => (call.startsWith("inotify") ? 24 : 0) });
  const loop = makeLoop(linux);
  const watch = new ServiceWatch(linux, loop, () => assert.fail());
  watch.add(2);
  watch.end();
});
