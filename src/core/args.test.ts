import assert from "node:assert/strict";
import { test } from "node:test";
import { parseOptions, wholeNumber } from "./args.ts";

const OPTIONS = [{ flag: "--quiet" }, { flag: "--skip" }, { flag: "--user", letter: "-u", value: "a name" }];

function parse(...words: string[]): string {
  const parsed = parseOptions(OPTIONS, words);
  if (parsed.kind !== "ok") return `${parsed.kind} ${parsed.kind === "refuse" ? parsed.reason : ""}`;
  const given = [...parsed.given].map(([flag, value]) => (value === "" ? flag : `${flag}=${value}`));
  return `${given.join(",")} | ${parsed.words.join(",")}`;
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

test("an unknown option is named, a lone - too", () => {
  assert.equal(parse("--quiet", "--loud", "x"), 'refuse unknown option "--loud"');
  assert.equal(parse("--quie"), 'refuse unknown option "--quie"');
  assert.equal(parse("--quiet=1"), 'refuse unknown option "--quiet=1"');
  assert.equal(parse("-"), 'refuse unknown option "-"');
});

test("an option's value is the next word or the rest of its own, and is never empty", () => {
  for (const words of [["--user", "app"], ["--user=app"], ["-u", "app"], ["-uapp"]]) {
    assert.equal(parse(...words, "x"), "--user=app | x");
  }
  assert.equal(parse("-u=app", "x"), "--user==app | x");
  assert.equal(parse("--user", "--quiet", "x"), "--user=--quiet | x");
  assert.equal(parse("--user", "--"), "--user=-- | ");
  assert.equal(parse("--user=a=b"), "--user=a=b | ");
  for (const words of [["--user"], ["-u"], ["--user="], ["--user", ""]]) {
    assert.equal(parse(...words), `refuse ${words[0] === "-u" ? "-u" : "--user"} needs a name`);
  }
});

test("help and version are asked for, whatever follows; before an unknown option, in a value or behind a word they are not", () => {
  assert.equal(parse("--quiet", "-h", "--loud"), "help ");
  assert.equal(parse("--help", "x"), "help ");
  assert.equal(parse("--version", "--help"), "version ");
  assert.equal(parse("--loud", "--help"), 'refuse unknown option "--loud"');
  assert.equal(parse("--user", "--help"), "--user=--help | ");
  assert.equal(parse("x", "--help"), " | x,--help");
});

test("a whole number is made of one to nine digits and of nothing else", () => {
  assert.equal(wholeNumber("0"), 0);
  assert.equal(wholeNumber("007"), 7);
  assert.equal(wholeNumber("999999999"), 999999999);
  for (const text of ["", " 1", "1 ", "+1", "-1", "1.5", "1e3", "0x10", "1000000000", "\n", "one", "\xb2"]) {
    assert.equal(wholeNumber(text), undefined, text);
  }
});
