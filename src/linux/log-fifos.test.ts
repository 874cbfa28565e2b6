import assert from "node:assert/strict";
import { test } from "node:test";
import { fifoPath, ownerOfFifo } from "./log-fifos.ts";

test("the name of a FIFO tells whose it is, whatever the service is called", () => {
  for (const service of ["web", "a.b", ".hidden", "two\nlines", "x.stdout", "\xff"]) {
    for (const stream of ["stdout", "stderr"] as const) {
      const path = fifoPath("/run/logs", service, stream);
      assert.deepEqual(ownerOfFifo(path.slice("/run/logs/".length)), { service, stream });
    }
  }
  for (const name of ["web", "web.log", ".stdout", "stdout", ""]) assert.equal(ownerOfFifo(name), undefined);
});
