import assert from "node:assert/strict";
import { test } from "node:test";
import { endWords, formatEnds, parseEnds, quickSuccessWords, type ServiceEnds } from "./service-end.ts";

const ends: ServiceEnds = {
  count: 4,
  failures: 3,
  last: { how: "exited", code: 255 },
  isOutOfMemory: false,
  endedMs: 1_795_000_000_123,
  ranMs: 98_765_432_100,
  quickSuccesses: 2,
  quickSinceMs: 1_795_000_000_111,
  loggedMs: 1_795_000_000_000,
  loggedFailures: 2,
};

test("what was written is read back", () => {
  const killed: ServiceEnds = { ...ends, last: { how: "killed", signal: 64 }, isOutOfMemory: true };
  for (const each of [ends, killed, { ...ends, last: { how: "exited", code: 0 } as const }]) {
    assert.deepEqual(parseEnds(formatEnds(each)), each);
  }
});

test("anything else is no record", () => {
  const text = formatEnds(ends);
  for (const bad of ["", "\n", "1 2", `${text} 3`, text.replace("4", "-4"), text.replace("4", "x"), text.slice(0, 8)]) {
    assert.equal(parseEnds(bad), undefined, bad);
  }
});

test("the words name the exit code or the signal", () => {
  assert.equal(endWords(ends), "ended with exit code 255");
  const killed = { how: "killed", signal: 9 } as const;
  assert.equal(endWords({ last: killed, isOutOfMemory: false }), "was killed by SIGKILL");
  assert.equal(endWords({ last: killed, isOutOfMemory: true }), "was killed by SIGKILL (out of memory)");
});

test("the words on quick ends have their number, and that of the processes that were left", () => {
  assert.ok(quickSuccessWords(7).includes(", 7 times in a row: a service has to stay in the foreground; "));
  assert.ok(quickSuccessWords(5, 1).includes("5 times in a row, and has left 1 process in"));
  assert.ok(quickSuccessWords(5, 5).includes("has left 5 processes in"));
});
