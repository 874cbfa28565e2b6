import assert from "node:assert/strict";
import { test } from "node:test";
import { main } from "../../src/image/main.ts";
import { FakeLinux } from "../support/fake-linux.ts";
import { rehearse } from "./rehearsal.ts";

test("each life that the build plays ends as it should", () => {
  rehearse(main, new FakeLinux());
  assert.throws(() => rehearse(() => 3, new FakeLinux()), /the life "one command" ended with status 3/);
});
