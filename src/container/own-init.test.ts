import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux, type FakeProcess } from "../../test/support/fake-linux.ts";
import { ERRNO } from "../linux/errno.ts";
import { Failure } from "../linux/sys-error.ts";
import { findInit, isSecondInit } from "./own-init.ts";

const BINARY = "/usr/sbin/my_init";

/** A process of the image's binary, in the mount namespace `directory`. */
function runsOurs(linux: FakeLinux, process: FakeProcess, directory = "/ns/1"): FakeProcess {
  linux.addLink(`/proc/${process.pid}/exe`, BINARY);
  linux.addLink(`/proc/${process.pid}/ns/mnt`, directory);
  return process;
}

/** container_exit, as the grandchild of a process of these words, or without a parent of its own. */
function caller(words: readonly string[], pid: number, fault?: (call: string, object: string) => number): FakeLinux {
  const linux = new FakeLinux({ argv: ["container_exit"], pid, ...(fault === undefined ? {} : { fault }) });
  linux.addFile(BINARY, "");
  for (const directory of ["/ns/1", "/ns/2"]) linux.addFile(directory, "");
  linux.addLink("/proc/self/exe", BINARY);
  linux.addLink("/proc/self/ns/mnt", "/ns/1");
  const init = linux.processes.get(1);
  if (init !== undefined && init !== linux.self) init.argv = words;
  return linux;
}

function refusal(linux: FakeLinux): string {
  try {
    return `found ${findInit(linux)}`;
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
}

/** Puts a process between the program under test and its parents. */
function addParent(linux: FakeLinux, words: readonly string[]): FakeProcess {
  const parent = linux.addStranger(() => {}, words);
  linux.self.parent = parent;
  return parent;
}

test("it is the nearest ancestor that is this binary, called as my_init or by a name of the user's", () => {
  for (const name of ["/sbin/my_init", "my_init", "/init"]) {
    const linux = caller(["/sbin/my_init"], 20);
    const [first] = linux.processes.values();
    assert.ok(first);
    runsOurs(linux, first);
    const init = runsOurs(linux, addParent(linux, [name, "--quiet"]), "/ns/2");
    assert.equal(findInit(linux), init.pid);
    assert.notEqual(init.pid, 1);
  }
});

test("an ancestor that is another program of the binary, or another binary of the name, is passed over", () => {
  const linux = caller(["/sbin/my_init"], 20);
  const [first] = linux.processes.values();
  assert.ok(first);
  runsOurs(linux, first);
  linux.addFile("/opt/my_init", "");
  const other = addParent(linux, ["/opt/my_init"]);
  linux.addLink(`/proc/${other.pid}/exe`, "/opt/my_init");
  assert.equal(findInit(linux), 1);
  other.argv = ["setuser", "x"];
  runsOurs(linux, other);
  assert.equal(findInit(linux), 1);
});

test("where an emulator runs all programs, an ancestor has to be called my_init", () => {
  const qemu = "/usr/libexec/qemu-binfmt/aarch64-binfmt-P";
  const linux = caller([qemu, "/sbin/my_init", "/sbin/my_init"], 20);
  const [first] = linux.processes.values();
  assert.ok(first);
  runsOurs(linux, first);
  runsOurs(linux, addParent(linux, [qemu, "/usr/bin/sh", "sh", "-c", "container_health"]));
  assert.equal(findInit(linux), 1);
});

test("without an ancestor it is PID 1, or the only one", () => {
  const linux = caller(["docker-init"], 20);
  linux.self.parent = undefined;
  assert.equal(refusal(linux), "no my_init is running");
  const init = runsOurs(
    linux,
    linux.addStranger(() => {}, ["/sbin/my_init"]),
  );
  assert.equal(findInit(linux), init.pid);
  runsOurs(
    linux,
    linux.addStranger(() => {}, ["/sbin/my_init"]),
  );
  assert.equal(refusal(linux), `several my_init are running (PIDs ${init.pid}, ${init.pid + 1})`);
  const [first] = linux.processes.values();
  assert.ok(first);
  runsOurs(linux, first).argv = ["my_init"];
  assert.equal(findInit(linux), 1);
});

test("a my_init counts only if root, the caller or PID 1's user has started it", () => {
  const asked = (uid: number, firstUid = 0, euid = 0) => {
    const linux = caller(["docker-init"], 20);
    linux.euid = euid;
    linux.self.parent = undefined;
    const [first] = linux.processes.values();
    assert.ok(first);
    first.uid = firstUid;
    const init = linux.addStranger(() => {}, ["my_init"]);
    init.uid = uid;
    runsOurs(linux, init);
    return refusal(linux);
  };
  assert.equal(asked(65534), "no my_init is running");
  for (const [uid, firstUid, euid] of [
    [0, 1000, 1000],
    [1000, 0, 1000],
    [1000, 1000, 0],
  ] as const)
    assert.ok(asked(uid, firstUid, euid).startsWith("found"), `${uid} ${firstUid} ${euid}`);
});

test("if containers share their processes, it is the my_init with the caller's files", () => {
  const linux = caller(["my_init"], 20);
  linux.self.parent = undefined;
  const [first] = linux.processes.values();
  assert.ok(first);
  runsOurs(linux, first, "/ns/2");
  const own = runsOurs(
    linux,
    linux.addStranger(() => {}, ["my_init"]),
  );
  assert.equal(findInit(linux), own.pid);
  own.argv = ["setuser"];
  assert.equal(findInit(linux), 1);
});

test("without permission to read its binary, the name decides", () => {
  const linux = new FakeLinux({
    argv: ["container_exit"],
    pid: 20,
    fault: (call, object) => (call === "stat" && object === "/proc/1/exe" ? 13 : 0),
  });
  const [first] = linux.processes.values();
  assert.ok(first);
  assert.equal(refusal(linux), "no my_init is running");
  first.argv = ["/sbin/my_init"];
  assert.equal(findInit(linux), 1);
});

test("a child of a my_init that has not executed its program yet is no second one", () => {
  const linux = caller(["docker-init"], 20);
  linux.self.parent = undefined;
  const own = runsOurs(
    linux,
    linux.addStranger(() => {}, ["my_init"]),
  );
  const child = runsOurs(
    linux,
    linux.addStranger(() => {}, ["my_init"]),
  );
  assert.equal(refusal(linux), `several my_init are running (PIDs ${own.pid}, ${child.pid})`);
  child.parent = own;
  assert.equal(findInit(linux), own.pid);
});

test("a my_init beside an earlier one is the second, unless that one has other files or it is the first process", () => {
  const others = (startTime: number, directory: string, pid = 20) => {
    const linux = caller(["/sbin/my_init"], pid);
    linux.self.startTime = 500;
    const [first] = linux.processes.values();
    assert.ok(first);
    if (first !== linux.self) {
      runsOurs(linux, first, directory);
      first.startTime = startTime;
    } else
      runsOurs(
        linux,
        linux.addStranger(() => {}, ["/sbin/my_init"]),
        directory,
      );
    return isSecondInit(linux, false);
  };
  assert.equal(others(100, "/ns/1"), true);
  assert.equal(others(500, "/ns/1"), true);
  assert.equal(others(900, "/ns/1"), false);
  assert.equal(others(100, "/ns/2"), false);
  assert.equal(others(100, "/ns/1", 1), false);

  const unknown = (answer: boolean) => {
    const linux = caller(["/sbin/my_init"], 20, (call, object) =>
      call === "stat" && object.endsWith("/1/ns/mnt") ? ERRNO.EACCES : 0,
    );
    const [first] = linux.processes.values();
    assert.ok(first);
    runsOurs(linux, first, "/ns/1");
    return isSecondInit(linux, answer);
  };
  assert.equal(unknown(true), true, "another user's, of which that cannot be seen");
  assert.equal(unknown(false), false);
});
