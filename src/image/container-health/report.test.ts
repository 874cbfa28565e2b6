import assert from "node:assert/strict";
import { test } from "node:test";
import { isAllHealthy, type ServiceHealth } from "../../container/service-health.ts";
import { unknownStatus } from "../../container/service-status.ts";
import { type Report, reportJson, reportLines } from "./report.ts";

const now = unknownStatus("");
const a: ServiceHealth = { name: "a", state: "up", detail: "", now };

const ok: Report = {
  boot: "over",
  detail: "",
  services: [a, { name: "b", state: "not-wanted", detail: "", now }],
};
const bad: Report = { ...ok, services: [...ok.services, { name: 'w\n"\xff', state: "down", detail: "down", now }] };

test("only a problem has a line, and it is one line", () => {
  assert.equal(reportLines(ok), "");
  assert.equal(reportLines(bad), 'w\\n"\xff: down\n');
  assert.equal(reportLines({ boot: "not-over", detail: "wait", services: [] }), "my_init: wait\n");
});

test("one unhealthy service is enough, and so is a boot that is not over", () => {
  assert.equal(isAllHealthy("over", ok.services), true);
  assert.equal(isAllHealthy("over", bad.services), false);
  assert.equal(isAllHealthy("no-init", ok.services), false);
});

test("JSON has all services, with any name", () => {
  assert.equal(
    reportJson(bad),
    '{"healthy":false,"boot":"over","detail":"","services":[' +
      '{"name":"a","healthy":true,"state":"up","detail":"","ends":0,"lastEnd":""},' +
      '{"name":"b","healthy":true,"state":"not-wanted","detail":"","ends":0,"lastEnd":""},' +
      '{"name":"w\\u000a\\"\\udcff","healthy":false,"state":"down","detail":"down","ends":0,"lastEnd":""}]}\n',
  );
});
