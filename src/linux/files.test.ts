import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../test/support/fake-linux.ts";
import { fileFacts, isExecutable, linkTargets, replaceFile } from "./files.ts";
import { SysError } from "./sys-error.ts";

const NEW = { mode: 0o640, gid: 8377 };

test("facts are type, mode and owners, or an errno", () => {
  const linux = new FakeLinux();
  linux.addFile("/etc/x", "", { mode: 0o4755, uid: 1, gid: 2 });
  linux.addNode("/dev/null", 0o020666);
  linux.addSocket("/dev/log");
  assert.deepEqual(fileFacts(linux, "/etc/x"), { type: "file", mode: 0o4755, uid: 1, gid: 2, size: 0, modified: 0 });
  assert.deepEqual(fileFacts(linux, "/etc"), { type: "directory", mode: 0o755, uid: 0, gid: 0, size: 0, modified: 0 });
  assert.deepEqual(fileFacts(linux, "/dev/null"), { type: "other", mode: 0o666, uid: 0, gid: 0, size: 0, modified: 0 });
  assert.deepEqual(fileFacts(linux, "/dev/log"), { type: "socket", mode: 0o666, uid: 0, gid: 0, size: 0, modified: 0 });
  assert.equal(fileFacts(linux, "/etc/y"), 2);
  assert.equal(fileFacts(linux, "/etc/x/y"), 20);
});

test("root executes nothing that has no x", () => {
  const linux = new FakeLinux();
  linux.addFile("/bin/a", "", { mode: 0o644 });
  linux.addFile("/bin/b", "", { mode: 0o001 });
  assert.equal(isExecutable(linux, "/bin/a"), false);
  assert.equal(isExecutable(linux, "/bin/b"), true);
});

test("a new file gets the mode and group that were asked for", () => {
  const linux = new FakeLinux();
  replaceFile(linux, "/etc/x", "/etc/.x", "content", NEW);
  assert.deepEqual(fileFacts(linux, "/etc/x"), { type: "file", mode: 0o640, uid: 0, gid: 8377, size: 7, modified: 0 });
  assert.equal(linux.content("/etc/x"), "content");
  assert.equal(linux.files.has("/etc/.x"), false);
});

test("a file that is replaced keeps its mode and owners", () => {
  const linux = new FakeLinux();
  linux.addFile("/etc/x", "old", { mode: 0o604, uid: 5, gid: 6 });
  replaceFile(linux, "/etc/x", "/etc/.x", "new", NEW);
  assert.deepEqual(fileFacts(linux, "/etc/x"), { type: "file", mode: 0o604, uid: 5, gid: 6, size: 3, modified: 0 });
});

test("a scratch file that a killed my_init left is replaced", () => {
  const linux = new FakeLinux();
  linux.addFile("/etc/.x", "half of i");
  replaceFile(linux, "/etc/x", "/etc/.x", "whole", NEW);
  assert.equal(linux.content("/etc/x"), "whole");
});

test("no other user can read the scratch file", () => {
  let widest = 0;
  const linux: FakeLinux = new FakeLinux({
    fault: (call) => {
      const file = linux.files.get("/etc/.x");
      if (!["exchange", "rename", "unlink"].includes(call) && file !== undefined) widest |= file.mode & 0o077;
      return 0;
    },
  });
  replaceFile(linux, "/etc/x", "/etc/.x", "secret", NEW);
  assert.equal(widest, 0);
});

test("without permission to chown, group and others get no access", () => {
  const linux = new FakeLinux({ euid: 1000 });
  linux.addDirectory("/tmp", { mode: 0o777 });
  replaceFile(linux, "/tmp/x", "/tmp/.x", "content", NEW);
  assert.deepEqual(fileFacts(linux, "/tmp/x"), { type: "file", mode: 0o600, uid: 1000, gid: 0, size: 7, modified: 0 });
});

test("a file that is a mount point is written in place", () => {
  const linux = new FakeLinux({ fault: (call) => (call === "rename" || call === "exchange" ? 16 : 0) });
  linux.addFile("/etc/x", "old");
  replaceFile(linux, "/etc/x", "/etc/.x", "new", NEW);
  assert.equal(linux.content("/etc/x"), "new");
  assert.equal(linux.files.has("/etc/.x"), false);
});

test("a file system that cannot exchange two files renames", () => {
  const linux = new FakeLinux({ fault: (call) => (call === "exchange" ? 22 : 0) });
  linux.addFile("/etc/x", "old");
  replaceFile(linux, "/etc/x", "/etc/.x", "new", NEW);
  assert.equal(linux.content("/etc/x"), "new");
  assert.equal(linux.files.has("/etc/.x"), false);
});

test("whatever fails leaves the old file, nothing beside it, and an error that names the file", () => {
  for (const [call, errno] of [
    ["writeFile", 28],
    ["chmod", 1],
    ["rename", 30],
  ] as const) {
    const linux = new FakeLinux({
      fault: (name) => (name === call || (call === "rename" && name === "exchange") ? errno : 0),
    });
    linux.addFile("/etc/x", "old");
    assert.throws(
      () => replaceFile(linux, "/etc/x", "/etc/.x", "new", NEW),
      (error: unknown) =>
        error instanceof SysError && error.errno === errno && error.message.startsWith('cannot write "/etc/x": '),
      call,
    );
    assert.equal(linux.content("/etc/x"), "old");
    assert.equal(linux.files.has("/etc/.x"), false);
  }
});

test("a link leads from one path to the next, and a loop has an end", () => {
  const linux = new FakeLinux();
  for (const path of ["/etc/init.d", "/usr/lib"]) linux.addDirectory(path);
  linux.addFile("/usr/lib/program", "");
  linux.addLink("/usr/bin/sv", "../lib/program");
  linux.addLink("/etc/init.d/web", "/usr/bin/sv");
  linux.addLink("/usr/bin/loop", "loop");
  assert.deepEqual(linkTargets(linux, "/etc/init.d/web"), ["/usr/bin/sv", "/usr/bin/../lib/program"]);
  for (const path of ["/usr/lib/program", "/no/such"]) assert.deepEqual(linkTargets(linux, path), []);
  assert.equal(linkTargets(linux, "/usr/bin/loop").length, 8);
});
