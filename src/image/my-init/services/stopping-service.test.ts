import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux, type FakeProcess } from "../../../../test/support/fake-linux.ts";
import * as habit from "../../../../test/support/fake-programs.ts";
import { Children } from "../../../linux/children.ts";
import { EventLoop } from "../../../linux/event-loop.ts";
import { Output } from "../../../linux/output.ts";
import { makeContext } from "../context.ts";
import { Log } from "../logs/log.ts";
import { Subtrees } from "../shutdown/subtrees.ts";
import { StopRequest } from "../stop-request.ts";
import { StoppingService } from "./stopping-service.ts";
import { adoptSupervisors } from "./supervisors.ts";

const SIGQUIT = 3;
const SIGKILL = 9;
const SIGTERM = 15;
const LONG_MS = 5000;
const FIRST_FOUR = ["supervised", "stopping", "young", "inspected"];

/** A service that has run for `ageMs` when its runsvdir ends, and that is not asked to stop yet. */
function supervise(service: Omit<habit.FakeService, "name">, ageMs: number) {
  const linux = new FakeLinux();
  const output = new Output(linux, -1);
  const children = new Children(linux);
  const loop = new EventLoop(linux, children, output, () => {});
  const log = new Log(linux, output, 2, false);
  log.write("plain");
  const context = makeContext({ linux, log, children, loop, stop: new StopRequest() });
  linux.addProgram("/usr/bin/runsvdir", habit.runsvdir([{ name: "web", ...service }], { forkMs: 0, execMs: 0 }));
  const runsvdir = children.spawn({ file: "/usr/bin/runsvdir", argv: ["/usr/bin/runsvdir"], environ: [] }, 0);
  assert.ok(typeof runsvdir !== "number");
  linux.advance(ageMs);
  children.signal(runsvdir, SIGKILL);
  const [supervisor] = adoptSupervisors(context);
  assert.ok(supervisor !== undefined);
  const web = new StoppingService(context, new Subtrees(context, true), supervisor, linux.nowMs + 9000);
  const process = (name: string) => linux.living().find(({ argv }) => argv[0]?.startsWith(name)) as FakeProcess;
  return { context, linux, web, process };
}

/** Takes steps after each event, of a young service at times. @returns the states that follow */
function follow({ context, web }: ReturnType<typeof supervise>, untilState = "gone", withinMs = 5000): string[] {
  const states: string[] = [web.state];
  const { loop } = context;
  const endMs = loop.nowMs + withinMs;
  let lookedMs = 0;
  const end = loop.tendTo(() => {
    const isTime = loop.nowMs >= lookedMs + 20;
    if (isTime) lookedMs = loop.nowMs;
    if (isTime || web.state !== "young") web.step();
    if (isTime) web.askAgain();
    if (web.state !== states.at(-1)) states.push(web.state);
    return lookedMs + 20;
  });
  loop.waitUntil(
    () => web.state === untilState,
    () => endMs,
  );
  end();
  return states;
}

const ends = habit.endsOnTerm(10);

test("a service that is not asked to stop stays supervised", () => {
  const story = supervise({ run: ends }, LONG_MS);
  assert.deepEqual(follow(story), ["supervised"]);
  assert.equal(story.web.isRunning, true);
  assert.deepEqual(story.web.times, { stoppedMs: undefined, endedMs: undefined });
});

test("runsv of a service without scripts is killed, and the service adopted; its log service has the last lines", () => {
  const story = supervise({ run: ends, logMs: 40 }, LONG_MS);
  const [service, log] = [story.process("./run"), story.process("svlogd")];
  story.web.stop();
  assert.equal(story.web.isRunning, true);
  assert.equal(story.web.logPid, log.pid);
  assert.deepEqual(follow(story, "draining"), ["released", "adopted", "draining"]);
  assert.equal(story.web.isRunning, false);
  assert.deepEqual(follow(story), ["draining", "gone"]);
  assert.deepEqual([service.status, log.status], [0, 0]);
  assert.equal(story.web.times.endedMs, Math.max(service.endedMs, log.endedMs));
});

test("without a log service the end of the service is the end of all", () => {
  const story = supervise({ run: ends }, LONG_MS);
  story.web.stop();
  assert.deepEqual(follow(story), ["released", "adopted", "gone"]);
});

test("a service that ends before runsv is killed is not adopted", () => {
  const story = supervise({ run: ends }, LONG_MS);
  const service = story.process("./run");
  story.web.stop();
  story.linux.endProcess(service, 0);
  assert.deepEqual(follow(story), ["released", "gone"]);
  assert.ok(!story.linux.sent.some(({ target, signal }) => target === service && signal === SIGTERM));
});

test("a service with a finish script is stopped by its runsv", () => {
  const story = supervise({ run: ends, finish: habit.exitsAfter(5), logMs: 5 }, LONG_MS);
  story.web.stop();
  assert.deepEqual(follow(story), ["stopping", "gone"]);
});

test("a finish script that calls `sv down` does not keep its runsv from its end", () => {
  for (const logMs of [undefined, 50]) {
    const log = logMs === undefined ? {} : { logMs };
    const story = supervise({ run: ends, finish: habit.exitsAfter(5), callsDown: true, ...log }, LONG_MS);
    story.web.stop();
    assert.deepEqual(follow(story), ["stopping", "gone"]);
    assert.ok((story.web.times.endedMs ?? Infinity) - (story.web.times.stoppedMs ?? 0) < 150);
  }
});

test("runsv that sleeps for a second, as its service ran for less than that, is killed", () => {
  const story = supervise({ run: habit.exitsAfter(50), logMs: 20 }, 100);
  story.web.stop();
  assert.deepEqual(follow(story), ["young", "inspected", "released", "draining", "gone"]);
  assert.ok((story.web.times.endedMs ?? Infinity) - (story.web.times.stoppedMs ?? 0) < 100);
});

test("runsv that writes that the service is down, and has started it, goes on", () => {
  const story = supervise({ run: habit.ignoresTerm }, 100);
  const runsv = story.process("runsv");
  const status = runsv.files.get("cwd/supervise/status") ?? "";
  story.web.stop();
  runsv.publish("cwd/supervise/status", `${status.slice(0, -1)}\0`);
  assert.deepEqual(follow(story, "released", 100).slice(0, 3), ["young", "inspected", "young"]);
  assert.ok(runsv.isAlive && story.web.isRunning === false);
});

/** What the service of a story got, in milliseconds since `startMs`. */
function got({ linux, service, startMs }: { linux: FakeLinux; service: FakeProcess; startMs: number }) {
  return linux.sent
    .filter(({ target, atMs }) => target === service && atMs >= startMs)
    .map(({ signal, atMs }) => `${signal} ${Math.round((atMs - startMs) / 100) * 100}`);
}

/** How a service is stopped. @returns what it got, and the name of its step */
function stopped(service: Omit<habit.FakeService, "name">, ageMs = LONG_MS, killDelayMs = 0) {
  const story = supervise(service, ageMs);
  const [process, startMs] = [story.process("./run"), story.linux.nowMs];
  process.killDelayMs = killDelayMs;
  story.web.stop();
  const { loop } = story.context;
  const end = loop.tendTo(() => {
    story.web.forceIfLate();
    return loop.nowMs + 20;
  });
  follow(story, "gone", 20_000);
  end();
  return { got: got({ ...story, service: process, startMs }), stepName: story.web.stepName, state: story.web.state };
}

test("a file `stop-signal` names the signal, and the record shows it", () => {
  const { got, stepName } = stopped({ run: habit.endsOn(SIGQUIT, 10), stopSignal: SIGQUIT });
  assert.deepEqual([got, stepName], [["3 0"], "service web (SIGQUIT)"]);
});

test("after its time limit the service is killed, once, whoever stops it; finish and log are not", () => {
  const deaf: habit.FakeService["run"] = habit.ignoresTerm;
  for (const [more, ageMs] of [
    [{}, LONG_MS],
    [{ finish: habit.exitsAfter(2500), logMs: 2500 }, LONG_MS],
    [{}, 100],
  ] as const) {
    const { got, state, stepName } = stopped({ run: deaf, stopTimeout: "2", ...more }, ageMs, 500);
    assert.deepEqual([got.filter((each) => each.startsWith("9")), state], [["9 2000"], "gone"]);
    assert.equal(stepName, "service web (at most 2 s)");
  }
});

test("a service that ends in time is not killed, however long its finish script takes", () => {
  const run = habit.endsOn(SIGQUIT, 900);
  const finish = habit.exitsAfter(2000);
  const { got, state, stepName } = stopped({ run, finish, stopSignal: SIGQUIT, stopTimeout: "1" });
  assert.deepEqual([state, stepName], ["gone", "service web (SIGQUIT, at most 1 s)"]);
  assert.ok(!got.some((each) => each.startsWith("9")), got.join());
});

test("the deadline of all services is the latest: a longer time limit has no effect", () => {
  for (const stopTimeout of ["9", "10", "3600"]) {
    const { got } = stopped({ run: habit.ignoresTerm, stopTimeout });
    assert.deepEqual(
      got.filter((each) => each.startsWith("9")),
      [],
      "services.ts kills at the deadline",
    );
  }
});

test("a mistake in a file has no effect at the stop", () => {
  const { got, stepName } = stopped({ run: ends, stopTimeout: "soon" });
  assert.deepEqual([got, stepName], [["15 0"], "service web"]);
});

test("in each state that needs its runsv, the end of runsv is the end of all", () => {
  const seen: string[] = [];
  for (const [service, ageMs, isAsked] of [
    [{ run: ends }, LONG_MS, false],
    [{ run: ends, finish: habit.sleeps }, LONG_MS, true],
    [{ run: ends }, 100, true],
    [{ run: habit.exitsAfter(50) }, 100, true],
  ] as const) {
    const story = supervise(service, ageMs);
    if (isAsked) story.web.stop();
    story.web.step();
    seen.push(story.web.state);
    story.linux.endProcess(story.process("runsv"), SIGKILL);
    assert.equal(follow(story).at(-1), "gone");
    assert.equal(story.web.isRunning, false);
  }
  assert.deepEqual(seen, FIRST_FOUR);
});

test("the service is killed first, and its log service only when that is asked for", () => {
  for (const finish of [undefined, habit.sleeps]) {
    const story = supervise({ run: habit.ignoresTerm, ...(finish && { finish }), logMs: 1e6 }, LONG_MS);
    const [service, log] = [story.process("./run"), story.process("svlogd")];
    story.web.stop();
    follow(story, "gone", 100);
    story.web.force(false);
    assert.deepEqual([service.isAlive, log.isAlive], [false, true]);
    story.web.force(true);
    assert.equal(log.isAlive, false);
  }
});
