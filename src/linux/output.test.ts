import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../test/support/fake-linux.ts";
import { Output, writeAll } from "./output.ts";

test("lines are written immediately if there is room, in their order", () => {
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

test("text that no process reads is dropped in the end, and a line says how much", () => {
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

test("nothing is kept for a closed descriptor", () => {
  const linux = new FakeLinux();
  const output = new Output(linux, 2);
  linux.stderr.isClosed = true;
  output.writeLine("unread");
  assert.equal(output.isBehind, false);
});

test("writeAll() writes all, and gives up if no process reads", () => {
  const linux = new FakeLinux();
  writeAll(linux, 1, "all of it");
  assert.equal(linux.stdout.text, "all of it");
  linux.stdout.isClosed = true;
  writeAll(linux, 1, "x");
  assert.equal(linux.stdout.text, "all of it");
});

test("without a descriptor all text is kept, and written once there is one", () => {
  const linux = new FakeLinux();
  const output = new Output(linux, -1);
  output.writeLine("one");
  output.writeLine("two");
  assert.equal(output.isBehind, false);
  output.moveTo(2, (line) => `<${line}>\n`);
  output.writeLine("three");
  assert.equal(linux.stderr.text, "<one>\n<two>\n<three>\n");
});

test("lines that wait for room move to the next descriptor, each as a whole", () => {
  const linux = new FakeLinux();
  const output = new Output(linux, 1);
  linux.stdout.room = 4096 + "first\n".length;
  output.writeLine("first");
  output.writeLine("x".repeat(5000));
  output.writeLine("last");
  assert.equal(linux.stdout.text, `first\n${"x".repeat(4096)}`);
  output.moveTo(2, (line) => `<${line}>\n`);
  assert.equal(linux.stderr.text, `<${"x".repeat(5000)}>\n<last>\n`);
});
