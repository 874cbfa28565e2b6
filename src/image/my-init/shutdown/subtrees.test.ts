import assert from "node:assert/strict";
import { test } from "node:test";
import type { FakeLinux, FakeProgram } from "../../../../test/support/fake-linux.ts";
import * as habit from "../../../../test/support/fake-programs.ts";
import { live, type Story } from "../../../../test/support/story.ts";

const QUIT = 3;
const TERM = 15;
const STOP_MS = 5000;
const DB = ["/usr/bin/db"];

/** When each process of this name got TERM, in milliseconds since the request to stop. */
function signalledMs(linux: FakeLinux, word: string): number[] {
  const startMs = linux.history[0]?.startedMs ?? 0;
  return linux.sent
    .filter(({ target, signal }) => target.argv[0] === word && signal === TERM)
    .map(({ atMs }) => Math.round(atMs - startMs - STOP_MS));
}

function stop(story: Story) {
  const ended = live({ signals: { [STOP_MS]: TERM }, ...story });
  return { ...ended, isForced: ended.lines.some((line) => line.includes("Forcing")) };
}

/** A container in which `program` is each of the parts that are stopped. */
function asEachPart(program: FakeProgram): Story[] {
  return [
    { words: ["app"], programs: { "/bin/app": program } },
    { services: [{ name: "app", run: program }] },
    { services: [{ name: "app", run: program, finish: habit.exitsAfter(1) }] },
    { services: [{ name: "app", run: program, logMs: 1 }] },
  ];
}

test("the children of a process that ignores TERM get it immediately, and end in order", () => {
  const program = habit.deafSupervisor(habit.endsOnTerm(1000), DB);
  for (const story of asEachPart(program)) {
    const { linux, isForced, ms } = stop(story);
    assert.deepEqual(
      signalledMs(linux, "/usr/bin/db").map((each) => each < 20),
      [true],
    );
    assert.equal(isForced, false);
    assert.ok(ms < STOP_MS + 1100, `${ms}`);
  }
});

test("so do those of a startup script, when it gets TERM", () => {
  const script = habit.deafSupervisor(habit.endsOnTerm(10), DB);
  const { linux, isForced } = stop({ programs: { "/etc/my_init.d/10": script } });
  const [firstMs] = signalledMs(linux, "/usr/bin/db");
  const [scriptMs] = signalledMs(linux, "/etc/my_init.d/10");
  assert.ok(firstMs !== undefined && scriptMs !== undefined && firstMs - scriptMs < 20);
  assert.equal(isForced, false);
});

test("so do the children of such a child", () => {
  const inner = habit.deafSupervisor(habit.endsOnTerm(10), DB);
  const program = habit.deafSupervisor(inner, ["/usr/bin/inner"]);
  const { linux, ms } = stop({ words: ["app"], programs: { "/bin/app": program } });
  assert.equal(signalledMs(linux, "/usr/bin/db").length, 1);
  assert.ok(ms < STOP_MS + 100, `${ms}`);
});

test("the child that a shell's trap waits for gets TERM when half of the shell's time is over", () => {
  for (const story of asEachPart(habit.trapsTerm(habit.endsOnTerm(500), DB))) {
    const { linux, isForced } = stop(story);
    const [firstMs = 0, ...more] = signalledMs(linux, "/usr/bin/db");
    assert.ok(firstMs > 3000 && firstMs < 4500, `${firstMs}`);
    assert.deepEqual(more, []);
    assert.equal(isForced, false);
  }
});

test("what a shell without a trap leaves behind gets TERM at half time, also in a session of its own, if another service takes long", () => {
  const job: FakeProgram = (self) => void self.spawn(habit.endsOnTerm(100), DB, { session: true });
  for (const program of [habit.runsInFront(habit.endsOnTerm(100), DB), job]) {
    const { linux } = stop({
      services: [
        { name: "app", run: program },
        { name: "deaf", run: habit.ignoresTerm },
      ],
    });
    const [firstMs = 0, ...more] = signalledMs(linux, "/usr/bin/db");
    assert.ok(firstMs > 3000 && firstMs < 4500, `${firstMs}`);
    assert.deepEqual(more, []);
  }
});

test("what a command leaves behind does not wait until all services have stopped", () => {
  const { linux } = stop({
    words: ["app"],
    programs: { "/bin/app": habit.runsInFront(habit.endsOnTerm(100), DB) },
    services: [{ name: "deaf", run: habit.ignoresTerm }],
  });
  const [firstMs = 0] = signalledMs(linux, "/usr/bin/db");
  assert.ok(firstMs > 3000 && firstMs < 4500, `${firstMs}`);
});

test("the children of a process that handles TERM are its own to stop", () => {
  const { linux, isForced } = stop({
    services: [{ name: "app", run: habit.lets(habit.exitsAfter(STOP_MS + 6000), DB) }],
  });
  assert.deepEqual(signalledMs(linux, "/usr/bin/db"), []);
  assert.equal(isForced, false);
});

test("that is the signal in its file `stop-signal`, if it has one", () => {
  const child = habit.exitsAfter(STOP_MS + 6000);
  const handles = (signal: number): FakeProgram =>
    habit.together(habit.runsInFront(child, DB), (self) => self.on(signal, () => {}));
  const ignores: FakeProgram = (self) => self.ignore(QUIT);
  for (const [run, atMs] of [
    [handles(QUIT), undefined],
    [habit.together(handles(TERM), ignores), 0],
  ] as const) {
    const { linux } = stop({
      services: [
        { name: "app", run, stopSignal: QUIT },
        { name: "deaf", run: habit.ignoresTerm },
      ],
      prepare: (linux) => {
        for (const path of ["/run", "/run/my_init", "/etc/service", "/etc/service/app"]) linux.addDirectory(path);
        linux.addProgram("/usr/sbin/my_init", habit.sleeps);
        linux.addLink("/proc/self/exe", "/usr/sbin/my_init");
        linux.addFile("/etc/service/app/stop-signal", "QUIT");
      },
    });
    const [firstMs] = signalledMs(linux, "/usr/bin/db");
    assert.equal(firstMs === undefined ? undefined : Math.floor(firstMs / 100), atMs);
  }
});

test("what a shell's trap starts is its last work, and is left to it", () => {
  const run: FakeProgram = (self) => {
    self.argv = ["/bin/sh", ...self.argv];
    self.on(TERM, () => {
      self.spawn(habit.exitsAfter(6000), ["/usr/bin/save"]);
      self.onChildEnd = () => self.exit(0);
    });
  };
  const { linux, isForced } = stop({ services: [{ name: "app", run }] });
  assert.deepEqual(signalledMs(linux, "/usr/bin/save"), []);
  assert.equal(isForced, false);
});

test("a child that is started again gets TERM again, when half of the time is over", () => {
  const { linux } = stop({
    services: [{ name: "app", run: habit.restartsForEver(habit.endsOnTerm(100), DB) }],
  });
  const [first = 0, second = 0] = signalledMs(linux, "/usr/bin/db");
  assert.ok(first < 20 && second > 3000 && second < 4500, `${first} ${second}`);
});

test("no process gets TERM twice", () => {
  const slow = habit.deafSupervisor(habit.endsOnTerm(8000), DB);
  for (const story of asEachPart(slow)) {
    assert.equal(signalledMs(stop(story).linux, "/usr/bin/db").length, 1);
  }
});

test("after a second request they get TERM immediately", () => {
  const { linux } = stop({
    services: [{ name: "app", run: habit.trapsTerm(habit.endsOnTerm(500), DB) }],
    signals: { [STOP_MS]: TERM, [STOP_MS + 100]: TERM },
  });
  const [firstMs = 0] = signalledMs(linux, "/usr/bin/db");
  assert.ok(firstMs >= 100 && firstMs < 150, `${firstMs}`);
});

test("--no-kill-all-on-exit leaves them alone", () => {
  const { linux } = stop({
    words: ["--no-kill-all-on-exit"],
    services: [{ name: "app", run: habit.deafSupervisor(habit.endsOnTerm(10), DB) }],
  });
  assert.deepEqual(signalledMs(linux, "/usr/bin/db"), []);
});

test("a service that ignores TERM and has a control script of its own is no deaf one", () => {
  const run = habit.together(habit.deafSupervisor(habit.endsOnTerm(10), DB), (self) => {
    for (const path of ["cwd/control", "cwd/control/t"]) self.parent?.publish(path, "");
  });
  const [firstMs = 0] = signalledMs(stop({ services: [{ name: "app", run }] }).linux, "/usr/bin/db");
  assert.ok(firstMs > 3000 && firstMs < 4500, `${firstMs}`);
});

test("all that is left at the end has a share of the whole, whatever it is", () => {
  const daemon = habit.daemonises(0, (self) => self.on(TERM, () => {}));
  const graceMs = (seconds: number) => {
    const { linux } = stop({
      environ: ["PATH=/bin", `SHUTDOWN_TIMEOUT=${seconds}`],
      programs: { "/etc/my_init.d/10": habit.together(daemon, habit.exitsAfter(10)) },
      services: [{ name: "deaf", run: habit.ignoresTerm }],
    });
    const kill = linux.sent.find(({ target, signal }) => target.argv[0] === "/usr/sbin/some-daemon" && signal === 9);
    return (kill?.atMs ?? 0) - 1000 - STOP_MS - (signalledMs(linux, "/usr/sbin/some-daemon")[0] ?? 0);
  };
  for (const seconds of [9, 20, 60]) assert.ok(graceMs(seconds) > seconds * 70, `${seconds}: ${graceMs(seconds)}`);
});
