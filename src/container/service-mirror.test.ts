import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../test/support/fake-linux.ts";
import { findMirror, isMirrorName, mirrorNames } from "./service-mirror.ts";

/** A container whose PID 1 and caller have these users, with mirrors of these names and owners. */
function container(firstUid: number, euid: number, mirrors: Readonly<Record<string, number>>): FakeLinux {
  const linux = new FakeLinux({ pid: 20, euid });
  for (const path of ["/run", "/run/my_init", "/tmp"])
    linux.addDirectory(path, { mode: path === "/run" ? 0o755 : 0o1777 });
  const first = linux.processes.get(1);
  assert.ok(first);
  first.uid = firstUid;
  for (const [path, uid] of Object.entries(mirrors)) linux.addDirectory(path, { mode: 0o700, uid });
  return linux;
}

test("a mirror is called after its user, and where that name is taken after the mount namespace too", () => {
  const linux = container(0, 0, {});
  assert.deepEqual(mirrorNames(linux, 1000), ["my_init-services-1000"]);
  linux.addFile("/proc/self/ns/mnt", "");
  const [first, second = ""] = mirrorNames(linux, 1000);
  assert.equal(first, "my_init-services-1000");
  assert.ok(second.startsWith("my_init-services-1000-") && Number(second.slice("my_init-services-1000-".length)) > 0);
});

test("the name of a mirror is known from its last part", () => {
  assert.ok(isMirrorName("/tmp/my_init-services-0"));
  assert.ok(!isMirrorName("/tmp/my_init-services-0/web"));
  assert.ok(!isMirrorName("/etc/service"));
});

test("the mirror of PID 1's user is found before the caller's own", () => {
  const both = { "/run/my_init/my_init-services-0": 0, "/run/my_init/my_init-services-1000": 1000 };
  assert.deepEqual(findMirror(container(0, 1000, both)), { path: "/run/my_init/my_init-services-0", uid: 0 });
  const own = { "/tmp/my_init-services-1000": 1000 };
  assert.deepEqual(findMirror(container(0, 1000, own)), { path: "/tmp/my_init-services-1000", uid: 1000 });
  assert.equal(findMirror(container(0, 1000, {})), undefined);
});

test("a directory that another user has prepared is no mirror", () => {
  assert.equal(findMirror(container(0, 0, { "/run/my_init/my_init-services-0": 1000 })), undefined);
});
