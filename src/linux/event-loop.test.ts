import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../test/support/fake-linux.ts";
import { exitsAfter, sleeps } from "../../test/support/fake-programs.ts";
import { Children } from "./children.ts";
import { EventLoop } from "./event-loop.ts";
import { Output } from "./output.ts";

const never = () => Number.POSITIVE_INFINITY;

function makeLoop(linux = new FakeLinux()) {
  const children = new Children(linux);
  const output = new Output(linux, 2);
  const signals: number[] = [];
  const loop = new EventLoop(linux, children, output, (signal) => signals.push(signal));
  return { linux, children, output, signals, loop };
}

test("what is done already is not waited for", () => {
  const { loop, linux } = makeLoop();
  const startMs = linux.nowMs;
  assert.equal(
    loop.waitUntil(() => true, never),
    true,
  );
  assert.equal(linux.nowMs, startMs);
});

test("a wait ends at its deadline, and not a millisecond sooner or later", () => {
  const { loop } = makeLoop();
  const endMs = loop.nowMs + 250;
  assert.equal(
    loop.waitUntil(
      () => false,
      () => endMs,
    ),
    false,
  );
  assert.equal(loop.nowMs, endMs);
});

test("the end of a child ends a wait at that moment", () => {
  const { loop, linux, children } = makeLoop();
  linux.addProgram("/bin/app", exitsAfter(30));
  const child = children.spawn({ file: "/bin/app", argv: ["app"], environ: [] }, 0);
  assert.ok(typeof child !== "number");
  const startMs = loop.nowMs;
  assert.equal(
    loop.waitUntil(() => child.end !== undefined, never),
    true,
  );
  assert.equal(loop.nowMs, startMs + 30);
});

/** Waits until `count` orphans have ended, all at once; then each system call takes `callMs`. @returns living ones, pauses */
function reapAll(count: number, callMs: number) {
  let hasBegun = false;
  const { loop, linux, children } = makeLoop(new FakeLinux({ callMs: () => (hasBegun ? callMs : 0) }));
  linux.addProgram("/bin/app", (self) => {
    for (let i = 0; i < count; i++) self.spawn(exitsAfter(20), ["orphan"]);
    self.exit(0);
  });
  children.spawn({ file: "/bin/app", argv: ["app"], environ: [] }, 0);
  linux.after(20, () => {
    hasBegun = true;
  });
  const left: number[] = [];
  const isDone = () => left.push(linux.self.children.size) > 0 && children.isEmpty;
  assert.equal(loop.waitUntil(isDone, never), true);
  return { left, pauses: linux.calls.filter((call) => call.startsWith("sleep ")) };
}

test("in a flood of orphans, signals and deadlines have their turn", () => {
  assert.deepEqual(reapAll(200, 0), { left: [200, 136, 72, 8, 0], pauses: ["sleep 0", "sleep 0", "sleep 0"] });
});

test("in a flood of orphans, a pause after each slow reaping lets more of them end, and it is short", () => {
  const pauses = [0, 0, 0, 19, 19, 19].map((ms) => `sleep ${ms}`);
  assert.deepEqual(reapAll(400, 0.05).pauses, pauses);
  assert.deepEqual(reapAll(400, 1).pauses.slice(3, 6), ["sleep 50", "sleep 50", "sleep 50"]);
  assert.deepEqual(reapAll(63, 1), { left: [63, 0], pauses: [] });
});

test("in a flood of signals, deadlines have their turn", () => {
  const fault = (call: string) => {
    if (call === "takeSignal") linux.signalSelf(10);
    return 0;
  };
  const { loop, linux, signals } = makeLoop(new FakeLinux({ callMs: () => 0.01, fault, maxCalls: 10_000 }));
  const endMs = loop.nowMs + 5;
  const isDone = loop.waitUntil(
    () => false,
    () => endMs,
  );
  assert.equal(isDone, false);
  assert.ok(signals.length > 64 && loop.nowMs < endMs + 2, `${signals.length} signals until ${loop.nowMs - endMs} ms`);
});

test("signals are handed on, the lowest first, and SIGCHLD is not", () => {
  const { loop, linux, signals } = makeLoop();
  linux.after(5, () => {
    linux.signalSelf(15);
    linux.signalSelf(17);
    linux.signalSelf(1);
  });
  loop.waitUntil(() => signals.length > 0, never);
  assert.deepEqual(signals, [1, 15]);
});

test("a signal may bring the deadline nearer", () => {
  const { loop, linux, signals } = makeLoop();
  const startMs = loop.nowMs;
  linux.after(100, () => linux.signalSelf(2));
  const isDone = loop.waitUntil(
    () => false,
    () => startMs + (signals.length > 0 ? 150 : 9000),
  );
  assert.equal(isDone, false);
  assert.equal(loop.nowMs, startMs + 150);
});

test("a child that ends between the reaping and the wait is not missed", () => {
  for (let call = 1; call <= 3; call++) {
    let calls = Number.NEGATIVE_INFINITY;
    const linux: FakeLinux = new FakeLinux({
      fault: () => {
        if (++calls === call) for (const child of linux.self.children) child.exit(0);
        return 0;
      },
    });
    const { loop, children } = makeLoop(linux);
    linux.addProgram("/bin/app", sleeps);
    const child = children.spawn({ file: "/bin/app", argv: ["app"], environ: [] }, 0);
    assert.ok(typeof child !== "number");
    const endMs = loop.nowMs + 1000;
    calls = 0;
    const isDone = loop.waitUntil(
      () => child.end !== undefined,
      () => endMs,
    );
    assert.ok(isDone || calls < call, `missed at call ${call}`);
    if (isDone) assert.ok(loop.nowMs < endMs);
  }
});

test("a watch is called each time its descriptor is ready, until the watch ends and closes it", () => {
  const { loop, linux } = makeLoop();
  const stranger = linux.addStranger(exitsAfter(40), ["stranger"]);
  const fd = linux.pidfdOpen(stranger.pid);
  let calls = 0;
  loop.watch(fd, () => {
    calls++;
    if (calls === 2) loop.unwatch(fd);
  });
  const startMs = loop.nowMs;
  loop.waitUntil(
    () => false,
    () => startMs + 100,
  );
  assert.equal(calls, 2);
  assert.equal(linux.pidfds.size, 0);
});

test("kept output goes out as soon as there is room, during any wait", () => {
  const { loop, linux, output } = makeLoop();
  linux.stderr.room = 0;
  output.writeLine("late");
  assert.equal(output.isBehind, true);
  linux.after(20, () => {
    linux.stderr.room = 8192;
  });
  const startMs = loop.nowMs;
  assert.equal(
    loop.waitUntil(() => !output.isBehind, never),
    true,
  );
  assert.equal(linux.stderr.text, "late\n");
  assert.ok(loop.nowMs <= startMs + 20);
});
