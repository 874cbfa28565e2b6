import assert from "node:assert/strict";
import { test } from "node:test";
import { reportSvg } from "./svg.ts";
import { reportJson, reportTable } from "./table.ts";

const RECORD = {
  beganMs: 1_700_000_000_000,
  steps: [
    { name: "environment", startMs: 0, endMs: 1.26 },
    { name: '/etc/my_init.d/10_"a"<b>&', startMs: 1.26, endMs: 2501.26 },
  ],
};

test("the table has a line for each step and one for the whole", () => {
  assert.equal(
    reportTable(RECORD),
    `     start       took  step, milliseconds
       0.0        1.3  environment
       1.3     2500.0  /etc/my_init.d/10_"a"<b>&
               2501.3  boot
`,
  );
});

test("the JSON is one line with the same figures", () => {
  assert.equal(
    reportJson(RECORD),
    '{"beganMs":1700000000000,"tookMs":2501.3,"steps":[{"name":"environment","startMs":0.0,"tookMs":1.3},' +
      '{"name":"/etc/my_init.d/10_\\"a\\"<b>&","startMs":1.3,"tookMs":2500.0}]}\n',
  );
});

test("the picture has a bar and a name for each step, and no markup in names", () => {
  const svg = reportSvg(RECORD);
  assert.equal(svg.split('rx="3"').length - 1, 2);
  assert.ok(svg.includes('10_"a"&lt;b&gt;&amp;'));
  assert.ok(svg.startsWith("<svg ") && svg.endsWith("</svg>\n"));
  // Nothing at all is a picture too.
  assert.ok(reportSvg({ beganMs: 0, steps: [] }).endsWith("</svg>\n"));
});
