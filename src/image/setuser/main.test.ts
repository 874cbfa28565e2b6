import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux, type FakeOptions, Replaced } from "../../../test/support/fake-linux.ts";
import { sleeps } from "../../../test/support/fake-programs.ts";
import { main } from "./main.ts";

const PASSWD = "root:x:0:0:root:/root:/bin/bash\nwww:x:33:34:www:/var/www:/bin/sh\n1000:x:7:7::/seven:/bin/sh\n";
const GROUP = "root:x:0:\nwww:x:34:\nadm:x:4:www,root\ntape:x:26:www\n";

/** Calls setuser with these words. */
function setuser(words: string[], environ: string[] = ["PATH=/bin", "A=1"], options: FakeOptions = {}) {
  const linux = new FakeLinux({ argv: ["setuser", ...words], environ, ...options });
  linux.addFile("/etc/passwd", PASSWD);
  linux.addFile("/etc/group", GROUP);
  linux.addProgram("/bin/app", sleeps);
  linux.addFile("/bin/text", "text");
  let replaced: Replaced | undefined;
  let status: number | undefined;
  try {
    status = main(linux);
  } catch (error) {
    if (!(error instanceof Replaced)) throw error;
    replaced = error;
  }
  return { linux, replaced, status, said: linux.stderr.text };
}

test("a user's name gives uid, gid, all groups and the four variables, and leaves the rest", () => {
  const { linux, replaced } = setuser(["www", "app", "-x", "--", "y"], ["PATH=/bin", "A=1", "HOME=/root", "USER=root"]);
  assert.deepEqual(linux.calls, ["setGroups 34,4,26", "setGid 34", "setUid 33"]);
  assert.equal(replaced?.file, "/bin/app");
  assert.deepEqual(replaced?.words, ["app", "-x", "--", "y"]);
  assert.deepEqual([...(replaced?.env ?? [])].sort(), [
    "A=1",
    "HOME=/var/www",
    "LOGNAME=www",
    "PATH=/bin",
    "UID=33",
    "USER=www",
  ]);
});

test("a uid is looked up, and a uid without a line is a user in group 0", () => {
  assert.deepEqual(setuser(["33", "app"]).linux.calls, ["setGroups 34,4,26", "setGid 34", "setUid 33"]);
  const nobody = setuser(["4242", "app"]);
  assert.deepEqual(nobody.linux.calls, ["setGroups 0", "setGid 0", "setUid 4242"]);
  assert.ok(nobody.replaced?.env.includes("HOME=/"));
});

test("a name made of digits is a name first", () => {
  assert.deepEqual(setuser(["1000", "app"]).linux.calls.slice(-1), ["setUid 7"]);
});

test("uid:gid and name:group give that group alone", () => {
  assert.deepEqual(setuser(["33:44", "app"]).linux.calls, ["setGroups 44", "setGid 44", "setUid 33"]);
  assert.deepEqual(setuser(["www:tape", "app"]).linux.calls, ["setGroups 26", "setGid 26", "setUid 33"]);
});

test("an unknown user is an error with status 1, and nothing is done", () => {
  const user = setuser(["ghost", "app"]);
  assert.deepEqual([user.status, user.said, user.linux.calls.length], [1, "setuser: user ghost not found\n", 0]);
  const group = setuser(["www:ghosts", "app"]);
  assert.deepEqual([group.status, group.said, group.linux.calls.length], [1, "setuser: group ghosts not found\n", 0]);
});

test("too few words print the usage, with status 1", () => {
  for (const words of [[], ["www"]]) {
    const { status, said } = setuser(words);
    assert.equal(status, 1);
    assert.ok(said.startsWith("usage: setuser USER COMMAND [ARG]...\n"));
  }
});

test("a command that is not there gives 127, one that cannot be executed 126", () => {
  assert.equal(setuser(["www", "nothing"]).status, 127);
  assert.equal(setuser(["www", "/bin/text"]).status, 126);
  assert.equal(setuser(["www", "app"], ["PATH=/bin"], { fault: (call) => (call === "exec" ? 8 : 0) }).status, 126);
});

test("without permission to switch user it reports that, with status 1, and runs nothing", () => {
  const { status, said, replaced } = setuser(["www", "app"], ["PATH=/bin"], { euid: 1000 });
  assert.equal(status, 1);
  assert.equal(said, "setuser: cannot set the groups of user www: operation not permitted (EPERM)\n");
  assert.equal(replaced, undefined);
});
