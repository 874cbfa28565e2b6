import assert from "node:assert/strict";
import { test } from "node:test";
import { readLogFormat } from "./log-format.ts";

function read(env: Readonly<Record<string, string>>) {
  const warnings: string[] = [];
  return { format: readLogFormat(new Map(Object.entries(env)), (message) => warnings.push(message)), warnings };
}

test("lines stay as they are unless something else is asked for; JSON wins", () => {
  assert.deepEqual(read({}), { format: "plain", warnings: [] });
  assert.deepEqual(read({ LOG_FORMAT: "", LOG_PREFIX: "" }), { format: "plain", warnings: [] });
  assert.deepEqual(read({ LOG_FORMAT: "text", LOG_PREFIX: "no" }), { format: "plain", warnings: [] });
  assert.deepEqual(read({ LOG_PREFIX: "yes" }), { format: "prefix", warnings: [] });
  assert.deepEqual(read({ LOG_FORMAT: "json", LOG_PREFIX: "yes" }), { format: "json", warnings: [] });
});

test("a value that means nothing is named in a warning, and the default stands", () => {
  assert.deepEqual(read({ LOG_FORMAT: "x\nml", LOG_PREFIX: "1" }), {
    format: "plain",
    warnings: [
      'LOG_PREFIX is "1", which is neither yes nor no; the default stands',
      'LOG_FORMAT is "x\\nml", which is neither json nor text; the default stands',
    ],
  });
});
