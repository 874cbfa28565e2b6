import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8Length } from "./utf8.ts";

test("characters of one to four bytes are found", () => {
  assert.equal(utf8Length("a", 0), 1);
  assert.equal(utf8Length("\xc3\xa9", 0), 2);
  assert.equal(utf8Length("\xe2\x82\xac", 0), 3);
  assert.equal(utf8Length("\xf0\x9f\x98\x80", 0), 4);
  assert.equal(utf8Length("xx\xc3\xa9", 2), 2);
});

test("what is overlong, a surrogate, too high, cut off or alone is no character", () => {
  const none = [
    "\xc0\x80",
    "\xc1\xbf",
    "\xe0\x9f\xbf",
    "\xed\xa0\x80",
    "\xf0\x8f\xbf\xbf",
    "\xf4\x90\x80\x80",
    "\xf5\x80\x80\x80",
  ];
  for (const bytes of [...none, "\xc3", "\xe2\x82", "\xf0\x9f\x98", "\x80", "\xff", "\xc3a"]) {
    assert.equal(utf8Length(bytes, 0), 0, bytes);
  }
});
