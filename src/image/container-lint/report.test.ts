import assert from "node:assert/strict";
import { test } from "node:test";
import { type Finding, report } from "./report.ts";

const findings: readonly Finding[] = [
  { check: "needs", level: "error", path: "/etc/service/a\n/needs", line: 2, reason: 'no "b"\x1b' },
  { check: "scripts", level: "warning", path: "/etc/my_init.d/\xff", line: undefined, reason: "not executable" },
];

test("each finding is one line, whatever its path", () => {
  assert.equal(
    report(findings, 1, false),
    'error: /etc/service/a\\n/needs, line 2: no "b"\\x1b\nwarning: /etc/my_init.d/\xff: not executable\n',
  );
  assert.equal(report([], 0, false), "");
});

test("JSON counts errors and warnings, and has all findings", () => {
  assert.equal(report([], 0, true), '{"errors":0,"warnings":0,"findings":[]}\n');
  assert.equal(
    report(findings, 1, true),
    '{"errors":1,"warnings":1,"findings":[' +
      '{"level":"error","check":"needs","path":"/etc/service/a\\u000a/needs","line":2,"detail":"no \\"b\\"\\u001b"},' +
      '{"level":"warning","check":"scripts","path":"/etc/my_init.d/\\udcff","line":null,"detail":"not executable"}]}\n',
  );
});
