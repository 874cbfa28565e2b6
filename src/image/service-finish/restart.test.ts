import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../../test/support/fake-linux.ts";
import { parseRestart } from "../../container/restart.ts";
import {
  forgetRestarts,
  nextStartMs,
  type RestartRecord,
  readRestartRecord,
  writeRestartRecord,
} from "../../container/restart-record.ts";
import { wordLines } from "../../container/service-file.ts";
import type { ChildEnd } from "../../core/child-end.ts";
import { gaveUpWords, nextStart } from "./restart.ts";

function rulesOf(text: string) {
  const parsed = parseRestart(wordLines(text));
  assert.ok(parsed.kind === "ok");
  return parsed.value;
}

const exited = (code: number): ChildEnd => ({ how: "exited", code });

/** A service that ends each `everyMs`, after `ranMs`. @returns what followed each end, until it is not started again */
function follow(text: string, everyMs: number, { ranMs = 100, code = 1, count = 20 } = {}): string[] {
  const found: string[] = [];
  let record: RestartRecord | undefined;
  for (let nowMs = 5000.5; found.length < count; nowMs += everyMs) {
    record = nextStart(rulesOf(text), record, { last: exited(code), ranMs, nowMs });
    found.push(record.next === "again" ? `${record.delayMs}` : record.next);
    if (record.next !== "again") break;
  }
  return found;
}

test("the policy decides whether an end stays", () => {
  const nextOf = (policy: string, last: ChildEnd) =>
    nextStart(rulesOf(`policy ${policy}`), undefined, { last, ranMs: 1, nowMs: 1 }).next;
  const killed: ChildEnd = { how: "killed", signal: 9 };
  assert.deepEqual(
    [nextOf("always", exited(0)), nextOf("always", exited(1)), nextOf("always", killed)],
    Array(3).fill("again"),
  );
  assert.deepEqual([nextOf("on-failure", exited(0)), nextOf("on-failure", exited(1))], ["done", "again"]);
  assert.equal(nextOf("on-failure", killed), "again");
  assert.deepEqual(
    [nextOf("never", exited(0)), nextOf("never", exited(1)), nextOf("never", killed)],
    ["done", "gave-up", "gave-up"],
  );
});

test("the delay doubles after each quick end up to the longest, and is the first again after a minute", () => {
  assert.deepEqual(follow("delay 1 30", 1000, { count: 7 }), [
    "1000",
    "2000",
    "4000",
    "8000",
    "16000",
    "30000",
    "30000",
  ]);
  assert.deepEqual(follow("delay 5", 1000, { count: 3 }), ["5000", "5000", "5000"]);
  assert.deepEqual(follow("delay 3 7", 1000, { ranMs: 59_999, count: 3 }), ["3000", "6000", "7000"]);
  assert.deepEqual(follow("delay 3 7", 1000, { ranMs: 60_000, count: 3 }), ["3000", "3000", "3000"]);
  assert.deepEqual(follow("policy always", 1000, { count: 2 }), ["0", "0"], "runit's own");
});

test("so many ends within so long are enough, whatever their exit code", () => {
  for (const code of [0, 1]) {
    assert.deepEqual(follow("give-up 3 60", 1000, { code }), ["0", "0", "gave-up"]);
    assert.deepEqual(follow("give-up 3 60", 29_000, { code }), ["0", "0", "gave-up"]);
  }
  assert.deepEqual(follow("give-up 3 60", 30_000), Array(20).fill("0"), "the first of three is a minute ago");
  assert.deepEqual(follow("give-up 1 1", 1000), ["gave-up"]);
  assert.equal(follow("give-up 100 9999", 1000, { count: 200 }).length, 100);
});

test("after it gave up or was done, the ends before do not count", () => {
  const rules = rulesOf("give-up 2 60\ndelay 2 9");
  for (const next of ["gave-up", "done"] as const) {
    const before = { next, delayMs: 0, endsMs: [1000, 2000] };
    assert.deepEqual(nextStart(rules, before, { last: exited(1), ranMs: 1, nowMs: 3000 }), {
      next: "again",
      delayMs: 2000,
      endsMs: [3000],
    });
  }
});

test("rules that were changed meanwhile hold for what is recorded", () => {
  const before: RestartRecord = { next: "again", delayMs: 64_000, endsMs: [1000, 2000, 3000, 4000] };
  const end = { last: exited(1), ranMs: 1, nowMs: 5000 };
  assert.equal(nextStart(rulesOf("delay 1 30"), before, end).delayMs, 30_000);
  assert.equal(nextStart(rulesOf("delay 200 300"), before, end).delayMs, 200_000);
  assert.equal(nextStart(rulesOf("give-up 3 60"), before, end).next, "gave-up");
  assert.deepEqual(nextStart(rulesOf(""), before, end).endsMs, [5000]);
});

test("the reason why it is not started again", () => {
  assert.equal(gaveUpWords(rulesOf("policy never\ngive-up 2 9")), "and is not started again: its policy is never");
  assert.equal(gaveUpWords(rulesOf("give-up 2 9")), "and is not started again: it ended 2 times within 9 s");
});

test("the record is read as it was written, and everything else is none", () => {
  const linux = new FakeLinux();
  linux.addDirectory("/supervise");
  assert.equal(readRestartRecord(linux, "/supervise"), undefined);
  for (const next of ["again", "done", "gave-up"] as const) {
    const record = { next, delayMs: 2000, endsMs: Array.from({ length: 100 }, (_, index) => 4_000_000_000 + index) };
    assert.equal(writeRestartRecord(linux, "/supervise", record), 0);
    assert.deepEqual(readRestartRecord(linux, "/supervise"), record);
    assert.equal(nextStartMs(record), 4_000_002_099);
  }
  forgetRestarts(linux, "/supervise");
  for (const text of ["", "again", "again 5", "again x 5", "again 5 -1", "later 0 5", "again 5 6 x"]) {
    linux.addFile("/supervise/restarts", text);
    assert.equal(readRestartRecord(linux, "/supervise"), undefined, text);
  }
});
