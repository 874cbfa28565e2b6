import assert from "node:assert/strict";
import { test } from "node:test";
import { isShellName, jsonString, toJson, toShellScript } from "./env-export.ts";

test("a shell's name is letters, digits and _, and no digit comes first", () => {
  for (const name of ["A", "_", "a1", "LC_ALL", "_0"]) assert.equal(isShellName(name), true, name);
  for (const name of ["", "1A", "a-b", "a.b", "a b", "\xe9", "a\n", "a="]) assert.equal(isShellName(name), false, name);
  let first = "";
  let later = "";
  for (let code = 0; code < 256; code++) {
    const character = String.fromCharCode(code);
    if (isShellName(character)) first += character;
    if (isShellName(`a${character}`)) later += character;
  }
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
  assert.equal(first, letters);
  assert.equal(later, `0123456789${letters}`);
});

test("a shell script is sorted and leaves out what no shell can set", () => {
  const env = new Map([
    ["B", "two words"],
    ["a-b", "x"],
    ["A", ""],
    ["UID", "0"],
    ["PPID", "1"],
  ]);
  assert.equal(toShellScript(env), "export A=''\nexport B='two words'\n");
  assert.equal(toShellScript(new Map()), "");
});

test("JSON is one object, sorted, with all that JSON wants escaped", () => {
  const env = new Map([
    ["b", 'say "hi"\\'],
    ["a", "\n\x01\x7f"],
  ]);
  assert.equal(toJson(env), '{"a": "\\u000a\\u0001\\u007f", "b": "say \\"hi\\"\\\\"}');
  assert.equal(toJson(new Map()), "{}");
});

test("in JSON, bytes of UTF-8 stay and other bytes become lone surrogates", () => {
  assert.equal(jsonString("\xc3\xa9"), '"\xc3\xa9"');
  assert.equal(jsonString("\xff\xc3"), '"\\udcff\\udcc3"');
  assert.equal(jsonString("\xe2\x82"), '"\\udce2\\udc82"');
});
