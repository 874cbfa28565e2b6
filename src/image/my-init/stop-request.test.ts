import assert from "node:assert/strict";
import { test } from "node:test";
import { exitRequest } from "../../container/exit-request.ts";
import { StopRequest } from "./stop-request.ts";

test("TERM, INT, QUIT, PWR and RTMIN+3 ask for shutdown, others do not", () => {
  const asking: number[] = [];
  for (let signal = 1; signal <= 64; signal++) if (!new StopRequest().note(signal, 0, 0)) asking.push(signal);
  assert.deepEqual(asking, [2, 3, 15, 30, 37]);
});

test("the command gets each request after the first immediately, but none for an exit status", () => {
  const stop = new StopRequest();
  assert.equal(stop.note(15, 0, 0), false);
  for (const signal of [15, 2, 3, 30, 37]) assert.equal(stop.note(signal, 0, 0), true, `${signal}`);
  assert.equal(stop.note(37, exitRequest(3), 0), false);
});

test("the first signal counts", () => {
  const stop = new StopRequest();
  assert.equal(stop.signal, undefined);
  stop.note(3, 0, 0);
  stop.note(15, 0, 0);
  assert.equal(stop.signal, 3);
});

test("a second TERM or INT leaves each wait a second, others change nothing", () => {
  const stop = new StopRequest();
  stop.note(15, 0, 100);
  stop.note(3, 0, 150);
  assert.equal(stop.hurried(0, 9000), 9000);
  stop.note(2, 0, 200);
  assert.equal(stop.hurried(0, 9000), 1200);
  assert.equal(stop.hurried(5000, 9000), 6000);
  assert.equal(stop.hurried(0, 500), 500);
  stop.note(15, 0, 5000);
  assert.equal(stop.hurried(0, 9000), 1200);
});

test("an exit status with RTMIN+3 counts if it is the first request, and the command gets TERM", () => {
  const stop = new StopRequest();
  stop.note(37, exitRequest(3), 0);
  stop.note(37, exitRequest(4), 0);
  assert.equal(stop.status, 3);
  assert.equal(stop.signal, 15);
  assert.equal(stop.hurried(0, 9000), 9000);
  const late = new StopRequest();
  late.note(15, 0, 0);
  late.note(37, exitRequest(3), 0);
  assert.equal(late.status, undefined);
});

test("a number that is no exit status, or comes with another signal, is none", () => {
  for (const [signal, value] of [
    [37, 3],
    [15, exitRequest(3)],
  ] as const) {
    const stop = new StopRequest();
    stop.note(signal, value, 0);
    assert.equal(stop.status, undefined);
    assert.equal(stop.signal, signal);
  }
});
