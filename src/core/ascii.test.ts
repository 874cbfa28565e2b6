import assert from "node:assert/strict";
import { test } from "node:test";
import { isAllDigits, isDigit, isLetter } from "./ascii.ts";

test("letters and digits are those of ASCII and no others", () => {
  let letters = "";
  let digits = "";
  for (let code = 0; code < 256; code++) {
    if (isLetter(code)) letters += String.fromCharCode(code);
    if (isDigit(code)) digits += String.fromCharCode(code);
  }
  assert.equal(letters, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz");
  assert.equal(digits, "0123456789");
});

test("all digits means one at least", () => {
  assert.equal(isAllDigits("0123"), true);
  assert.equal(isAllDigits(""), false);
  assert.equal(isAllDigits("12a"), false);
});
