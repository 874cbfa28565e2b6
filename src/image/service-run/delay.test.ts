import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux, Replaced } from "../../../test/support/fake-linux.ts";
import { forgetRestarts, type RestartRecord, writeRestartRecord } from "../../container/restart-record.ts";
import { beganMs } from "../../container/service-end.ts";
import { main } from "./main.ts";

const SIGHUP = 1;
const SIGTERM = 15;
const SERVICE = "/mirror/web";
const SUPERVISE = `${SERVICE}/supervise`;

interface Setting {
  readonly rules?: string;
  readonly record?: Partial<RestartRecord>;
  readonly prepare?: (linux: FakeLinux) => void;
}

/** Starts a service that ended a moment ago. @returns how long it waited, and its exit status if it was not started */
function start({ rules = "delay 8 30", record = {}, prepare }: Setting) {
  const linux = new FakeLinux({ argv: ["./run"], pid: 20 });
  for (const path of ["/mirror", SERVICE, SUPERVISE]) linux.addDirectory(path);
  linux.addFile(`${SUPERVISE}/status`, "123456789012rest");
  linux.addFile(`${SERVICE}/restart`, rules);
  linux.addProgram(`${SERVICE}/run.own`, () => {});
  linux.cwd = SERVICE;
  const ended = Math.floor(linux.nowMs);
  writeRestartRecord(linux, SUPERVISE, { next: "again", delayMs: 8000, endsMs: [ended], ...record });
  prepare?.(linux);
  const startMs = linux.nowMs;
  let status: number | undefined;
  try {
    status = main(linux);
  } catch (error) {
    if (!(error instanceof Replaced)) throw error;
  }
  return { status, ms: Math.round(linux.nowMs - startMs), linux, said: linux.stderr.text };
}

test("the service starts when its delay is over, and its life begins then", () => {
  const { linux, ms, status } = start({});
  assert.deepEqual([status, ms], [undefined, 8000]);
  assert.equal(beganMs(linux, SUPERVISE), Math.floor(linux.monotonicMs()));
});

test("the delay counts from the end of the service, and there may be none", () => {
  assert.equal(start({ record: { endsMs: [0] } }).ms, 7000);
  assert.equal(start({ record: { delayMs: 500, endsMs: [0] } }).ms, 0);
  assert.equal(start({ record: { delayMs: 0 } }).ms, 0);
  assert.equal(start({ rules: "policy on-failure" }).ms, 0, "a rule that was taken out");
  assert.equal(start({ record: { endsMs: [9_000_000] } }).ms, 8000, "a clock that went back");
  assert.equal(start({ prepare: (linux) => forgetRestarts(linux, SUPERVISE) }).ms, 0);
});

test("it starts as soon as `sv up` has removed the record, also if the kernel does not notify of that", () => {
  const up = (linux: FakeLinux) => linux.after(3000, () => forgetRestarts(linux, SUPERVISE));
  assert.equal(
    start({
      prepare: (linux) => {
        linux.after(3000, () => {
          forgetRestarts(linux, SUPERVISE);
          linux.tellWatchers(SUPERVISE);
        });
      },
    }).ms,
    3000,
  );
  const { ms } = start({
    prepare: (linux) => {
      linux.inotifyOpen = () => -24;
      up(linux);
    },
  });
  assert.ok(ms >= 3000 && ms <= 4000, `${ms}`);
});

test("a signal that is to end the service ends the wait, and others are for the service", () => {
  const { ms, status, linux } = start({
    prepare: (linux) => {
      linux.after(1000, () => linux.signalSelf(SIGHUP, 1));
      linux.after(2000, () => linux.signalSelf(SIGTERM, 1));
    },
  });
  assert.deepEqual([status, ms], [143, 2000]);
  assert.equal(beganMs(linux, SUPERVISE), Math.floor(linux.monotonicMs()), "the wait was no part of its life");
});

test("the service is not started if its runsv was killed meanwhile: the next runsv starts it", () => {
  const { linux, status } = start({
    prepare: (fake) => {
      fake.after(1000, () => {
        fake.self.parent = undefined;
      });
    },
  });
  assert.equal(status, 1);
  assert.equal(beganMs(linux, SUPERVISE), undefined);
});

test("a mistake in the file that came while the container runs is reported, but not at each start", () => {
  const bad = start({ rules: "delay soon" });
  assert.equal(bad.status, 1);
  assert.equal(
    bad.said,
    '*** web: /etc/service/web/restart, line 1: "delay soon" has other words than whole numbers from 1 to 999999999; ' +
      "write policy always|on-failure|never, delay SECONDS [SECONDS] or give-up ENDS SECONDS\n",
  );
  const again = start({
    rules: "delay soon",
    prepare: (linux) => linux.addFile(`${SUPERVISE}/ends`, `1 1 1 0 1 1 0 0 ${Math.floor(linux.realtimeMs())} 1`),
  });
  assert.deepEqual([again.status, again.said], [1, ""]);
});
