import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../test/support/fake-linux.ts";
import { fifoPath, makeFifos, ownerOfFifo } from "./log-fifos.ts";

test("the name of a FIFO contains service and stream, whatever the service is called", () => {
  for (const service of ["web", "a.b", ".hidden", "two\nlines", "x.stdout", "\xff"]) {
    for (const stream of ["stdout", "stderr"] as const) {
      const path = fifoPath("/run/logs", service, stream);
      assert.deepEqual(ownerOfFifo(path.slice("/run/logs/".length)), { service, stream });
    }
  }
  for (const name of ["web", "web.log", ".stdout", "stdout", ""]) assert.equal(ownerOfFifo(name), undefined);
});

test("services for which log_lines has no descriptors share FIFOs, and there is one warning", () => {
  const linux = new FakeLinux();
  linux.addDirectory("/run");
  linux.addDirectory("/run/logs");
  linux.descriptorLimit = [10, 40];
  const warnings: string[] = [];
  const owners = Array.from({ length: 20 }, (_, i) =>
    makeFifos(linux, "/run/logs", `s${i}`, (message) => warnings.push(message)),
  );
  const named = owners.filter((owner) => owner !== "others");
  assert.deepEqual(
    named,
    Array.from({ length: named.length }, (_, i) => `s${i}`),
  );
  assert.ok(named.length >= 10, `${named.length}`);
  assert.ok(linux.fifos.size <= 40 - 16, `${linux.fifos.size} FIFOs`);
  assert.deepEqual(warnings, [
    `cannot name the log lines of "s${named.length}" and of services that start later: the hard limit of open files is 40; ` +
      'they are of "others"; raise it (docker run --ulimit nofile=NUMBER)',
  ]);
  // One that is started again keeps its own.
  assert.equal(
    makeFifos(linux, "/run/logs", "s0", () => {}),
    "s0",
  );
});
