import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../../test/support/fake-linux.ts";
import { Children } from "../../linux/children.ts";
import { EventLoop } from "../../linux/event-loop.ts";
import { Output } from "../../linux/output.ts";
import { Flow } from "./flow.ts";

/** A flow from a FIFO that a process has open to standard output. */
function makeFlow() {
  const linux = new FakeLinux();
  linux.addDirectory("/run");
  linux.makeFifo("/run/from", 0o600);
  const from = linux.fifos.get("/run/from");
  assert.ok(from);
  from.addWriter();
  let endCount = 0;
  const loop = new EventLoop(linux, new Children(linux), new Output(linux, 2), () => {});
  const flow = new Flow(linux, loop, linux.openToRead("/run/from"), 1, () => endCount++);
  flow.open();
  const runFor = (ms: number) => {
    const endMs = loop.nowMs + ms;
    loop.waitUntil(
      () => false,
      () => endMs,
    );
  };
  return { linux, from, flow, runFor, endCount: () => endCount };
}

test("bytes arrive in their order, and the end is reported once", () => {
  const { linux, from, flow, runFor, endCount } = makeFlow();
  linux.after(1, () => {
    from.text += "one\n";
  });
  linux.after(2, () => {
    from.text += "two";
    from.writers = 0;
  });
  runFor(10);
  assert.deepEqual([linux.stdout.text, flow.isBehind, endCount()], ["one\ntwo", false, 1]);
});

test("a reader that is behind is never waited for, stops the reading, and gets every byte later", () => {
  const { linux, from, flow, runFor, endCount } = makeFlow();
  linux.stdout.room = 5000;
  from.text = "x".repeat(200_000);
  runFor(10);
  assert.equal(flow.isBehind, true);
  assert.ok(from.text.length > 100_000, "it reads more than it may keep");
  linux.after(1, () => {
    linux.stdout.room = Number.POSITIVE_INFINITY;
  });
  runFor(10);
  assert.deepEqual([linux.stdout.text.length, flow.isBehind, endCount()], [200_000, false, 0]);
});

test("if no process reads any more, that is the end, and nothing is kept", () => {
  const { linux, from, flow, runFor, endCount } = makeFlow();
  linux.stdout.isClosed = true;
  from.text = "lost";
  runFor(10);
  assert.deepEqual([flow.isBehind, endCount()], [false, 1]);
});

test("a closed flow reads no more until it is opened again, but writes what it has read", () => {
  const { linux, from, flow, runFor } = makeFlow();
  linux.stdout.room = 0;
  from.text = "read";
  runFor(1);
  flow.close();
  from.text = " later";
  linux.stdout.room = Number.POSITIVE_INFINITY;
  runFor(1);
  assert.equal(linux.stdout.text, "read");
  flow.open();
  runFor(1);
  assert.equal(linux.stdout.text, "read later");
});
