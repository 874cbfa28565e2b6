// scripts/setup.sh for another user than root: a member of the group docker on a machine with a container engine.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

const NOBODY = 65534;

/** Runs `setup.sh engine` as another user than root, without debootstrap. @param docker lines of the command docker */
function setUp(t: TestContext, docker: string): { readonly status: number | null; readonly stderr: string } {
  const directory = mkdtempSync(join(tmpdir(), "baseimage-setup-"));
  t.after(() => rmSync(directory, { recursive: true }));
  chmodSync(directory, 0o755);
  mkdirSync(join(directory, "scripts"), { mode: 0o755 });
  cpSync("scripts/setup.sh", join(directory, "scripts/setup.sh"));
  writeFileSync(join(directory, "docker"), `#!/bin/sh\n${docker}\n`, { mode: 0o755 });
  const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  // Only the programs in every user's PATH: debootstrap is in /usr/sbin.
  const env = { PATH: `${directory}:/usr/bin:/bin` };
  return spawnSync("sh", [join(directory, "scripts/setup.sh"), "engine"], { ...user, env, encoding: "utf8" });
}

test("a user of a container engine needs no debootstrap: a registry may have the base image", (t) => {
  const { status, stderr } = setUp(t, '[ "$1" != image ]');
  assert.deepEqual([status, stderr], [0, ""]);
});

test("without a container engine that answers, one line says what to do", (t) => {
  const { status, stderr } = setUp(t, "exit 1");
  assert.equal(status, 1);
  assert.match(
    stderr,
    /^setup: (please install: docker\.io iptables \(.*\)|no Docker engine answers: please start one.*)\n$/,
  );
});
