import assert from "node:assert/strict";
import { test } from "node:test";
import { formatRecord, type PhaseRecord, parseRecord } from "./phase-record.ts";

const RECORD: PhaseRecord = {
  phase: "shutdown",
  host: "d0c5",
  beganMs: 1_700_000_000_123,
  steps: [
    { name: "service db", startMs: 0, endMs: 1.25 },
    { name: "/etc/my_init.post_shutdown.d/10 two  words", startMs: 1.25, endMs: 20.5 },
  ],
  killed: [{ step: "service db", process: "sleep 1000 (PID 7)" }],
};

test("a record reads back as it was written, whatever the scripts are called", () => {
  assert.deepEqual(parseRecord(formatRecord(RECORD)), RECORD);
  const boot: PhaseRecord = { phase: "boot", host: "", beganMs: 0, steps: [], killed: [] };
  assert.deepEqual(parseRecord(formatRecord(boot)), boot);
});

test("hostile names and command lines make no lines of their own", () => {
  const odd = formatRecord({
    ...RECORD,
    steps: [{ name: "/x/a\nstep 0 9 b", startMs: 0, endMs: 1 }],
    killed: [{ step: "service a\tb", process: "x\ty\nkilled z" }],
  });
  const record = parseRecord(odd);
  assert.equal(record?.steps.length, 1);
  assert.equal(record?.killed.length, 1);
  assert.equal(record?.killed[0]?.step.startsWith("service a"), true);
});

test("what is no record is none", () => {
  for (const text of ["", "boot", "boot_record 2\n", "\n", "boot_record 1"]) assert.equal(parseRecord(text), undefined);
});

test("a forged or incomplete record is rejected, or has no control characters", () => {
  const start = "shutdown_record 1\nbegan 5\nhost h\n";
  for (const line of ["step a 1 x", "step 1", "step 0 1e999 x", "step 0 Infinity x", "step -1e300 0 x"]) {
    assert.equal(parseRecord(`${start}step 0 1 y\n${line}\n`), undefined, line);
  }
  assert.equal(parseRecord("shutdown_record 1\nhost h\n"), undefined);
  const record = parseRecord(`${start}step 0 1 \x1b[31m\nkilled a\x1b\tb\r\n`);
  assert.equal(record?.steps[0]?.name, "\\x1b[31m");
  assert.deepEqual(record?.killed, [{ step: "a\\x1b", process: "b\\r" }]);
});
