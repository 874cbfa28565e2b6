import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux, Replaced } from "../../../test/support/fake-linux.ts";
import * as habit from "../../../test/support/fake-programs.ts";
import { main } from "./main.ts";

/** A kernel in which runsv has started this program: in the directory of a service. */
function inDirectory(directory: string, prepare: (linux: FakeLinux) => void = () => {}) {
  const linux = new FakeLinux({ argv: ["./run"], environ: ["A=b"], pid: 20 });
  linux.addDirectory("/etc/service");
  linux.addDirectory("/etc/service/web");
  linux.addLink(`${directory}/run.own`, "/etc/service/web/run");
  linux.addDirectory(directory);
  linux.cwd = directory;
  prepare(linux);
  return linux;
}

test("it executes the service's own program, with the same argument and environment", () => {
  const linux = inDirectory("/mirror/web", (linux) => linux.addProgram("/etc/service/web/run", habit.sleeps));
  let replaced: unknown;
  try {
    main(linux);
  } catch (error) {
    replaced = error;
  }
  assert.ok(replaced instanceof Replaced);
  assert.equal(replaced.file, "./run.own");
  assert.deepEqual(replaced.words, ["./run"]);
  assert.deepEqual(replaced.env, ["A=b"]);
});

test("if that program cannot be run, a line names its path and the service, and the status is a shell's", () => {
  const gone = inDirectory("/mirror/web");
  assert.equal(main(gone), 127);
  assert.equal(gone.stderr.text, '*** web: cannot run "/etc/service/web/run": no such file or directory (ENOENT)\n');
  const notExecutable = inDirectory("/mirror/web", (linux) => linux.addFile("/etc/service/web/run", ""));
  assert.equal(main(notExecutable), 126);
  const reason = "no permission; make it executable with chmod +x (EACCES)";
  assert.equal(notExecutable.stderr.text, `*** web: cannot run "/etc/service/web/run": ${reason}\n`);
});

test("the line comes once for the first failures, and not if the boot has said the same", () => {
  const again = inDirectory("/mirror/web", (linux) => {
    linux.addDirectory("/mirror/web/supervise");
    linux.addFile("/mirror/web/supervise/ends", `1 1 127 0 1 1 0 0 ${Math.floor(linux.realtimeMs())} 1`);
  });
  const reported = inDirectory("/mirror/web", (linux) => linux.addFile("/mirror/web/.reported", ""));
  for (const linux of [again, reported]) assert.deepEqual([main(linux), linux.stderr.text], [127, ""]);
});

test("a log service is named with its service", () => {
  const name = (hasService: boolean) => {
    const linux = inDirectory("/mirror/web/log", (linux) => {
      linux.addDirectory("/mirror/web");
      if (hasService) linux.addDirectory("/mirror/web/supervise");
    });
    main(linux);
    return linux.stderr.text.split(":")[0];
  };
  assert.equal(name(true), "*** web/log");
  assert.equal(name(false), "*** log", "a service may have that name, too");
});
