import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../test/support/fake-linux.ts";
import { version } from "../core/version.ts";
import { main } from "../image/main.ts";

const PROGRAMS = [
  "my_init",
  "setuser",
  "container_exit",
  "container_health",
  "container_lint",
  "container_status",
  "boot_report",
  "workaround-docker-2267",
  "log_lines",
];

/** Runs a program of the binary. What it does to files or to itself would be in the calls. */
function run(...argv: string[]) {
  const linux = new FakeLinux({ argv, environ: ["PATH=/bin"] });
  const status = main(linux);
  return { status, stdout: linux.stdout.text, stderr: linux.stderr.text, calls: linux.calls };
}

for (const name of PROGRAMS) {
  test(`${name}: --help and --version are on standard output, and an unknown option is refused; nothing is done`, () => {
    for (const word of ["--help", "-h"]) {
      const { calls, status, stderr, stdout } = run(name, word);
      assert.deepEqual([status, stderr, calls], [0, "", []], word);
      assert.ok(stdout.startsWith(`usage: ${name}`), stdout);
    }
    assert.deepEqual(run(name, "--version"), { status: 0, stdout: `${name} ${version}\n`, stderr: "", calls: [] });
    const { calls, status, stderr, stdout } = run(name, "--no-such", "x");
    assert.deepEqual([status, stdout, calls], [2, "", []]);
    assert.ok(stderr.startsWith(`${name}: `) && stderr.includes(`\nusage: ${name}`), stderr);
  });
}
