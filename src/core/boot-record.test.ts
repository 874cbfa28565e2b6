import assert from "node:assert/strict";
import { test } from "node:test";
import { formatRecord, parseRecord } from "./boot-record.ts";

test("a record reads back as it was written, whatever the scripts are called", () => {
  const record = {
    beganMs: 1_700_000_000_123,
    steps: [
      { name: "environment", startMs: 0, endMs: 1.25 },
      { name: "/etc/my_init.d/10 two  words", startMs: 1.25, endMs: 20.5 },
    ],
  };
  assert.deepEqual(parseRecord(formatRecord(record)), record);
  const odd = formatRecord({ beganMs: 0, steps: [{ name: "/x/a\nb", startMs: 0, endMs: 1 }] });
  assert.equal(parseRecord(odd)?.steps.length, 1);
});

test("what is no record is none", () => {
  for (const text of ["", "boot", "boot_record 2 0\n", "\n"]) assert.equal(parseRecord(text), undefined);
});
