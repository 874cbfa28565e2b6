import assert from "node:assert/strict";
import { test } from "node:test";
import * as habit from "../../test/support/fake-programs.ts";
import { live } from "../../test/support/story.ts";
import { parseRecord } from "../core/boot-record.ts";

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

test("a boot that does not come to its end, or has nothing but a command, leaves no record", () => {
  const failed = live({ programs: { "/etc/my_init.d/10_fails": habit.exitsAfter(5, 1) } });
  assert.equal(failed.linux.memoryFiles.size, 0);
  const bare = live({
    words: ["--skip-startup-files", "--skip-runit", "app"],
    programs: { "/bin/app": habit.exitsAfter(5) },
  });
  assert.equal(bare.linux.memoryFiles.size, 0);
});

test("a kernel without such files is no reason to fail", () => {
  const { status } = live({
    words: ["app"],
    programs: { "/bin/app": habit.exitsAfter(5) },
    fault: (call) => (call === "memoryFile" ? 38 : 0),
  });
  assert.equal(status, 0);
});
