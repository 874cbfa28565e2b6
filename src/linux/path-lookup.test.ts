import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../test/support/fake-linux.ts";
import { sleeps } from "../../test/support/fake-programs.ts";
import { lookupCommand } from "./path-lookup.ts";

function linuxWith(...paths: string[]): FakeLinux {
  const linux = new FakeLinux();
  linux.addDirectory("/opt");
  for (const path of paths) linux.addProgram(path, sleeps);
  return linux;
}

test("the first directory of PATH that has it wins", () => {
  const linux = linuxWith("/usr/bin/app", "/bin/app");
  assert.deepEqual(lookupCommand(linux, "app", "/opt:/bin:/usr/bin"), { kind: "found", path: "/bin/app" });
});

test("without PATH the places where a shell would look are searched", () => {
  assert.deepEqual(lookupCommand(linuxWith("/usr/bin/app"), "app", undefined), { kind: "found", path: "/usr/bin/app" });
  assert.equal(lookupCommand(linuxWith("/opt/app"), "app", undefined).kind, "not-found");
});

test("an empty part of PATH is the current directory", () => {
  const linux = linuxWith("./app");
  for (const path of ["", ":/bin", "/bin:", "/bin::/usr"]) {
    assert.deepEqual(lookupCommand(linux, "app", path), { kind: "found", path: "./app" }, path);
  }
});

test("a word with a slash is a path and is not searched for", () => {
  const linux = linuxWith("/opt/app", "/bin/opt/app");
  assert.deepEqual(lookupCommand(linux, "/opt/app", "/bin"), { kind: "found", path: "/opt/app" });
  assert.deepEqual(lookupCommand(linux, "opt/app", "/bin"), { kind: "not-found", errno: 2 });
});

test("a file that cannot be executed is skipped, and reported if there is no other", () => {
  const linux = linuxWith("/usr/bin/app");
  linux.addFile("/opt/app", "text");
  assert.deepEqual(lookupCommand(linux, "app", "/opt:/usr/bin"), { kind: "found", path: "/usr/bin/app" });
  assert.deepEqual(lookupCommand(linux, "app", "/opt:/bin"), { kind: "not-executable", path: "/opt/app", errno: 13 });
});

test("a directory of that name is no command, and no reason either", () => {
  const linux = linuxWith();
  linux.addDirectory("/opt/app");
  assert.deepEqual(lookupCommand(linux, "app", "/opt"), { kind: "not-found", errno: 2 });
  assert.deepEqual(lookupCommand(linux, "/opt/app", ""), { kind: "not-executable", path: "/opt/app", errno: 21 });
});

test("the empty word is no command", () => {
  assert.equal(lookupCommand(linuxWith(), "", "/usr/bin").kind, "not-found");
});

test("a directory without search permission is reported, a file in its place is skipped", () => {
  const closed = new FakeLinux({ fault: (call, path) => (call === "stat" && path.startsWith("/closed/") ? 13 : 0) });
  assert.deepEqual(lookupCommand(closed, "app", "/closed:/bin"), {
    kind: "not-executable",
    path: "/closed/app",
    errno: 13,
  });
  const linux = linuxWith("/bin/app");
  linux.addFile("/opt/file", "");
  assert.deepEqual(lookupCommand(linux, "app", "/opt/file:/bin"), { kind: "found", path: "/bin/app" });
});
