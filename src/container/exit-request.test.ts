import assert from "node:assert/strict";
import { test } from "node:test";
import { exitRequest, requestedStatus } from "./exit-request.ts";

test("every status comes back as it was asked for, in 32 bits", () => {
  for (let status = 0; status <= 255; status++) {
    assert.equal(requestedStatus(exitRequest(status)), status);
    assert.equal(exitRequest(status) | 0, exitRequest(status));
  }
});

test("what others send asks for no status", () => {
  for (const value of [0, 1, 3, 255, -1, exitRequest(255) + 1, -exitRequest(3), exitRequest(3) & 0xffff, 2147483647]) {
    assert.equal(requestedStatus(value), undefined, `${value}`);
  }
});
