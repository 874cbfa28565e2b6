import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../test/support/fake-linux.ts";
import { switchUser } from "./identity.ts";
import { Failure } from "./sys-error.ts";

const www = { name: "www", uid: 33, gid: 33, groups: [33, 100], home: "/" };

test("groups are given up before the gid, and the uid last", () => {
  const linux = new FakeLinux();
  switchUser(linux, www);
  assert.deepEqual(linux.calls, ["setGroups 33,100", "setGid 33", "setUid 33"]);
});

test("a pipe of root's becomes writable by name, a file does not", () => {
  const linux = new FakeLinux();
  linux.addNode("/proc/self/fd/1", 0o010600);
  linux.addFile("/proc/self/fd/2", "", { mode: 0o600 });
  switchUser(linux, www);
  assert.equal((linux.files.get("/proc/self/fd/1")?.mode ?? 0) & 0o777, 0o622);
  assert.equal((linux.files.get("/proc/self/fd/2")?.mode ?? 0) & 0o777, 0o600);
});

test("a terminal becomes writable by name and not readable, and keeps its owner and group", () => {
  const linux = new FakeLinux();
  linux.terminal = { foreground: 1 };
  linux.addNode("/proc/self/fd/1", 0o020620, 0, 5);
  switchUser(linux, www);
  const { gid, mode = 0, uid } = linux.files.get("/proc/self/fd/1") ?? {};
  assert.deepEqual([uid, gid, (mode & 0o777).toString(8)], [0, 5, "622"]);
});

test("control characters in a name are escaped: a container's /etc/passwd may contain anything", () => {
  const linux = new FakeLinux({ fault: () => 1 });
  assert.throws(
    () => switchUser(linux, { ...www, name: "\x1b]0;x\x07" }),
    (error) => error instanceof Failure && error.message.includes("user \\x1b]0;x\\x07:"),
  );
});

test("without permission the switch fails, and the error names the step", () => {
  for (const [call, act] of [
    ["setGroups", "cannot set the groups of"],
    ["setGid", "cannot set the group of"],
    ["setUid", "cannot switch to"],
  ] as const) {
    const linux = new FakeLinux({ fault: (name) => (name === call ? 1 : 0) });
    assert.throws(
      () => switchUser(linux, www),
      (error: unknown) =>
        error instanceof Failure && error.message === `${act} user www: operation not permitted (EPERM)`,
    );
    assert.equal(linux.euid, 0);
  }
});

test("a process of that user needs no permission to set groups", () => {
  const linux = new FakeLinux({ fault: (name) => (name === "setGroups" ? 1 : 0) });
  switchUser(linux, { ...www, uid: 0, gid: 0 });
  assert.deepEqual(linux.calls, ["setGroups 33,100", "setGid 0", "setUid 0"]);
});
