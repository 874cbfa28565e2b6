import assert from "node:assert/strict";
import { test } from "node:test";
import type { PhaseRecord } from "../../container/phase-record.ts";
import { reportSvg } from "./svg.ts";
import { reportJson, reportTable } from "./table.ts";

const RECORD: PhaseRecord = {
  phase: "boot",
  host: "",
  beganMs: 1_700_000_000_000,
  steps: [
    { name: "environment", startMs: 0, endMs: 1.26 },
    { name: '/etc/my_init.d/10_"a"<b>&', startMs: 1.26, endMs: 2501.26 },
  ],
  killed: [],
};

const SHUTDOWN: PhaseRecord = {
  phase: "shutdown",
  host: "d0c5",
  beganMs: 1_700_000_000_000,
  steps: [{ name: "service db", startMs: 0, endMs: 9000 }],
  killed: [{ step: "service db", process: 'sleep "1 <000" (PID 7)' }],
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
    '{"phase":"boot","beganMs":1700000000000,"tookMs":2501.3,"steps":[{"name":"environment","startMs":0.0,"tookMs":1.3},' +
      '{"name":"/etc/my_init.d/10_\\"a\\"<b>&","startMs":1.3,"tookMs":2500.0}],"killed":[]}\n',
  );
});

test("each form of a shutdown's report names the killed processes", () => {
  assert.equal(
    reportTable(SHUTDOWN),
    `     start       took  step, milliseconds
       0.0     9000.0  service db
               9000.0  shutdown
killed: sleep "1 <000" (PID 7), service db
`,
  );
  assert.equal(
    reportJson(SHUTDOWN),
    '{"phase":"shutdown","beganMs":1700000000000,"tookMs":9000.0,"steps":[{"name":"service db","startMs":0.0,' +
      '"tookMs":9000.0}],"killed":[{"step":"service db","who":"sleep \\"1 <000\\" (PID 7)"}]}\n',
  );
  const svg = reportSvg(SHUTDOWN);
  assert.ok(svg.includes('class="killed"') && svg.includes(">Shutdown: 9000.0 ms<"));
});

test("the picture has a bar and a name for each step, and no markup in names", () => {
  const svg = reportSvg(RECORD);
  assert.equal(svg.split('rx="3"').length - 1, 2);
  assert.ok(svg.includes('10_"a"&lt;b&gt;&amp;'));
  assert.ok(svg.startsWith("<svg ") && svg.endsWith("</svg>\n"));
  // Nothing at all is a picture too.
  assert.ok(reportSvg({ ...RECORD, steps: [] }).endsWith("</svg>\n"));
});
