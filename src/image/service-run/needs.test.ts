import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux, type FakeOptions, type FakeProgram, Replaced } from "../../../test/support/fake-linux.ts";
import { writeRestartRecord } from "../../container/restart-record.ts";
import { main } from "./main.ts";

const SIGHUP = 1;
const SIGTERM = 15;
const DOWN = 0;
const RUN = 1;
const FINISH = 2;
const MIRROR = "/mirror";

/** What a service shows of itself. */
interface Fake {
  readonly state?: number;
  readonly isWanted?: boolean;
  readonly isPaused?: boolean;
  readonly hasRunsv?: boolean;
  /** The arguments of the process that runsv has started. */
  readonly words?: readonly string[];
  /** Whether that is our own `./run`. */
  readonly isOurs?: boolean;
  readonly check?: FakeProgram;
}

/** A container in which the service `app` is about to start. */
class Container {
  readonly linux: FakeLinux;
  readonly #pipes = new Set<string>();
  readonly #checks = new Map<string, FakeProgram>();
  /** How often checks were started. */
  checkCount = 0;

  constructor(needs: string | undefined, options: FakeOptions = {}) {
    this.linux = new FakeLinux({ argv: ["./run"], environ: ["PATH=/bin"], pid: 20, ...options });
    const { linux } = this;
    const open = linux.openToAppend.bind(linux);
    linux.openToAppend = (path) => (this.#pipes.has(path) ? 99 : open(path));
    for (const path of ["/etc/service", MIRROR, `${MIRROR}/app`, `${MIRROR}/app/supervise`]) linux.addDirectory(path);
    linux.addLink("/proc/self/exe", "/usr/sbin/my_init");
    linux.addFile("/usr/bin/own", "");
    linux.addProgram(`${MIRROR}/app/run.own`, () => {});
    linux.addProgram("/usr/sbin/my_init", (self) => {
      this.checkCount++;
      const [name, directory = "", output] = self.argv;
      assert.deepEqual([name, output], ["./check", "hidden"], "what it prints is nobody's concern");
      assert.deepEqual(self.environ, ["PATH=/bin"]);
      this.#checks.get(directory)?.(self);
    });
    if (needs !== undefined) linux.addFile(`${MIRROR}/app/needs`, needs);
    linux.cwd = `${MIRROR}/app`;
  }

  /** Adds or changes a service. */
  put(name: string, service: Fake = {}): void {
    const { linux } = this;
    const { state = RUN, isWanted = true, isPaused = false, hasRunsv = true, words = ["db"], isOurs = false } = service;
    const directory = `${MIRROR}/${name}`;
    linux.addDirectory(directory);
    linux.addDirectory(`${directory}/supervise`);
    const { pid } = linux.addStranger(() => {}, words);
    if (isOurs) linux.addFile(`${directory}/run.own`, "");
    linux.addLink(`/proc/${pid}/exe`, isOurs ? "/usr/sbin/my_init" : "/usr/bin/own");
    const status = `${"\0".repeat(12)}${String.fromCharCode(pid)}\0\0\0${isPaused ? "\x01" : "\0"}${isWanted ? "u" : "d"}\0`;
    linux.addFile(`${directory}/supervise/status`, status + String.fromCharCode(state));
    if (hasRunsv) this.#pipes.add(`${directory}/supervise/ok`);
    else this.#pipes.delete(`${directory}/supervise/ok`);
    if (service.check !== undefined) {
      linux.addFile(`${directory}/check`, "");
      this.#checks.set(directory, service.check);
    }
    linux.tellWatchers(`${directory}/supervise`);
  }

  later(ms: number, act: () => void): void {
    this.linux.after(ms, act);
  }

  /** Starts `app`. @returns its exit status, undefined: the service was executed; the milliseconds it took; its output */
  start() {
    const startMs = this.linux.nowMs;
    let status: number | undefined;
    try {
      status = main(this.linux);
    } catch (error) {
      if (!(error instanceof Replaced)) throw error;
      assert.equal(error.file, "./run.own");
    }
    const said = this.linux.stderr.text;
    assert.deepEqual(this.linux.living(), [], "a child is left to the service");
    assert.equal(this.linux.files.has(`${MIRROR}/app/supervise/waits-for`), false, "the wait is over");
    return { status, ms: this.linux.nowMs - startMs, said };
  }

  /** The names of the services that `app` waits for, as it publishes them. */
  get waitsFor(): string | undefined {
    return this.linux.files.get(`${MIRROR}/app/supervise/waits-for`)?.content;
  }
}

const exits =
  (code: number, ms = 1): FakeProgram =>
  (self) =>
    self.after(ms, () => self.exit(code));
const hangs: FakeProgram = (self) => self.ignore(SIGTERM);

test("a service without needs starts immediately", () => {
  for (const needs of [undefined, "", "# nobody\n"]) {
    assert.deepEqual(new Container(needs).start(), { status: undefined, ms: 0, said: "" });
  }
});

test("so does a service that needs a service that is up and has no check", () => {
  const container = new Container("db\n");
  container.put("db");
  assert.deepEqual(container.start(), { status: undefined, ms: 0, said: "" });
});

test("it waits until the service is up", () => {
  const container = new Container("db\n");
  container.put("db", { state: DOWN });
  let seen: string | undefined;
  container.later(1900, () => {
    seen = container.waitsFor;
  });
  container.later(2000, () => container.put("db"));
  const { status, ms, said } = container.start();
  assert.equal(status, undefined);
  assert.ok(ms >= 2000 && ms < 2005, `${ms} ms`);
  assert.equal(said, "");
  assert.equal(seen, "db");
});

test("it waits until the check of the service succeeds, and runs it at most ten times a second", () => {
  const container = new Container("db\n");
  let code = 1;
  container.put("db", { check: (self) => exits(code)(self) });
  container.later(3000, () => {
    code = 0;
  });
  const { status, ms } = container.start();
  assert.equal(status, undefined);
  assert.ok(ms >= 3000 && ms < 3110, `${ms} ms`);
  assert.ok(container.checkCount < 42, `${container.checkCount} checks`);
});

test("a slow check is not run again immediately", () => {
  const container = new Container("db 20\n");
  container.put("db", { check: exits(1, 400) });
  assert.equal(container.start().status, 1);
  assert.ok(container.checkCount <= 18, `${container.checkCount} checks`);
});

test("a service that itself still waits is not up, nor is a service that runsv is about to start", () => {
  const container = new Container("db\n");
  container.put("db", { words: ["./run"], isOurs: true });
  container.linux.addFile(`${MIRROR}/db/supervise/waits-for`, "disk");
  container.later(6000, () => container.put("db", { words: ["runsv", "db"] }));
  container.later(7000, () => container.put("db", { words: ["./run"] }));
  const { status, ms, said } = container.start();
  assert.equal(status, undefined);
  assert.equal(said, "*** app: waits for db (it waits for disk)\n");
  assert.ok(ms >= 7000 && ms < 7005, `${ms} ms`);
});

test("without watches it looks ten times a second", () => {
  const container = new Container("db\n", { fault: (call) => (call === "inotifyOpen" ? 24 : 0) });
  container.put("db", { state: DOWN });
  container.later(2000, () => container.put("db"));
  const { ms } = container.start();
  assert.ok(ms >= 2000 && ms <= 2100, `${ms} ms`);
});

test("at the time limit it logs why, and fails", () => {
  const reasons: readonly (readonly [Fake, string])[] = [
    [{ state: DOWN }, "it is down, and about to be started again"],
    [{ state: DOWN, isWanted: false }, "it is down, and is to stay down"],
    [{ state: FINISH }, "it has ended, and its finish script runs"],
    [{ isPaused: true }, "it is paused"],
    [{ hasRunsv: false }, "it has no runsv: not started yet, or killed"],
    [{ check: exits(3) }, "its check failed (exit status 3)"],
    [{ check: (self) => self.after(1, () => self.receive(9)) }, "its check was killed by signal 9"],
  ];
  for (const [service, reason] of reasons) {
    const container = new Container("db 3\n");
    container.put("db", service);
    const { status, ms, said } = container.start();
    assert.equal(status, 1);
    assert.equal(said, `*** app: db, which it needs, is not ready after 3 s: ${reason}\n`);
    assert.ok(ms >= 3000 && ms < 3010, `${ms} ms`);
  }
});

test("a service that is not there, or is left out, is reported", () => {
  const gone = new Container("db 1\n");
  assert.equal(gone.start().said, "*** app: db, which it needs, is not ready after 1 s: it is no longer there\n");
  const unavailable = new Container("db 1\n");
  unavailable.linux.addDirectory("/etc/service/db");
  assert.equal(unavailable.start().said, "*** app: db, which it needs, is not ready after 1 s: it is left out\n");
});

test("the time limit is a minute by default, and after five seconds one line names the services that are not ready", () => {
  const container = new Container("db\ncache 70\nqueue\n");
  container.put("db", { state: DOWN });
  container.put("cache", { check: exits(1) });
  container.put("queue");
  const { ms, said } = container.start();
  assert.ok(ms >= 60_000 && ms < 60_010, `${ms} ms`);
  assert.equal(
    said,
    "*** app: waits for db (it is down, and about to be started again), cache (its check failed (exit status 1))\n" +
      "*** app: db, which it needs, is not ready after 60 s: it is down, and about to be started again\n",
  );
});

test("a check that hangs is killed with its group after five seconds, and run again", () => {
  const container = new Container("db 7\n");
  container.put("db", { check: hangs });
  const { status, said } = container.start();
  assert.equal(status, 1);
  assert.ok(said.endsWith("not ready after 7 s: its check did not end in time, and was killed\n"), said);
  assert.equal(container.checkCount, 2);
});

test("the reason is the newest one", () => {
  const container = new Container("db\n");
  container.put("db", { hasRunsv: false });
  container.later(4000, () => container.put("db", { check: hangs }));
  container.later(6000, () => container.linux.signalSelf(SIGTERM));
  assert.equal(container.start().said, "*** app: waits for db (its check has not answered yet)\n");
});

test("a killed check that ends slowly costs no processor time", () => {
  const container = new Container("db 9\n", { maxCalls: 2000 });
  container.put("db", {
    check: (self) => {
      self.killDelayMs = 2500;
      hangs(self);
    },
  });
  container.later(5500, () => container.put("db", { check: exits(0) }));
  const { status, ms } = container.start();
  assert.equal(status, undefined);
  assert.ok(ms > 7500 && ms < 9000, `${ms} ms`);
});

test("TERM ends it immediately, with the check that runs; other signals do not", () => {
  const container = new Container("db\n");
  container.put("db", { check: hangs });
  container.later(1000, () => container.linux.signalSelf(SIGHUP));
  container.later(2000, () => container.linux.signalSelf(SIGTERM));
  assert.deepEqual(container.start(), { status: 128 + SIGTERM, ms: 2000, said: "" });
});

test("the signal in a file `stop-signal` ends it, too", () => {
  const USR1 = 10;
  const container = new Container("db\n");
  container.linux.addFile(`${MIRROR}/app/stop-signal`, "USR1");
  container.later(1000, () => container.linux.signalSelf(SIGHUP));
  container.later(2000, () => container.linux.signalSelf(USR1));
  assert.deepEqual(container.start(), { status: 128 + USR1, ms: 2000, said: "" });
});

test("all services that it needs have to be ready at the same time", () => {
  const container = new Container("db 10\ncache\n");
  container.put("db");
  container.put("cache", { state: DOWN });
  container.later(20_000, () => container.put("db", { state: DOWN }));
  container.later(21_000, () => container.put("cache"));
  container.later(28_000, () => container.put("db"));
  const { ms, status, said } = container.start();
  assert.equal(status, undefined, said);
  assert.ok(ms >= 28_000 && ms < 28_005, `${ms} ms`);
});

test("also without watches", () => {
  const container = new Container("db\ncache\n", { fault: (call) => (call === "inotifyOpen" ? 24 : 0) });
  container.put("db");
  container.put("cache", { state: DOWN });
  container.later(1000, () => container.put("db", { state: DOWN }));
  container.later(2000, () => container.put("cache"));
  container.later(4000, () => container.put("db"));
  const { ms } = container.start();
  assert.ok(ms >= 4000 && ms <= 4100, `${ms} ms`);
});

test("a mistake in the file that came while the container runs is reported, and the start fails", () => {
  const bad = new Container("db soon\n").start();
  assert.equal(bad.status, 1);
  assert.equal(
    bad.said,
    '*** app: /etc/service/app/needs, line 1: "soon" is no limit in whole seconds, 1 or more; write NAME or NAME SECONDS\n',
  );
  const container = new Container(undefined);
  container.linux.addDirectory(`${MIRROR}/app/needs`);
  assert.deepEqual(container.start(), {
    status: 1,
    ms: 0,
    said:
      '*** app: cannot read "/etc/service/app/needs": is a directory (EISDIR); ' +
      "it has to be a file with lines: NAME or NAME SECONDS\n",
  });
});

test("names that an earlier, killed start has published are removed", () => {
  const container = new Container("db\n");
  container.put("db");
  container.linux.addFile(`${MIRROR}/app/supervise/waits-for`, "db");
  assert.equal(container.start().status, undefined);
});

test("a task is ready when it is done, and a service with the same rules when its check succeeds", () => {
  const supervise = `${MIRROR}/db/supervise`;
  const put = (container: Container, rules: string, service: Fake = {}) => {
    container.put("db", service);
    container.linux.addFile(`${MIRROR}/db/restart`, rules);
  };
  for (const rules of ["policy on-failure", "policy never"]) {
    const container = new Container("db 30");
    put(container, rules);
    container.later(6000, () => {
      writeRestartRecord(container.linux, supervise, { next: "done", delayMs: 0, endsMs: [1] });
      container.put("db", { state: DOWN, isWanted: false });
    });
    const { ms, said, status } = container.start();
    assert.deepEqual([status, said], [undefined, "*** app: waits for db (it is not done)\n"]);
    assert.ok(ms >= 6000 && ms < 6005, `${ms}`);
  }
  const checked = new Container("db 30");
  put(checked, "policy on-failure", { check: exits(0) });
  assert.equal(checked.start().status, undefined);
  const always = new Container("db 30");
  put(always, "delay 5");
  assert.deepEqual(always.start(), { status: undefined, ms: 0, said: "" });
});

test("a task that gave up is not ready, and the line says so", () => {
  const container = new Container("db 1");
  container.put("db", { state: DOWN, isWanted: false });
  writeRestartRecord(container.linux, `${MIRROR}/db/supervise`, { next: "gave-up", delayMs: 0, endsMs: [1] });
  assert.equal(
    container.start().said,
    "*** app: db, which it needs, is not ready after 1 s: it gave up, and is not started again\n",
  );
});
