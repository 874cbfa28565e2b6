// scripts/setup.sh for who is not root: a member of the group docker on a machine that has an engine.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

const NOBODY = 65534;

/** Runs `setup.sh engine` as another user than root; there is no debootstrap. @param docker lines of an engine's command */
function setUp(t: TestContext, docker: string): { readonly status: number | null; readonly stderr: string } {
  const directory = mkdtempSync(join(tmpdir(), "baseimage-setup-"));
  t.after(() => rmSync(directory, { recursive: true }));
  chmodSync(directory, 0o755);
  mkdirSync(join(directory, "scripts"), { mode: 0o755 });
  cpSync("scripts/setup.sh", join(directory, "scripts/setup.sh"));
  writeFileSync(join(directory, "docker"), `#!/bin/sh\n${docker}\n`, { mode: 0o755 });
  const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  // Of this machine's programs those that every user has: debootstrap is in /usr/sbin.
  const env = { PATH: `${directory}:/usr/bin:/bin` };
  return spawnSync("sh", [join(directory, "scripts/setup.sh"), "engine"], { ...user, env, encoding: "utf8" });
}

test("who may use an engine needs no debootstrap: a registry may have the base image", (t) => {
  const { status, stderr } = setUp(t, '[ "$1" != image ]');
  assert.deepEqual([status, stderr], [0, ""]);
});

test("without an engine that answers one line says what to do", (t) => {
  const { status, stderr } = setUp(t, "exit 1");
  assert.equal(status, 1);
  assert.match(
    stderr,
    /^setup: (please install: docker\.io iptables \(.*\)|no Docker engine answers: please start one.*)\n$/,
  );
});
