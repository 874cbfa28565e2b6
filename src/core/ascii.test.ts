import assert from "node:assert/strict";
import { test } from "node:test";
import { isAllDigits, isDigit } from "./ascii.ts";

test("only ASCII digits are digits", () => {
  let digits = "";
  for (let code = 0; code < 256; code++) {
    if (isDigit(code)) digits += String.fromCharCode(code);
  }
  assert.equal(digits, "0123456789");
});

test("all digits means one at least", () => {
  assert.equal(isAllDigits("0123"), true);
  assert.equal(isAllDigits(""), false);
  assert.equal(isAllDigits("12a"), false);
});
