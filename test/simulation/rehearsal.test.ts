import assert from "node:assert/strict";
import { test } from "node:test";
import { main } from "../../src/image/main.ts";
import { FakeLinux } from "../support/fake-linux.ts";
import { LIVES, rehearse } from "./rehearsal.ts";

test("each life that the build plays ends as it should, and there is no other", () => {
  const real = new FakeLinux();
  assert.deepEqual(
    LIVES.map((_, life) => rehearse(main, real, life)),
    LIVES.map(() => true),
  );
  assert.equal(rehearse(main, real, LIVES.length), false);
});
