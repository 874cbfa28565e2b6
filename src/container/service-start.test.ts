import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../test/support/fake-linux.ts";
import { recordBegan } from "./service-end.ts";
import { recordWaiting, serviceStart } from "./service-start.ts";

const EACCES = 13;
const SUPERVISE = "/service/supervise";

/** A kernel where runsv has started something. @returns it and the pid */
function started(words: readonly string[], exe: string, options: ConstructorParameters<typeof FakeLinux>[0] = {}) {
  const linux = new FakeLinux({ pid: 20, ...options });
  for (const path of ["/service", SUPERVISE]) linux.addDirectory(path);
  linux.addFile("/service/run.own", "");
  linux.addFile("/usr/sbin/my_init", "");
  linux.addFile("/usr/bin/other", "");
  linux.addLink("/proc/self/exe", "/usr/sbin/my_init");
  const { pid } = linux.addStranger(() => {}, words);
  linux.addLink(`/proc/${pid}/exe`, exe);
  return { linux, pid };
}

test("a process that is neither runsv nor ours is the service", () => {
  for (const words of [["sleep", "1"], ["/bin/sh", "./run"], ["./run"]]) {
    const { linux, pid } = started(words, "/usr/bin/other");
    assert.deepEqual(serviceStart(linux, SUPERVISE, pid), { kind: "started" });
  }
  // setuser, say: it is the service's own word.
  const { linux, pid } = started(["setuser", "app"], "/usr/sbin/my_init");
  assert.deepEqual(serviceStart(linux, SUPERVISE, pid), { kind: "started" });
});

test("our process waits for the services that it names; if it names none, the service starts", () => {
  const { linux, pid } = started(["./run"], "/usr/sbin/my_init");
  assert.deepEqual(serviceStart(linux, SUPERVISE, pid), { kind: "starting" });
  recordWaiting(linux, SUPERVISE, "db, cache");
  assert.deepEqual(serviceStart(linux, SUPERVISE, pid), { kind: "waiting", waitsFor: "db, cache" });
  recordWaiting(linux, SUPERVISE, "cache");
  assert.deepEqual(serviceStart(linux, SUPERVISE, pid), { kind: "waiting", waitsFor: "cache" });
  recordWaiting(linux, SUPERVISE, undefined);
  assert.deepEqual(serviceStart(linux, SUPERVISE, pid), { kind: "starting" });
});

test("a binary that runsv has started as `./run` is the service, also where the emulator is all that /proc shows", () => {
  const { linux, pid } = started(["./run"], "/usr/sbin/my_init");
  linux.addFile(`${SUPERVISE}/status`, "\0".repeat(20));
  assert.deepEqual(serviceStart(linux, SUPERVISE, pid), { kind: "starting" });
  recordBegan(linux, SUPERVISE);
  assert.deepEqual(serviceStart(linux, SUPERVISE, pid), { kind: "started" }, "after its wait");
  const plain = started(["./run"], "/usr/sbin/my_init");
  plain.linux.unlink("/service/run.own");
  assert.deepEqual(serviceStart(plain.linux, SUPERVISE, plain.pid), { kind: "started" }, "it never waits");
});

test("without an execve yet, or without a process, the service starts", () => {
  const { linux, pid } = started(["runsv", "db"], "/usr/bin/other");
  assert.deepEqual(serviceStart(linux, SUPERVISE, pid), { kind: "starting" });
  for (const nobody of [0, 4000]) assert.deepEqual(serviceStart(linux, SUPERVISE, nobody), { kind: "starting" });
});

test("a process that cannot be inspected waits if its file exists; otherwise it is the service", () => {
  const fault = (call: string, object: string) =>
    call === "stat" && object.endsWith("/exe") && !object.includes("self") ? EACCES : 0;
  const { linux, pid } = started(["./run"], "/usr/sbin/my_init", { fault });
  assert.deepEqual(serviceStart(linux, SUPERVISE, pid), { kind: "started" });
  recordWaiting(linux, SUPERVISE, "db");
  assert.deepEqual(serviceStart(linux, SUPERVISE, pid), { kind: "waiting", waitsFor: "db" });
});

test("a process that /proc hides is another user's, and started", () => {
  const { linux, pid } = started(["app"], "/usr/bin/other", {
    fault: (call, object) => (call === "readFile" && object.endsWith("/cmdline") ? 2 : 0),
  });
  assert.deepEqual(serviceStart(linux, SUPERVISE, pid), { kind: "started" });
});
