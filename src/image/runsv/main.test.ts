import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux, Replaced } from "../../../test/support/fake-linux.ts";
import * as habit from "../../../test/support/fake-programs.ts";
import { main } from "./main.ts";

const DIRECTORY = "/run/logs";

/** Runs it, and answers what took its place. */
function run(environ: readonly string[], prepare: (linux: FakeLinux) => void = () => {}) {
  const linux = new FakeLinux({ argv: ["runsv", "web"], environ, pid: 20 });
  linux.addDirectory("/run");
  linux.addDirectory(DIRECTORY);
  linux.addProgram("/usr/bin/runsv", habit.sleeps);
  prepare(linux);
  try {
    return { linux, status: main(linux), replaced: undefined };
  } catch (error) {
    assert.ok(error instanceof Replaced);
    return { linux, status: undefined, replaced: error };
  }
}

test("it makes the service's outputs its FIFOs, which any user with them may open again, and executes runsv", () => {
  const { linux, replaced } = run([`MY_INIT_LOG_DIRECTORY=${DIRECTORY}`, "PATH=/usr/lib/baseimage:/bin", "A=b"]);
  assert.equal(replaced?.file, "/usr/bin/runsv");
  assert.deepEqual(replaced?.words, ["runsv", "web"]);
  assert.deepEqual(
    linux.calls.filter((call) => call.startsWith("duplicate")),
    [`duplicate ${DIRECTORY}/web.stdout 1`, `duplicate ${DIRECTORY}/web.stderr 2`],
  );
  assert.equal((linux.files.get(`${DIRECTORY}/web.stdout`)?.mode ?? 0) & 0o7777, 0o622);
});

test("the service does not get its variables", () => {
  const variable = `MY_INIT_LOG_DIRECTORY=${DIRECTORY}`;
  assert.deepEqual(run([variable, "PATH=/usr/lib/baseimage:/bin", "A=b"]).replaced?.env, ["PATH=/bin", "A=b"]);
  assert.deepEqual(run([variable, "PATH=/usr/lib/baseimage"]).replaced?.env, []);
  assert.deepEqual(run(["PATH=/bin:/usr/lib/baseimage"]).replaced?.env, ["PATH=/bin:/usr/lib/baseimage"]);
});

test("a service that is started again has the FIFOs that are there", () => {
  const { linux } = run([`MY_INIT_LOG_DIRECTORY=${DIRECTORY}`], (kernel) =>
    kernel.makeFifo(`${DIRECTORY}/web.stderr`, 0o622),
  );
  assert.equal(linux.calls.filter((call) => call.startsWith("duplicate")).length, 2);
});

test("without FIFOs the service prints to where runsvdir does", () => {
  const { linux, replaced } = run(["MY_INIT_LOG_DIRECTORY=/none"]);
  assert.equal(replaced?.file, "/usr/bin/runsv");
  assert.equal(linux.calls.filter((call) => call.startsWith("duplicate")).length, 0);
});

test("where there is no runsv, it says so", () => {
  const { linux, status } = run([], (kernel) => kernel.files.delete("/usr/bin/runsv"));
  assert.equal(status, 126);
  assert.ok(linux.stderr.text.includes('cannot run "/usr/bin/runsv"'), linux.stderr.text);
});
