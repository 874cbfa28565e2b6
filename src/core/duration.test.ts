import assert from "node:assert/strict";
import { test } from "node:test";
import { durationWords } from "./duration.ts";

test("a duration has its two largest units", () => {
  for (const [seconds, words] of [
    [0, "0 s"],
    [0.999, "0 s"],
    [1, "1 s"],
    [59.9, "59 s"],
    [60, "1 min 0 s"],
    [3599, "59 min 59 s"],
    [3600, "1 h 0 min"],
    [86_399, "23 h 59 min"],
    [86_400, "1 d 0 h"],
    [1000 * 86_400 + 3600 * 5, "1000 d 5 h"],
  ] as const) {
    assert.equal(durationWords(seconds * 1000), words);
  }
});
