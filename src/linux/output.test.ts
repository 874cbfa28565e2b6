import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../test/support/fake-linux.ts";
import { Output, writeAll } from "./output.ts";

test("lines go out at once where there is room, in their order", () => {
  const linux = new FakeLinux();
  const output = new Output(linux, 2);
  output.writeLine("one");
  output.writeLine("two");
  assert.equal(linux.stderr.text, "one\ntwo\n");
  assert.equal(output.isBehind, false);
});

test("a reader that is behind is never waited for, and misses nothing", () => {
  const linux = new FakeLinux();
  const output = new Output(linux, 2);
  const line = "x".repeat(999);
  linux.stderr.room = 5000;
  for (let i = 0; i < 20; i++) output.writeLine(line);
  assert.equal(output.isBehind, true);
  assert.equal(linux.stderr.hasBlocked, false);
  for (let i = 0; i < 100 && output.isBehind; i++) {
    linux.stderr.room += 1500;
    output.flush();
  }
  assert.equal(linux.stderr.text, `${line}\n`.repeat(20));
});

test("what nobody reads is dropped in the end, and a line says how much", () => {
  const linux = new FakeLinux();
  const output = new Output(linux, 2);
  linux.stderr.room = 0;
  for (let i = 0; i < 1000; i++) output.writeLine("x".repeat(999));
  linux.stderr.room = Number.POSITIVE_INFINITY;
  output.flush();
  assert.ok(linux.stderr.text.length < 300_000);
  const lines = linux.stderr.text.split("\n");
  const last = lines[lines.length - 2] ?? "";
  assert.ok(last.startsWith("*** ") && last.endsWith(" bytes of messages were lost: nobody read them in time"), last);
  assert.ok(lines.slice(0, -2).every((line) => line.length === 999));
});

test("a closed descriptor takes everything, and nothing is kept for it", () => {
  const linux = new FakeLinux();
  const output = new Output(linux, 2);
  linux.stderr.isClosed = true;
  output.writeLine("nobody hears this");
  assert.equal(output.isBehind, false);
});

test("writeAll() writes all, and gives up where nobody reads", () => {
  const linux = new FakeLinux();
  writeAll(linux, 1, "all of it");
  assert.equal(linux.stdout.text, "all of it");
  linux.stdout.isClosed = true;
  writeAll(linux, 1, "x");
  assert.equal(linux.stdout.text, "all of it");
});
