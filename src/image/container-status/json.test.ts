import assert from "node:assert/strict";
import { test } from "node:test";
import { oneFailure } from "../../../test/support/service-ends.ts";
import { formatRecord } from "../../container/phase-record.ts";
import { unknownStatus } from "../../container/service-status.ts";
import { statusJson } from "./json.ts";
import type { ContainerReport } from "./report.ts";

const report: ContainerReport = {
  progress: {
    boot: "over",
    detail: "",
    services: undefined,
    record: formatRecord({
      phase: "boot",
      host: "",
      beganMs: 1_700_000_000_000,
      steps: [{ name: "a", startMs: 0, endMs: 9.87 }],
      killed: [],
    }),
  },
  nowMs: 1_700_000_060_000,
  all: [{ name: "x", state: "unknown", detail: "d", now: unknownStatus("d") }],
  services: [
    {
      name: 'w\n"\xff',
      state: "check-failed",
      detail: "its check failed",
      check: "its check failed",
      now: { ...unknownStatus(""), state: "up", shown: "up", pid: 7, ageMs: 1000.4 },
      starts: 3,
      ends: {
        ...oneFailure,
        count: 2,
        last: { how: "exited", code: 3 },
        endedMs: 1_700_000_059_000,
        ranMs: 20,
      },
      memoryKib: 12,
    },
    {
      name: "x",
      state: "unknown",
      detail: "d",
      now: unknownStatus("d"),
      starts: 0,
      ends: undefined,
      memoryKib: 0,
      faults: ['cannot run "\n"', "second"],
    },
  ],
};

test("JSON has all services, with any name, and null for what is not known", () => {
  assert.equal(
    statusJson(report),
    '{"healthy":false,"boot":"over","detail":"","beganMs":1700000000000,"bootMs":10,"services":[' +
      '{"name":"w\\u000a\\"\\udcff","healthy":false,"state":"up","detail":"its check failed","wanted":true,' +
      '"sinceMs":1700000059000,"pid":7,"starts":3,"memoryBytes":12288,"check":"failed",' +
      '"lastEnd":{"code":3,"signal":null,"outOfMemory":false,"detail":"ended with exit code 3","atMs":1700000059000,' +
      '"ranMs":20,"failures":1},"faults":[]},' +
      '{"name":"x","healthy":false,"state":"unknown","detail":"d","wanted":true,"sinceMs":null,"pid":null,"starts":0,' +
      '"memoryBytes":0,"check":null,"lastEnd":null,"faults":["cannot run \\"\\u000a\\"","second"]}]}\n',
  );
});

test("without a record and without services, JSON is whole", () => {
  const progress = { boot: "not-over", detail: "wait", services: undefined, record: "" } as const;
  assert.equal(
    statusJson({ ...report, progress, services: [] }),
    '{"healthy":false,"boot":"not-over","detail":"wait","beganMs":null,"bootMs":null,"services":[]}\n',
  );
});
