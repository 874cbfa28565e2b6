import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../../test/support/fake-linux.ts";
import { main } from "./main.ts";

/** container_exit, whose parent is a my_init with PID 1. */
function ask(words: readonly string[], errno = 0) {
  const linux = new FakeLinux({
    argv: ["container_exit", ...words],
    pid: 7,
    fault: (call) => (call === "queueSignal" ? errno : 0),
  });
  const [init] = linux.processes.values();
  if (init !== undefined) init.argv = ["/sbin/my_init"];
  linux.addFile("/usr/sbin/my_init", "");
  for (const path of ["/proc/self/exe", "/proc/1/exe"]) linux.addLink(path, "/usr/sbin/my_init");
  const status = main(linux);
  return { status, linux, error: linux.stderr.text };
}

test("the status goes to my_init with RTMIN+3", () => {
  for (const [words, value] of [
    [[], 0x62690000],
    [["0"], 0x62690000],
    [["3"], 0x62690003],
    [["255"], 0x626900ff],
  ] as const) {
    const { status, linux, error } = ask(words);
    assert.equal(status, 0);
    assert.deepEqual(linux.calls, [`queueSignal 1 37 ${value}`]);
    assert.equal(error, "");
  }
});

test("what is no exit status is usage, 2, and asks nothing", () => {
  for (const words of [["256"], ["-1"], ["x"], [""], ["1", "2"], ["--bad"], ["3\n"], ["0x3"], ["99999999999"]]) {
    const { status, linux, error } = ask(words);
    assert.equal(status, 2);
    assert.deepEqual(linux.calls, []);
    assert.ok(error.includes("usage: container_exit"), error);
  }
});

test("--help is on standard output", () => {
  const { status, linux } = ask(["--help"]);
  assert.equal(status, 0);
  assert.ok(linux.stdout.text.startsWith("usage: container_exit [STATUS]\n"));
});

test("a missing permission is one line and status 1", () => {
  const { status, error } = ask(["3"], 1);
  assert.equal(status, 1);
  assert.equal(
    error,
    "container_exit: cannot ask my_init (PID 1) to stop: operation not permitted (EPERM); " +
      "only root and the user it runs as may ask\n",
  );
});

test("without my_init there is an error and status 1", () => {
  const linux = new FakeLinux({ argv: ["container_exit"], pid: 7 });
  assert.equal(main(linux), 1);
  assert.equal(linux.stderr.text, "container_exit: no my_init is running\n");
});
