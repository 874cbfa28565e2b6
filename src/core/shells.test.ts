import assert from "node:assert/strict";
import { test } from "node:test";
import { isShell } from "./shells.ts";

test("a shell is known by its name, with a path or not, and as a login shell", () => {
  for (const word of ["sh", "/bin/bash", "-bash", "/usr/bin/dash"]) assert.equal(isShell(word), true, word);
  for (const word of [undefined, "", "-", "bashful", "/bin/sh/x", "--sh", "python3"]) {
    assert.equal(isShell(word), false, word);
  }
});
