import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux, type FakeOptions } from "../../test/support/fake-linux.ts";
import { serviceStatus } from "./service-status.ts";

const DOWN = 0;
const RUN = 1;
const FINISH = 2;

/** The status of a service with these bytes in its supervise/status; undefined: runsv has written none. */
function status(bytes: string | undefined, { hasRunsv = true, hasDownFile = false, ...options }: Options = {}) {
  const linux = new FakeLinux(options);
  const open = linux.openToAppend.bind(linux);
  linux.openToAppend = (path) => (hasRunsv && path === "/db/supervise/ok" ? 99 : open(path));
  for (const path of ["/db", "/db/supervise"]) linux.addDirectory(path);
  if (hasDownFile) linux.addFile("/db/down", "");
  const { pid } = linux.addStranger(() => {}, options.words ?? ["db"]);
  if (bytes !== undefined)
    linux.addFile("/db/supervise/status", bytes.replace("PID ", `${String.fromCharCode(pid)}\0\0\0`));
  const { state, reason, isWanted } = serviceStatus(linux, "/db");
  return { state, reason, isWanted };
}

interface Options extends FakeOptions {
  readonly hasRunsv?: boolean;
  readonly hasDownFile?: boolean;
  /** The arguments of the process that runsv has started. */
  readonly words?: readonly string[];
}

/** What runsv writes. */
function written(state: number, want = "u", isPaused = false): string {
  return `${"\0".repeat(12)}PID ${isPaused ? "\x01" : "\0"}${want}\0${String.fromCharCode(state)}`;
}

test("each state has a reason, but for a service that is up", () => {
  for (const [bytes, state, reason] of [
    [written(RUN), "up", ""],
    [written(DOWN), "down", "is down, and about to be started again"],
    [written(FINISH), "finishing", "has ended, and its finish script runs"],
    [written(RUN, "u", true), "paused", "is paused"],
    [undefined, "not-supervised", "has no runsv: not started yet, or killed"],
  ] as const) {
    assert.deepEqual(status(bytes), { state, reason, isWanted: true });
  }
});

test("a process that is still runsv's own is about to become the service", () => {
  const starting = status(written(RUN), { words: ["runsv", "db"] });
  assert.deepEqual(starting, { state: "starting", reason: "is about to start", isWanted: true });
});

test("runsv's last command decides whether it should be up, and without a runsv the file down", () => {
  assert.deepEqual(status(written(DOWN, "d")), {
    state: "down",
    reason: "is down, and is to stay down",
    isWanted: false,
  });
  assert.equal(status(written(RUN, "d")).state, "up");
  assert.equal(status(written(DOWN), { hasDownFile: true }).isWanted, true);
  assert.equal(status(undefined, { hasDownFile: true }).isWanted, false);
});

test("a status that a runsv has left behind counts as none", () => {
  assert.equal(status(written(RUN), { hasRunsv: false }).state, "not-supervised");
  assert.equal(status(written(RUN).slice(1)).state, "not-supervised");
});

test("a status that this user may not read makes no guess", () => {
  const reason = "cannot be inspected: permission denied (EACCES)";
  const fault = (call: string, path: string) => (call === "readFile" && path.endsWith("/status") ? 13 : 0);
  assert.deepEqual(status(written(RUN), { fault }), { state: "unknown", reason, isWanted: true });
});
