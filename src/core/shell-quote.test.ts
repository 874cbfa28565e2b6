import assert from "node:assert/strict";
import { test } from "node:test";
import { shellQuote } from "./shell-quote.ts";

test("plain words stay as they are, so that a dump is easy to read", () => {
  for (const word of ["a", "/usr/bin:/bin", "en_US.UTF-8", "a=b", "1.2", "a-b"]) {
    assert.equal(shellQuote(word), word);
  }
});

test("all others are quoted", () => {
  assert.equal(shellQuote(""), "''");
  assert.equal(shellQuote("a b"), "'a b'");
  assert.equal(shellQuote("it's"), `'it'"'"'s'`);
  assert.equal(shellQuote("~"), "'~'");
  assert.equal(shellQuote("\xff"), "'\xff'");
});
