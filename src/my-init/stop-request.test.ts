import assert from "node:assert/strict";
import { test } from "node:test";
import { StopRequest } from "./stop-request.ts";

test("TERM, INT, QUIT, PWR and RTMIN+3 ask for shutdown, others do not", () => {
  const asking: number[] = [];
  for (let signal = 1; signal <= 64; signal++) if (new StopRequest().note(signal, 0)) asking.push(signal);
  assert.deepEqual(asking, [2, 3, 15, 30, 37]);
});

test("the first signal counts", () => {
  const stop = new StopRequest();
  assert.equal(stop.signal, undefined);
  stop.note(3, 0);
  stop.note(15, 0);
  assert.equal(stop.signal, 3);
});

test("a second TERM or INT leaves each wait a second, others change nothing", () => {
  const stop = new StopRequest();
  stop.note(15, 100);
  stop.note(3, 150);
  assert.equal(stop.hurried(0, 9000), 9000);
  stop.note(2, 200);
  assert.equal(stop.hurried(0, 9000), 1200);
  assert.equal(stop.hurried(5000, 9000), 6000);
  assert.equal(stop.hurried(0, 500), 500);
  stop.note(15, 5000);
  assert.equal(stop.hurried(0, 9000), 1200);
});
