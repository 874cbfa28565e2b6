import assert from "node:assert/strict";
import { test } from "node:test";
import { hex, printable } from "./printable.ts";

test("control characters are spelled out, so that a line stays one line", () => {
  assert.equal(printable("a\nb\rc\td\x1b[31m\0\x7f"), "a\\nb\\rc\\td\\x1b[31m\\x00\\x7f");
});

test("so are control characters of UTF-8 beyond ASCII", () => {
  assert.equal(printable("a\xc2\x9b31m\xc2\x80\xc2\x9f"), "a\\xc2\\x9b31m\\xc2\\x80\\xc2\\x9f");
});

test("printable characters and the bytes of UTF-8 stay", () => {
  assert.equal(printable("plain ~ text"), "plain ~ text");
  assert.equal(printable("\xc3\xa9\xff"), "\xc3\xa9\xff");
  assert.equal(printable("\xc2\xa0\xe2\x80\x9b \xc2"), "\xc2\xa0\xe2\x80\x9b \xc2");
});

test("hexadecimal numbers are padded and never cut", () => {
  assert.equal(hex(10, 2), "0a");
  assert.equal(hex(255, 1), "ff");
});
