import assert from "node:assert/strict";
import { test } from "node:test";
import {
  contentOfValue,
  isFileName,
  mergeAfterScript,
  mergeAtStart,
  parseEnviron,
  scratchName,
  shared,
  toEnviron,
  valueOfContent,
} from "./container-env.ts";

function env(...entries: string[]): Map<string, string> {
  return parseEnviron(entries);
}

test("a variable ends at its first equals sign, and of two with one name the first counts", () => {
  assert.deepEqual(toEnviron(env("A=b=c", "EMPTY=", "A=later")), ["A=b=c", "EMPTY="]);
});

test("what has no name or no value is no variable", () => {
  assert.deepEqual(toEnviron(env("=x", "lonely", "", "=")), []);
});

test("names and values are bytes of any kind", () => {
  const entries = ["a.b-c=\x80\xff\r\n'\"", "0=zero", " = ", "__proto__=x", "constructor=y"];
  assert.deepEqual(toEnviron(env(...entries)), entries);
});

test("at start a file only fills a gap", () => {
  const merged = mergeAtStart(env("A=given", "B="), env("A=file", "B=file", "C=file"));
  assert.deepEqual(toEnviron(merged).sort(), ["A=given", "B=", "C=file"]);
});

test("a file of LANG replaces the image's own value, and no other", () => {
  const langAtStart = (given: string, file: string) => mergeAtStart(env(given), env(file)).get("LANG");
  assert.equal(langAtStart("LANG=C.UTF-8", "LANG=de_DE.UTF-8"), "de_DE.UTF-8");
  assert.equal(langAtStart("LANG=fr_FR.UTF-8", "LANG=de_DE.UTF-8"), "fr_FR.UTF-8");
  assert.equal(langAtStart("LANG=C.UTF-8", "OTHER=C.UTF-8"), "C.UTF-8");
  assert.deepEqual(toEnviron(mergeAtStart(env("A=C.UTF-8"), env("A=file"))), ["A=C.UTF-8"]);
});

test("after a script the directory is the environment", () => {
  const merged = mergeAfterScript(env("GONE=1", "KEPT=old", "HOME=/root"), env("KEPT=new", "NEW=1"));
  assert.deepEqual(toEnviron(merged).sort(), ["HOME=/root", "KEPT=new", "NEW=1"]);
});

test("the variables of a user or a session stay as they were unless the directory defines them", () => {
  const given = env(
    "HOME=/root",
    "USER=root",
    "GROUP=g",
    "UID=0",
    "GID=0",
    "SHELL=/bin/sh",
    "LOGNAME=x",
    "PWD=/",
    "A=1",
  );
  const merged = mergeAfterScript(given, env("HOME=/srv", "DISPLAY=:1"));
  const kept = ["GID=0", "GROUP=g", "HOME=/srv", "LOGNAME=x", "PWD=/", "SHELL=/bin/sh", "UID=0", "USER=root"];
  assert.deepEqual(toEnviron(merged).sort(), ["DISPLAY=:1", ...kept]);
});

test("a name that no file can have is not lost after a script", () => {
  const long = "x".repeat(256);
  const merged = mergeAfterScript(env("a/b=1", ".=2", "..=3", `${long}=4`, `${scratchName(7)}=5`, "c=6"), env());
  assert.deepEqual([...merged.keys()], ["a/b", ".", "..", long, scratchName(7)]);
});

test("the personal variables are not shared", () => {
  const all = env("HOME=1", "USER=2", "GROUP=3", "UID=4", "GID=5", "SHELL=6", "LOGNAME=7", "HOMES=8", "A=9");
  assert.deepEqual(toEnviron(shared(all, all)), ["HOMES=8", "A=9"]);
});

test("a variable of one process or session is the container's where a file defines it, and only there", () => {
  const all = env("PWD=/opt", "SSH_AUTH_SOCK=/agent", "DISPLAY=:0", "XDG_RUNTIME_DIR=/run/user/0", "SSH_HOST=backup");
  assert.deepEqual(toEnviron(shared(all, env())), ["SSH_HOST=backup"]);
  assert.deepEqual(toEnviron(shared(all, env("DISPLAY=:1"))), ["DISPLAY=:0", "SSH_HOST=backup"]);
});

test("255 bytes are a file's longest name", () => {
  assert.equal(isFileName("x".repeat(255)), true);
  assert.equal(isFileName("x".repeat(256)), false);
  assert.equal(isFileName(".hidden"), true);
});

test("one trailing newline of a file is its editor's, and a value comes back as it was written", () => {
  assert.equal(valueOfContent("x\n"), "x");
  assert.equal(valueOfContent("x\n\n"), "x\n");
  assert.equal(valueOfContent("x\r\n"), "x\r");
  for (const value of ["", "\n", "\n\n", "x", "x\n", "x\r\n", "\0", "a\nb"]) {
    assert.equal(valueOfContent(contentOfValue(value)), value);
  }
});
