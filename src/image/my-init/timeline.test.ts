import assert from "node:assert/strict";
import { test } from "node:test";
import type { FakeLinux } from "../../../test/support/fake-linux.ts";
import * as habit from "../../../test/support/fake-programs.ts";
import { live } from "../../../test/support/story.ts";
import { parseRecord } from "../../container/phase-record.ts";

test("each step of the boot is on record when it is over, with its times", () => {
  const { linux } = live({
    words: ["app"],
    programs: { "/etc/my_init.d/10_slow": habit.exitsAfter(50), "/bin/app": habit.exitsAfter(10) },
  });
  const [file] = linux.memoryFiles.values();
  const record = parseRecord(file?.text ?? "");
  assert.deepEqual(
    record?.steps.map(({ name }) => name),
    ["environment", "system log", "/etc/my_init.d/10_slow", "services", "command"],
  );
  const slow = record?.steps[2];
  assert.equal((slow?.endMs ?? 0) - (slow?.startMs ?? 0), 50);
  assert.equal(record?.steps[3]?.startMs, slow?.endMs);
});

test("an unfinished boot leaves no record; the record of a boot with only a command says only that it is over", () => {
  const failed = live({ programs: { "/etc/my_init.d/10_fails": habit.exitsAfter(5, 1) } });
  assert.equal(failed.linux.memoryFiles.size, 0);
  const bare = live({
    words: ["--skip-startup-files", "--skip-runit", "app"],
    programs: { "/bin/app": habit.exitsAfter(5) },
  });
  assert.deepEqual(
    [...bare.linux.memoryFiles.values()].map(({ text }) => text),
    ["boot_record 1\nstopping\n"],
  );
});

test("a kernel without such files is no reason to fail", () => {
  const { status } = live({
    words: ["app"],
    programs: { "/bin/app": habit.exitsAfter(5) },
    fault: (call) => (call === "memoryFile" ? 38 : 0),
  });
  assert.equal(status, 0);
});

const LAST_SHUTDOWN = "/run/my_init/last_shutdown";
const withDirectory = (linux: FakeLinux) => linux.addDirectory("/run/my_init");

test("the shutdown is on record, with each service's time and the killed processes", () => {
  const { linux, lines } = live({
    programs: { "/etc/my_init.pre_shutdown.d/10_slow": habit.exitsAfter(50) },
    services: [
      { name: "quick", run: habit.endsOnTerm(20) },
      { name: "deaf", run: habit.ignoresTerm },
    ],
    signals: { 5000: 15 },
    prepare: withDirectory,
  });
  const record = parseRecord(linux.files.get(LAST_SHUTDOWN)?.content ?? "");
  assert.equal(record?.phase, "shutdown");
  const took = new Map(record?.steps.map(({ name, startMs, endMs }) => [name, Math.round(endMs - startMs)]));
  assert.equal(took.get("/etc/my_init.pre_shutdown.d/10_slow"), 50);
  assert.ok((took.get("service quick") ?? 0) < 100 && (took.get("service deaf") ?? 0) > 1000, [...took].join("; "));
  assert.deepEqual(
    record?.killed.map(({ step }) => step),
    ["service deaf"],
  );
  assert.ok(
    lines.some((line) => line.includes("longest: service deaf, ")),
    lines.join("\n"),
  );
});

test("the log has the shutdown's time only if it was slow", () => {
  const line = (endMs: number, environ: readonly string[] = []) => {
    const services = [{ name: "app", run: habit.endsOnTerm(endMs) }];
    const { lines } = live({ services, signals: { 5000: 15 }, environ: ["PATH=/bin", ...environ] });
    return lines.find((each) => each.includes("The shutdown took"));
  };
  assert.equal(line(2500), undefined);
  assert.equal(line(3100), "*** The shutdown took 3.1 s; longest: service app, 3.1 s");
  assert.equal(line(5000, ["SHUTDOWN_TIMEOUT=20"]), undefined);
  assert.equal(line(1200, ["SHUTDOWN_TIMEOUT=3"]), "*** The shutdown took 1.2 s; longest: service app, 1.2 s");
  assert.equal(line(20_000, ["KILL_PROCESS_TIMEOUT=1"])?.endsWith("longest: service app, 1.0 s"), true);
});

test("where it cannot be written the shutdown ends all the same, with nothing half-written", () => {
  const { linux, status } = live({
    programs: {},
    signals: { 100: 15 },
    prepare: withDirectory,
    fault: (call, what) => (call === "writeFile" && what.includes("last_shutdown") ? 28 : 0),
  });
  assert.equal(status, 0);
  assert.equal(linux.files.has(LAST_SHUTDOWN), false);
});
