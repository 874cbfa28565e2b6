import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../test/support/fake-linux.ts";
import { isBound } from "./unix-sockets.ts";

test("a path has a living socket where the kernel lists it", () => {
  const linux = new FakeLinux();
  assert.equal(isBound(linux, "/dev/log"), false);
  const line = "ffff9a0c45b6e400: 00000002 00000000 00000000 0002 01 5404970";
  linux.addDirectory("/proc/net");
  linux.addFile("/proc/net/unix", `Num RefCount Protocol Flags Type St Inode Path\n${line}\n${line} /dev/log\n`);
  assert.equal(isBound(linux, "/dev/log"), true);
  assert.equal(isBound(linux, "/log"), false);
  assert.equal(isBound(linux, "/dev/logs"), false);
});
