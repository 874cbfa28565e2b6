import assert from "node:assert/strict";
import { test } from "node:test";
import { isLineDue, QUICK_SUCCESSES, type ServiceEnds } from "../../container/service-end.ts";
import { addEnd, failureLine } from "./ends.ts";

const MINUTE_MS = 60_000;

/** A service that ends every `everyMs`. @returns the number of failures in each line */
function linesOf(everyMs: number, count: number, code = 3): number[] {
  const lines: number[] = [];
  let ends: ServiceEnds | undefined;
  for (let index = 0; index < count; index++) {
    const endedMs = 1_000_000_000_000 + index * everyMs;
    ends = addEnd(ends, { last: { how: "exited", code }, isOutOfMemory: false, endedMs, ranMs: 100, isAsked: false });
    if (!isLineDue(ends)) continue;
    lines.push(ends.failures);
    ends = { ...ends, loggedMs: endedMs, loggedFailures: ends.failures };
  }
  return lines;
}

test("the first, second, fourth failure and so on has a line", () => {
  assert.deepEqual(linesOf(MINUTE_MS, 20), [1, 2, 4, 8, 16]);
});

test("a service has at most one line a minute; the first failure after the minute has the line that was due", () => {
  assert.deepEqual(linesOf(40_000, 9), [1, 3, 5, 8]);
  assert.deepEqual(linesOf(1000, 300), [1, 61, 121, 181, 256]);
});

test("a clock that was set back does not silence a service for long", () => {
  const before = addEnd(undefined, {
    last: { how: "exited", code: 1 },
    isOutOfMemory: false,
    endedMs: 5 * MINUTE_MS,
    ranMs: 1,
    isAsked: false,
  });
  const logged = { ...before, loggedMs: before.endedMs, loggedFailures: 1 };
  assert.equal(isLineDue(addEnd(logged, { ...before, endedMs: 1000, isAsked: false })), true);
});

test("an end with exit code 0 and an end that was asked for are no failures", () => {
  const end = { last: { how: "killed", signal: 15 } as const, isOutOfMemory: false, endedMs: 9e5, ranMs: 5000 };
  const asked = addEnd(undefined, { ...end, isAsked: true });
  assert.deepEqual([asked.count, asked.failures, isLineDue(asked)], [1, 0, false]);
  const success = addEnd(asked, { ...end, last: { how: "exited", code: 0 }, isAsked: false });
  assert.deepEqual([success.count, success.failures, isLineDue(success)], [2, 0, false]);
  assert.equal(addEnd(success, { ...end, isAsked: false }).failures, 1);
});

test("quick ends with exit code 0 are counted in a row, from the first start", () => {
  const end = { last: { how: "exited", code: 0 } as const, isOutOfMemory: false, ranMs: 100, isAsked: false };
  let ends: ServiceEnds | undefined;
  for (let index = 0; index < QUICK_SUCCESSES; index++) ends = addEnd(ends, { ...end, endedMs: 10_000 + index * 1000 });
  assert.deepEqual([ends?.quickSuccesses, ends?.quickSinceMs], [QUICK_SUCCESSES, 9900]);
  for (const other of [{ ranMs: 5000 }, { isAsked: true }, { last: { how: "exited", code: 1 } as const }]) {
    const next = addEnd(ends, { ...end, endedMs: 20_000, ...other });
    assert.deepEqual([next.quickSuccesses, next.quickSinceMs], [0, 0]);
  }
});

test("a line has the time for which the service ran, and from the second failure on the number", () => {
  const base = addEnd(undefined, {
    last: { how: "exited", code: 1 },
    isOutOfMemory: false,
    endedMs: 1,
    ranMs: 120_000,
    isAsked: false,
  });
  const line = (failures: number) => failureLine({ ...base, failures }, "ended with exit code 1");
  assert.equal(line(1), "ended with exit code 1 after 2 min 0 s");
  for (const [failures, ordinal] of [
    [2, "2nd"],
    [3, "3rd"],
    [4, "4th"],
    [11, "11th"],
    [12, "12th"],
    [21, "21st"],
    [113, "113th"],
    [1002, "1002nd"],
  ] as const) {
    assert.equal(line(failures), `ended with exit code 1 after 2 min 0 s (${ordinal} time)`);
  }
});
