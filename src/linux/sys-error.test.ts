import assert from "node:assert/strict";
import { test } from "node:test";
import { errorWords } from "./errno.ts";
import { Failure, SysError } from "./sys-error.ts";

test("a failed call is one sentence: the act, the object in quotes, the reason, the errno's name", () => {
  const error = new SysError("cannot read", "/etc/\nx", 13);
  assert.equal(error.message, 'cannot read "/etc/\\nx": permission denied (EACCES)');
  assert.equal(error.errno, 13);
  assert.ok(error instanceof Failure);
});

test("an error without a known name is a number", () => {
  assert.equal(errorWords(133), "error 133");
});
