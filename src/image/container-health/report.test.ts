import assert from "node:assert/strict";
import { test } from "node:test";
import { isAllHealthy, type Report, reportJson, reportLines } from "./report.ts";

const ok: Report = {
  boot: "over",
  detail: "",
  services: [
    { name: "a", state: "up", detail: "", endCount: 0, lastEnd: "" },
    { name: "b", state: "not-wanted", detail: "", endCount: 0, lastEnd: "" },
  ],
};
const bad: Report = {
  ...ok,
  services: [...ok.services, { name: 'w\n"\xff', state: "down", detail: "down", endCount: 2, lastEnd: "ended" }],
};

test("only a problem has a line, and it is one line", () => {
  assert.equal(reportLines(ok), "");
  assert.equal(reportLines(bad), 'w\\n"\xff: down\n');
  assert.equal(reportLines({ boot: "not-over", detail: "wait", services: [] }), "my_init: wait\n");
});

test("one unhealthy service is enough, and so is a boot that is not over", () => {
  assert.equal(isAllHealthy(ok), true);
  assert.equal(isAllHealthy(bad), false);
  assert.equal(isAllHealthy({ ...ok, boot: "no-init" }), false);
});

test("JSON has all services, with any name", () => {
  assert.equal(
    reportJson(bad),
    '{"healthy":false,"boot":"over","detail":"","services":[' +
      '{"name":"a","healthy":true,"state":"up","detail":"","ends":0,"lastEnd":""},' +
      '{"name":"b","healthy":true,"state":"not-wanted","detail":"","ends":0,"lastEnd":""},' +
      '{"name":"w\\u000a\\"\\udcff","healthy":false,"state":"down","detail":"down","ends":2,"lastEnd":"ended"}]}\n',
  );
});
