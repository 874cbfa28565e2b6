import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../linux/sys-error.ts";
import { Undo } from "./undo.ts";

test("steps are taken back in the reverse order, once", () => {
  const undo = new Undo();
  const done: string[] = [];
  for (const name of ["first", "second", "third"]) undo.add(() => void done.push(name));
  assert.deepEqual(undo.all(), []);
  assert.deepEqual(done, ["third", "second", "first"]);
  assert.deepEqual(undo.all(), []);
  assert.equal(done.length, 3);
});

test("a step that cannot be taken back is reported, and those before it are taken back all the same", () => {
  const undo = new Undo();
  const done: string[] = [];
  undo.add(() => void done.push("first"));
  undo.add(() => {
    throw new Failure("cannot remove it");
  });
  assert.deepEqual(undo.all(), ["cannot remove it"]);
  assert.deepEqual(done, ["first"]);
});

test("an error that is no Failure is a bug, and is not hidden", () => {
  const undo = new Undo();
  undo.add(() => {
    throw new TypeError("a bug");
  });
  assert.throws(() => undo.all(), TypeError);
});
