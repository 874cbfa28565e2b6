import assert from "node:assert/strict";
import { test } from "node:test";
import { logFrame } from "./log-line.ts";

const web = { service: "web", quotedService: '"web"', stream: "stderr" } as const;

test("a line as JSON has time, service, stream and message, in this order, and says when it goes on", () => {
  const { after, before, isQuoted } = logFrame("json", web, 1_700_000_000_123.9, false);
  assert.equal(
    `${before}"x"${after}`,
    '{"time":"2023-11-14T22:13:20.123Z","service":"web","stream":"stderr","message":"x"}\n',
  );
  assert.equal(isQuoted, true);
  assert.equal(logFrame("json", web, 0, true).after, ',"partial":true}\n');
});

test("a prefix is the name in brackets; the line itself stays as it is", () => {
  assert.deepEqual(logFrame("prefix", web, 0, true), { before: "[web] ", after: "\n", isQuoted: false });
  assert.deepEqual(logFrame("plain", web, 0, false), { before: "", after: "\n", isQuoted: false });
});
