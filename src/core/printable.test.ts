import assert from "node:assert/strict";
import { test } from "node:test";
import { hex, printable } from "./printable.ts";

test("control characters are spelled out, so that a line stays one line", () => {
  assert.equal(printable("a\nb\rc\td\x1b[31m\0\x7f"), "a\\nb\\rc\\td\\x1b[31m\\x00\\x7f");
});

test("printable characters and the bytes of UTF-8 stay", () => {
  assert.equal(printable("plain ~ text"), "plain ~ text");
  assert.equal(printable("\xc3\xa9\xff"), "\xc3\xa9\xff");
});

test("hexadecimal numbers are padded and never cut", () => {
  assert.equal(hex(10, 2), "0a");
  assert.equal(hex(255, 1), "ff");
});
