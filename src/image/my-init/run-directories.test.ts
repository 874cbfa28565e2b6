import assert from "node:assert/strict";
import { test } from "node:test";
import type { FakeLinux, FakeProgram } from "../../../test/support/fake-linux.ts";
import * as habit from "../../../test/support/fake-programs.ts";
import { live, type Story } from "../../../test/support/story.ts";

const PROGRAM = "/usr/bin/systemd-tmpfiles";
const SIGTERM = 15;
const SIGSEGV = 11;
const EROFS = 30;
const RUN_IS_A_TMPFS = "1 0 0:1 / / rw - overlay overlay rw\n2 1 0:2 / /run rw,nosuid - tmpfs tmpfs rw\n";
const RUN_IS_OF_THE_IMAGE = "1 0 0:1 / / rw - overlay overlay rw\n3 1 0:2 / /run/secrets rw - tmpfs tmpfs rw\n";

/** A container with this program for systemd-tmpfiles, and a startup script that notes whether it had ended. */
function start(tmpfiles: FakeProgram, { mounts = RUN_IS_A_TMPFS, ...story }: Story & { mounts?: string } = {}) {
  let hadEnded: boolean | undefined;
  const script: FakeProgram = (self) => {
    hadEnded = runs(self.linux).at(-1)?.endedMs !== undefined;
    self.exit(0);
  };
  const { linux, lines, status, ms } = live({
    programs: { [PROGRAM]: tmpfiles, "/etc/my_init.d/10_first": script },
    signals: { 20_000: SIGTERM },
    prepare: (machine) => {
      machine.addDirectory("/run");
      machine.addFile("/proc/self/mountinfo", mounts);
    },
    ...story,
  });
  assert.equal(status, 0);
  return { words: runs(linux).map(({ argv }) => argv), hadEnded, lines, ms };
}

function runs(linux: FakeLinux) {
  return linux.history.filter(({ file }) => file === PROGRAM);
}

test("if a file system is mounted on /run, its directories are made before the first startup script", () => {
  const { words, hadEnded, lines } = start(habit.exitsAfter(30));
  assert.deepEqual(words, [["systemd-tmpfiles", "--create", "--boot", "--prefix=/run"]]);
  assert.ok(hadEnded);
  assert.ok(!lines.some((line) => line.includes("tmpfiles")));
});

test("in a /run of the image, as another user, on a read-only /run and for one command alone it is not run", () => {
  const isReadOnly = (call: string, path: string) => (call === "access" && path === "/run" ? EROFS : 0);
  const words = ["--skip-startup-files", "--skip-runit", "/etc/my_init.d/10_first"];
  for (const story of [
    { words },
    { mounts: RUN_IS_OF_THE_IMAGE },
    { mounts: "" },
    { euid: 1000 },
    { fault: isReadOnly },
  ])
    assert.deepEqual(start(habit.exitsAfter(30), story).words, []);
});

test("if it fails, hangs or cannot be run, one line says so, and the boot goes on", () => {
  const said = (tmpfiles: FakeProgram, story: Story = {}) => {
    const { hadEnded, lines } = start(tmpfiles, story);
    assert.notEqual(hadEnded, undefined, "the startup script ran");
    return lines.filter((line) => line.includes("tmpfiles"));
  };
  const missing = "; directories of packages may be missing in /run";
  assert.deepEqual(said(habit.exitsAfter(5, 73)), [`*** systemd-tmpfiles failed with status 73${missing}`]);
  assert.deepEqual(said(habit.diesAfter(5, SIGSEGV)), [
    `*** systemd-tmpfiles was killed by signal 11 (SIGSEGV)${missing}`,
  ]);
  assert.deepEqual(said(habit.sleeps), ["*** systemd-tmpfiles has not ended after 5 seconds; the boot goes on"]);
  const isNoProgram = (call: string, path: string) => (call === "spawn" && path === PROGRAM ? 8 : 0);
  assert.equal(said(habit.sleeps, { fault: isNoProgram }).length, 1);
});

test("a request to stop does not wait for it", () => {
  const { ms } = start(habit.sleeps, { signals: { 10: SIGTERM } });
  assert.ok(ms < 4000, `${ms} ms`);
});
