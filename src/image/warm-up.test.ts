import assert from "node:assert/strict";
import { test } from "node:test";
import { main } from "./main.ts";
import { warmUp } from "./warm-up.ts";

test("each command line that is run before the heap is saved runs to its end", () => {
  const ended: [program: string, status: number | string][] = [];
  warmUp((linux) => {
    const status = main(linux);
    ended.push([linux.argv[0] ?? "", status]);
    return status;
  });
  assert.deepEqual(ended, [
    ["my_init", 0],
    ["setuser", 126],
  ]);
});
