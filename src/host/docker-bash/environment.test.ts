import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../../test/support/fake-linux.ts";
import { commandEnvironment } from "./environment.ts";

const root = { name: "root", uid: 0, gid: 0, groups: [0], home: "/root" };

function environmentOf(linux: FakeLinux, given: string[], terminal?: string) {
  return Object.fromEntries(commandEnvironment(linux, given, root, terminal));
}

test("only the container's variables and the user's", () => {
  const linux = new FakeLinux({ environ: ["SECRET=1", "HOME=/home/host"] });
  assert.deepEqual(environmentOf(linux, ["PATH=/bin", "HOME=/srv", "USER=app", "TERM=dumb", "", "=x", "y"]), {
    PATH: "/bin",
    HOME: "/root",
    USER: "root",
    LOGNAME: "root",
    TERM: "dumb",
  });
  assert.equal(environmentOf(linux, ["TERM=dumb"], "vt100")["TERM"], "vt100");
});

test("what my_init keeps in its directory wins, and what is no variable is passed over", () => {
  const linux = new FakeLinux({});
  linux.addDirectory("/etc/container_environment");
  for (const [name, content] of Object.entries({ A: "new\n", "B.c": "\xff", "x=y": "1", N: "a\0b" })) {
    linux.addFile(`/etc/container_environment/${name}`, content);
  }
  linux.addDirectory("/etc/container_environment/..data");
  linux.addFile("/etc/container_environment/.my_init.1.tmp", "half");
  const env = environmentOf(linux, ["A=old", "B=kept"]);
  assert.deepEqual(env, { A: "new", B: "kept", "B.c": "\xff", HOME: "/root", USER: "root", LOGNAME: "root" });
});

test("what a shell that was the container's first process has set for itself is not handed on", () => {
  const env = environmentOf(new FakeLinux({}), ["PWD=/opt", "OLDPWD=/", "SHLVL=1", "_=/sbin/my_init", "DISPLAY=:0"]);
  assert.deepEqual(env, { DISPLAY: ":0", HOME: "/root", USER: "root", LOGNAME: "root" });
});

test("on a read-only root the directory is in /run", () => {
  const linux = new FakeLinux({});
  for (const directory of ["/run", "/run/container_environment", "/etc/container_environment"])
    linux.addDirectory(directory);
  linux.addFile("/etc/container_environment/A", "of the image");
  linux.addFile("/run/container_environment/A", "of this start");
  assert.equal(environmentOf(linux, [])["A"], "of this start");
});
