import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { utcTime } from "./utc-time.ts";

test("utcTime() says what date(1) says", () => {
  const moments = Array.from({ length: 25_000 }, (_, i) => i * 320_123_456.7);
  const input = moments.map((ms) => `@${(ms / 1000).toFixed(4)}\n`).join("");
  const output = execFileSync("date", ["-u", "-f", "-", "+%Y-%m-%dT%H:%M:%S.%3NZ"], { input, encoding: "utf8" });
  assert.deepEqual(
    moments.map((ms) => utcTime(ms)),
    output.trim().split("\n"),
  );
});
