import assert from "node:assert/strict";
import { test } from "node:test";
import * as habit from "../../../../test/support/fake-programs.ts";
import { live } from "../../../../test/support/story.ts";
import { ROTATION_SCRIPT } from "./rotation.ts";

const SIGTERM = 15;
const MINUTE_MS = 60_000;

function starts(story: Parameters<typeof live>[0]): number {
  const { linux, lines, status } = live(story);
  assert.equal(status, 0);
  assert.ok(!lines.some((line) => line.includes("rotat")));
  return linux.history.filter(({ file }) => file === ROTATION_SCRIPT).length;
}

test("logs that have grown too large are looked for once a minute, without a line", () => {
  const programs = { [ROTATION_SCRIPT]: habit.exitsAfter(10) };
  assert.equal(starts({ programs, signals: { [MINUTE_MS / 2]: SIGTERM } }), 0);
  assert.equal(starts({ programs, signals: { [3.5 * MINUTE_MS]: SIGTERM } }), 3);
});

test("a rotation that takes longer than a minute is not started a second time", () => {
  const programs = { [ROTATION_SCRIPT]: habit.exitsAfter(2.5 * MINUTE_MS) };
  assert.equal(starts({ programs, signals: { [4.5 * MINUTE_MS]: SIGTERM } }), 2);
});

test("another user than root and a container without services rotate nothing", () => {
  const programs = { [ROTATION_SCRIPT]: habit.exitsAfter(10), "/bin/app": habit.exitsAfter(3 * MINUTE_MS) };
  assert.equal(starts({ programs, euid: 1000, signals: { [3.5 * MINUTE_MS]: SIGTERM } }), 0);
  assert.equal(starts({ programs, words: ["--skip-runit", "app"] }), 0);
});
