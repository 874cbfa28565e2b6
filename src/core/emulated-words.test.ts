import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutEmulator } from "./emulated-words.ts";

test("a program that an emulator runs has its own words", () => {
  const debian = "/usr/libexec/qemu-binfmt/aarch64-binfmt-P";
  assert.deepEqual(withoutEmulator([debian, "/usr/bin/runsv", "runsv", "cron"]), ["runsv", "cron"]);
  assert.deepEqual(withoutEmulator([debian, "./run", "./run"]), ["./run"]);
  for (const other of ["/usr/bin/qemu-aarch64-static", "/usr/bin/buildkit-qemu-x86_64", "/run/rosetta/rosetta"])
    assert.deepEqual(withoutEmulator([other, "/usr/bin/runsv", "cron"]), ["/usr/bin/runsv", "cron"]);
});

test("other programs keep their words, also an emulator that was called by name", () => {
  for (const words of [
    [],
    ["runsv", "cron"],
    ["/bin/sh", "/usr/bin/script"],
    ["/usr/bin/program"],
    ["qemu-system-x86_64", "/disk"],
    ["/usr/bin/qemu-aarch64", "--help"],
  ])
    assert.deepEqual(withoutEmulator(words), words);
});
