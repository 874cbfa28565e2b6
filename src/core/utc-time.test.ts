import assert from "node:assert/strict";
import { test } from "node:test";
import { utcTime } from "./utc-time.ts";

test("utcTime() knows leap years, the ends of months and milliseconds", () => {
  assert.equal(utcTime(0), "1970-01-01T00:00:00.000Z");
  assert.equal(utcTime(951_782_400_000 - 1), "2000-02-28T23:59:59.999Z");
  assert.equal(utcTime(951_782_400_000), "2000-02-29T00:00:00.000Z");
  assert.equal(utcTime(1_709_251_199_999.9), "2024-02-29T23:59:59.999Z");
  assert.equal(utcTime(4_107_542_400_000), "2100-03-01T00:00:00.000Z");
});
