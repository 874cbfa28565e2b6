import assert from "node:assert/strict";
import { test } from "node:test";
import { optionsHelp, parseOptions, wholeNumber } from "./args.ts";

const OPTIONS = [
  { flag: "--quiet", help: "say less" },
  { flag: "--skip", help: "leave out" },
];

function parse(...words: string[]): string {
  const parsed = parseOptions(OPTIONS, words);
  if (parsed.kind === "unknown-option") return `unknown ${parsed.option}`;
  return `${[...parsed.flags].join(",")} | ${parsed.words.join(",")}`;
}

test("options end at the first word that is none, and the rest is the command's", () => {
  assert.equal(parse("--quiet", "bash", "--skip", "-l"), "--quiet | bash,--skip,-l");
  assert.equal(parse("bash", "--quiet"), " | bash,--quiet");
  assert.equal(parse("--quiet", "", "x"), "--quiet | ,x");
});

test("the first -- is dropped, the second is a word", () => {
  assert.equal(parse("--quiet", "--", "--skip"), "--quiet | --skip");
  assert.equal(parse("--", "--", "x"), " | --,x");
  assert.equal(parse("x", "--", "y"), " | x,--,y");
});

test("options may come in any order, twice, and alone", () => {
  assert.equal(parse("--skip", "--quiet", "--skip"), "--skip,--quiet | ");
  assert.equal(parse(), " | ");
});

test("an option that nobody knows is named, a lone - too", () => {
  assert.equal(parse("--quiet", "--loud", "x"), "unknown --loud");
  assert.equal(parse("--quie"), "unknown --quie");
  assert.equal(parse("--quiet=1"), "unknown --quiet=1");
  assert.equal(parse("-"), "unknown -");
});

test("help stands in columns", () => {
  assert.equal(optionsHelp(OPTIONS), "  --quiet  say less\n  --skip   leave out\n");
});

test("a whole number is made of one to nine digits and of nothing else", () => {
  assert.equal(wholeNumber("0"), 0);
  assert.equal(wholeNumber("007"), 7);
  assert.equal(wholeNumber("999999999"), 999999999);
  for (const text of ["", " 1", "1 ", "+1", "-1", "1.5", "1e3", "0x10", "1000000000", "\n", "one", "\xb2"]) {
    assert.equal(wholeNumber(text), undefined, text);
  }
});
