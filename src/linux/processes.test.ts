import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux, type FakeProcess, type FakeProgram } from "../../test/support/fake-linux.ts";
import { exitsAfter, ignoresTerm, neverReaps, sleeps, together } from "../../test/support/fake-programs.ts";
import type { Linux } from "./linux.ts";
import {
  allProcesses,
  childPids,
  childrenOf,
  commandLine,
  descendants,
  ignoresSignal,
  type Process,
  readProcess,
  signalEffect,
  signalProcess,
} from "./processes.ts";

function spawn(linux: FakeLinux, program: (self: FakeProcess) => void, ...argv: string[]): FakeProcess {
  const path = `/bin/p${linux.history.length}`;
  linux.addProgram(path, program);
  const process = linux.processes.get(linux.spawn(path, argv, [], 0, -1, -1, -1));
  assert.ok(process !== undefined);
  return process;
}

test("a name with parentheses, spaces and newlines does not confuse", () => {
  const linux = new FakeLinux();
  const odd = spawn(linux, sleeps, "odd");
  odd.name = "a) Z (b\n1 2";
  const read = readProcess(linux, odd.pid);
  assert.equal(read?.name, odd.name);
  assert.equal(read?.parent, 1);
  assert.equal(read?.isZombie, false);
  assert.equal(read?.startTime, odd.startTime);
});

test("all processes are listed, zombies marked, without processes that end meanwhile", () => {
  const linux: FakeLinux = new FakeLinux({
    fault: (call, path) => {
      if (call === "readFile" && path === "/proc/4/stat") linux.processes.delete(4);
      return 0;
    },
  });
  spawn(linux, exitsAfter(0), "zombie");
  spawn(linux, sleeps, "alive");
  spawn(linux, sleeps, "gone");
  linux.advance(1);
  assert.deepEqual(
    allProcesses(linux).map(({ pid, isZombie }) => [pid, isZombie]),
    [
      [1, false],
      [2, true],
      [3, false],
    ],
  );
});

test("descendants are children, their children and so on, and no other process", () => {
  const linux = new FakeLinux({ pid: 10 });
  const stranger = linux.addStranger(sleeps, ["stranger"]);
  const child = spawn(linux, sleeps, "child");
  const grandchild = child.spawn(sleeps, ["grandchild"]);
  const great = grandchild.spawn(sleeps, ["great"], { session: true });
  stranger.spawn(sleeps, ["stranger's"]);
  const found = descendants(allProcesses(linux), 10).map(({ pid }) => pid);
  assert.deepEqual(found.sort(), [child.pid, grandchild.pid, great.pid].sort());
  assert.deepEqual(childPids(linux, child.pid), [grandchild.pid]);
  assert.deepEqual(childPids(linux, great.pid), []);
});

test("children are found without the kernel's list of them too", () => {
  const linux = new FakeLinux({ fault: (_, path) => (path.endsWith("/children") ? 2 : 0) });
  const child = spawn(linux, sleeps, "child");
  assert.deepEqual(childPids(linux, 1), [child.pid]);
});

test("a command line is one line, and a zombie has its name in brackets", () => {
  const linux = new FakeLinux();
  const shell = spawn(linux, together(sleeps, neverReaps), "sh", "-c", "two\nlines");
  const zombie = shell.spawn(exitsAfter(0), ["/bin/dead"]);
  linux.advance(1);
  const words = (process: FakeProcess) => {
    const read = readProcess(linux, process.pid);
    return read && commandLine(linux, read);
  };
  assert.equal(words(shell), "sh -c two\\nlines");
  assert.equal(words(zombie), "[dead]");
});

test("ignored signals are known", () => {
  const linux = new FakeLinux();
  const deaf = spawn(
    linux,
    together(
      ignoresTerm,
      (self) => self.ignore(1),
      (self) => self.ignore(64),
    ),
    "deaf",
  );
  const hearing = spawn(linux, sleeps, "hearing");
  const ignored = (pid: number) => [1, 2, 14, 15, 16, 63, 64].filter((signal) => ignoresSignal(linux, pid, signal));
  assert.deepEqual(ignored(deaf.pid), [1, 15, 64]);
  assert.deepEqual(ignored(hearing.pid), []);
  assert.deepEqual(ignored(999), []);
});

test("a signal is dropped, handled or has its default effect, as the kernel's sets have it", () => {
  const linux = new FakeLinux();
  const effect = (program: FakeProgram) => signalEffect(linux, spawn(linux, program, "one").pid, 15);
  assert.equal(effect(ignoresTerm), "dropped");
  assert.equal(
    effect((self) => self.on(15, () => {})),
    "handled",
  );
  assert.equal(effect(sleeps), "default");
  assert.equal(signalEffect(linux, 999, 15), "default");
  // Blocked and ignored: sigwait(3) gets it all the same, in mysqld say.
  const sets = "SigBlk:\t0000000000004000\nSigIgn:\t0000000000004000\nSigCgt:\t0000000000000000\n";
  assert.equal(signalEffect({ readFile: () => sets } as unknown as Linux, 7, 15), "handled");
});

test("the children of all threads of a process are found", () => {
  const files: Record<string, string> = {
    "/proc/7/task/7/children": "20 21 ",
    "/proc/7/task/8/children": "30 ",
    ...Object.fromEntries([20, 21, 30].map((pid) => [`/proc/${pid}/stat`, `${pid} (x) S 7 1 1 0 ${"0 ".repeat(30)}`])),
  };
  const linux = {
    readFile: (path: string) => files[path] ?? -2,
    listDir: (path: string) => (path === "/proc/7/task" ? ["8", "7"] : -2),
  } as unknown as Linux;
  const found = childrenOf(linux, { pid: 7, threads: 2 } as Process).map(({ pid }) => pid);
  assert.deepEqual(found, [20, 21, 30]);
});

test("a later process with the pid gets no signal", () => {
  const linux = new FakeLinux({ reusesPids: true });
  const old = linux.addStranger(sleeps, ["old"]);
  const seen = readProcess(linux, old.pid);
  assert.ok(seen !== undefined);
  signalProcess(linux, seen, 1);
  assert.equal(linux.sent.length, 1);
  assert.equal(linux.addStranger(sleeps, ["new"]).pid, old.pid);
  signalProcess(linux, seen, 15);
  assert.equal(linux.sent.length, 1);
  assert.equal(linux.pidfds.size, 0);
});

test("whenever a process ends, no other process gets its signal", () => {
  for (const moment of ["pidfdOpen", "readFile", "pidfdKill", "close"]) {
    let isArmed = false;
    const linux: FakeLinux = new FakeLinux({
      reusesPids: true,
      fault: (call) => {
        if (!isArmed || call !== moment) return 0;
        isArmed = false;
        for (const process of linux.processes.values()) if (process.argv[0] === "old") process.exit(0);
        linux.addStranger(sleeps, ["new"]);
        return 0;
      },
    });
    const old = linux.addStranger(together(sleeps, ignoresTerm), ["old"]);
    const seen = readProcess(linux, old.pid);
    assert.ok(seen !== undefined);
    isArmed = true;
    signalProcess(linux, seen, 15);
    assert.equal(linux.processes.get(old.pid)?.argv[0], "new", moment);
    for (const { target } of linux.sent) assert.equal(target, old, moment);
  }
});

test("without pidfds, kill(2) does", () => {
  const linux = new FakeLinux({ fault: (call) => (call === "pidfdOpen" ? 38 : 0) });
  const child = spawn(linux, sleeps, "child");
  const seen = readProcess(linux, child.pid);
  assert.ok(seen !== undefined);
  signalProcess(linux, seen, 15);
  assert.equal(child.isAlive, false);
});
