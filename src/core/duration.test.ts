import assert from "node:assert/strict";
import { test } from "node:test";
import { durationWords } from "./duration.ts";

test("a duration has the unit that suits its length, and is never rounded up", () => {
  for (const [ms, words] of [
    [0, "0.0 s"],
    [199, "0.1 s"],
    [9999, "9.9 s"],
    [10_000, "10 s"],
    [119_999, "119 s"],
    [120_000, "2 min"],
    [7_199_999, "119 min"],
    [7_200_000, "2 h"],
    [172_799_999, "47 h"],
    [172_800_000, "2 days"],
    [864_000_000, "10 days"],
  ] as const) {
    assert.equal(durationWords(ms), words);
  }
});
