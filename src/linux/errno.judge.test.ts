// The judge is Node's table of this machine's errors.
import assert from "node:assert/strict";
import { constants } from "node:os";
import { test } from "node:test";
import { ERRNO, errorWords } from "./errno.ts";

test("error numbers and names are this machine's", () => {
  const known = new Map(Object.entries(constants.errno));
  for (const [name, number] of Object.entries(ERRNO)) {
    assert.equal(known.get(name), number, name);
    assert.ok(errorWords(number).endsWith(` (${name})`), name);
  }
  for (let number = 1; number < 134; number++) {
    const words = errorWords(number);
    if (words !== `error ${number}`)
      assert.equal(known.get(words.slice(words.lastIndexOf("(") + 1, -1)), number, words);
  }
});
