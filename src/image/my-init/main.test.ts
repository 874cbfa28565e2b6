// Short stories of containers on a fake kernel; test/simulation plays thousands that nobody thought of.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { FakeProcess, FakeProgram } from "../../../test/support/fake-linux.ts";
import * as habit from "../../../test/support/fake-programs.ts";
import { live, type Story } from "../../../test/support/story.ts";
import { parseRecord } from "../../container/phase-record.ts";

const TERM = 15;

test("one command: boot, run it, shut down, exit with its status", () => {
  const { status, lines } = live({ words: ["app", "x y"], programs: { "/bin/app": habit.exitsAfter(50, 42) } });
  assert.equal(status, 42);
  assert.deepEqual(lines, [
    "*** Booting runit daemon...",
    "*** Runit started as PID 2",
    "*** Running app x y...",
    "*** app exited with exit code 42.",
    "*** Shutting down runit daemon (PID 2)...",
    "*** Killing all processes...",
  ]);
});

test("--quiet says nothing where nothing is wrong", () => {
  const { status, linux } = live({ words: ["--quiet", "--", "app"], programs: { "/bin/app": habit.exitsAfter(5) } });
  assert.equal(status, 0);
  assert.equal(linux.stderr.text + linux.stdout.text, "");
});

test("startup scripts run in byte order, then rc.local, each with the container's environment", () => {
  const started: string[] = [];
  const script =
    (name: string): FakeProgram =>
    (self) => {
      started.push(`${name} ${self.environ.join(",")}`);
      self.exit(0);
    };
  const names = ["b", "a", "Z", "10", "2"];
  const programs = Object.fromEntries(names.map((name) => [`/etc/my_init.d/${name}`, script(name)]));
  live({
    words: ["--skip-runit", "app"],
    programs: { ...programs, "/etc/rc.local": script("rc"), "/bin/app": habit.exitsAfter(0) },
    prepare: (linux) => {
      linux.addFile("/etc/my_init.d/README", "");
      linux.addDirectory("/etc/my_init.d/directory");
      linux.addProgram("/etc/my_init.d/.hidden", script("hidden"));
    },
  });
  assert.deepEqual(
    started,
    ["10", "2", "Z", "a", "b", "rc"].map((name) => `${name} PATH=/bin`),
  );
});

test("a startup script that fails stops the boot, and its status is the container's", () => {
  const { status, lines } = live({
    programs: {
      "/etc/my_init.d/10_bad": habit.exitsAfter(5, 3),
      "/etc/my_init.d/20_next": () => assert.fail("it ran"),
    },
  });
  assert.equal(status, 3);
  assert.ok(lines.includes("*** /etc/my_init.d/10_bad failed with status 3"));
  assert.ok(!lines.includes("*** Booting runit daemon..."));
});

test("a startup script that dies of a signal gives 128 and the signal", () => {
  const { status, lines } = live({ programs: { "/etc/my_init.d/10_bad": habit.diesAfter(5, 11) } });
  assert.equal(status, 139);
  assert.ok(lines.includes("*** /etc/my_init.d/10_bad was killed by signal 11 (SIGSEGV)"));
});

test("a startup script that cannot be executed gives 126, and a line says why", () => {
  const { status, lines } = live({
    prepare: (linux) => linux.addFile("/etc/my_init.d/10_bad", "#!/bin/bsh\n", { mode: 0o755 }),
  });
  assert.equal(status, 126);
  assert.ok(lines.includes('*** cannot run "/etc/my_init.d/10_bad": no such interpreter "/bin/bsh" (ENOENT)'));
});

test("a command that is not found gives 127, one that cannot be executed 126, and shutdown runs all the same", () => {
  const post = { "/etc/my_init.post_shutdown.d/10": habit.exitsAfter(1) };
  const missing = live({ words: ["nothing"], programs: post });
  assert.equal(missing.status, 127);
  assert.ok(missing.lines.includes("*** Running /etc/my_init.post_shutdown.d/10..."));
  assert.ok(missing.lines.includes('*** cannot run "nothing": not found in PATH (ENOENT)'));
  const text = live({ words: ["/etc/text"], prepare: (linux) => linux.addFile("/etc/text", "x", { mode: 0o755 }) });
  assert.equal(text.status, 126);
});

test("a command line in one word that is no file gets a hint at quoting", () => {
  const refusal = (...words: string[]) => live({ words }).lines.find((line) => line.startsWith("*** cannot run"));
  const start = '*** cannot run "echo hello": not found in PATH (ENOENT)';
  assert.equal(refusal("echo hello"), `${start}; write it without quotes, or after sh -c`);
  assert.equal(refusal("echo hello", "x"), start);
});

test("asked to stop without a command, a container ends immediately with status 0", () => {
  const { status, ms } = live({ signals: { 500: TERM } });
  assert.equal(status, 0);
  assert.ok(ms < 510, `${ms}`);
});

test("the command gets the signal that came, and its exit status counts", () => {
  const trapsInt: FakeProgram = (self) => self.on(2, () => self.exit(7));
  assert.equal(live({ words: ["app"], programs: { "/bin/app": trapsInt }, signals: { 100: 2 } }).status, 7);
  assert.equal(live({ words: ["app"], programs: { "/bin/app": habit.sleeps }, signals: { 100: TERM } }).status, 143);
});

test("other signals go to the command only", () => {
  const heard: number[] = [];
  const app: FakeProgram = (self) => {
    for (const signal of [1, 10, 12, 28]) self.on(signal, () => heard.push(signal));
  };
  const { linux } = live({
    words: ["app"],
    programs: { "/bin/app": app },
    services: [{ name: "web", run: habit.sleeps }],
    signals: { 100: 1, 110: 10, 120: 28, 200: TERM },
  });
  assert.deepEqual(heard, [1, 10, 28]);
  assert.ok(linux.sent.every(({ target, signal }) => signal === TERM || signal === 18 || target.file === "/bin/app"));
});

test("runsvdir gone by itself ends the container with status 1", () => {
  const { status, lines } = live({ programs: { "/usr/bin/runsvdir": habit.exitsAfter(100, 111) } });
  assert.equal(status, 1);
  assert.ok(lines.some((line) => line.startsWith("*** Runit failed with status 111")));
});

test("without runsvdir the container does not start", () => {
  const { status } = live({ prepare: (linux) => linux.files.delete("/usr/bin/runsvdir") });
  assert.equal(status, 1);
});

test("all services are asked to stop in parallel, and the slowest gives the time", () => {
  const services = Array.from({ length: 50 }, (_, index) => ({
    name: `s${index}`,
    run: habit.endsOnTerm(100 + index),
    logMs: 1,
  }));
  const { ms, lines } = live({ services, signals: { 1000: TERM } });
  assert.ok(ms < 1000 + 160, `${ms}`);
  assert.ok(!lines.some((line) => line.includes("Forcing")));
});

test("a service that does not go is named and killed, and its log service and finish script are not cut off", () => {
  const ended: string[] = [];
  const finish: FakeProgram = (self) => self.after(20, () => [ended.push("finish"), self.exit(0)]);
  const { lines, linux } = live({
    services: [{ name: "deaf", run: habit.ignoresTerm, finish, logMs: 5 }],
    signals: { 1000: TERM },
    environ: ["SHUTDOWN_TIMEOUT=2"],
  });
  assert.ok(lines.some((line) => line.includes("service deaf) did not shut down in time. Forcing it to exit.")));
  assert.deepEqual(ended, ["finish"]);
  assert.deepEqual(linux.living(), []);
});

test("shutdown scripts run before the services stop and after, and a failing one stops nothing", () => {
  const { status, lines } = live({
    programs: {
      "/etc/my_init.pre_shutdown.d/10": habit.exitsAfter(5, 1),
      "/etc/my_init.post_shutdown.d/10": habit.diesAfter(5, 9),
    },
    signals: { 100: TERM },
  });
  assert.equal(status, 0);
  assert.deepEqual(lines.slice(2), [
    "*** Running /etc/my_init.pre_shutdown.d/10...",
    "*** /etc/my_init.pre_shutdown.d/10 failed with status 1",
    "*** Shutting down runit daemon (PID 2)...",
    "*** Running /etc/my_init.post_shutdown.d/10...",
    "*** /etc/my_init.post_shutdown.d/10 was killed by signal 9 (SIGKILL)",
    "*** Killing all processes...",
  ]);
});

test("asked to stop in the middle of the boot, my_init lets a script finish and starts nothing more", () => {
  const { status, lines } = live({
    programs: { "/etc/my_init.d/10": habit.exitsAfter(2000), "/etc/my_init.d/20": () => assert.fail("it ran") },
    signals: { 100: TERM },
  });
  assert.equal(status, 0);
  assert.deepEqual(lines, ["*** Running /etc/my_init.d/10...", "*** Killing all processes..."]);
});

test("a startup script that is stopped is continued, so that it can hear that it is to end", () => {
  const { status, lines, ms } = live({
    programs: { "/etc/my_init.d/10": habit.stopsAfter(10) },
    signals: { 100: TERM },
  });
  assert.equal(status, 0);
  assert.ok(!lines.some((line) => line.includes("Forcing")));
  assert.ok(ms <= 3200, `${ms}`);
});

test("a shell at a terminal is deaf to TERM, and understands that its terminal went away", () => {
  const { status, ms } = live({
    words: ["--skip-runit", "sh"],
    programs: { "/bin/sh": habit.ignoresTerm },
    prepare: (kernel) => {
      kernel.terminal = { foreground: kernel.self.group };
    },
    signals: { 100: TERM },
  });
  assert.equal(status, 129);
  assert.ok(ms <= 110, `${ms}`);
});

test("everything hangs, and the container still ends within its 9 seconds", () => {
  const { ms, linux } = live({
    words: ["app"],
    programs: {
      "/bin/app": habit.ignoresTerm,
      "/etc/my_init.pre_shutdown.d/10": habit.ignoresTerm,
      "/etc/my_init.post_shutdown.d/10": habit.ignoresTerm,
    },
    services: [{ name: "deaf", run: habit.together(habit.ignoresTerm, habit.daemonises(1, habit.ignoresTerm)) }],
    signals: { 1000: TERM },
  });
  assert.ok(ms <= 1000 + 9000 + 300, `${ms}`);
  assert.deepEqual(linux.living(), []);
});

test("a second TERM leaves what hangs a second", () => {
  const { ms, status } = live({
    words: ["--skip-runit", "app"],
    programs: { "/bin/app": habit.ignoresTerm },
    signals: { 1000: TERM, 1500: TERM },
  });
  assert.equal(status, 137);
  assert.ok(ms <= 2510, `${ms}`);
});

test("daemonised grandchildren are asked to end and waited for", () => {
  const daemon = habit.endsOnTerm(300);
  const { ms, linux, lines } = live({
    words: ["--skip-runit", "app"],
    programs: { "/bin/app": habit.together(habit.daemonises(10, daemon), habit.exitsAfter(100)) },
  });
  assert.ok(ms >= 400 && ms < 410, `${ms}`);
  assert.deepEqual(linux.living(), []);
  assert.ok(!lines.some((line) => line.includes("Forcing")));
});

test("--no-kill-all-on-exit leaves other processes alone", () => {
  const { linux } = live({
    words: ["--no-kill-all-on-exit", "--skip-runit", "app"],
    programs: { "/bin/app": habit.together(habit.daemonises(10, habit.sleeps), habit.exitsAfter(100)) },
  });
  assert.equal(linux.living().length, 1);
  assert.deepEqual(linux.sent, []);
});

test("where it is not PID 1, my_init reaps orphans and touches no stranger", () => {
  let stranger: { isAlive: boolean } | undefined;
  const { linux } = live({
    pid: 77,
    words: ["--skip-runit", "app"],
    programs: { "/bin/app": habit.together(habit.daemonises(10, habit.sleeps), habit.exitsAfter(100)) },
    prepare: (kernel) => {
      stranger = kernel.addStranger(habit.sleeps, ["stranger"]);
    },
  });
  assert.deepEqual(linux.living(), []);
  assert.equal(stranger?.isAlive, true);
});

test("as PID 1 it ends what docker exec started, too, and waits for it", () => {
  const { ms, linux } = live({
    signals: { 1000: TERM },
    prepare: (kernel) => kernel.addStranger(habit.endsOnTerm(200), ["exec"]),
  });
  assert.equal(linux.processes.size, 1);
  assert.ok(ms >= 1200 && ms < 1210, `${ms}`);
});

test("the terminal goes to the command and comes back", () => {
  const groups: number[] = [];
  const { linux } = live({
    words: ["--skip-runit", "app"],
    programs: {
      "/bin/app": (self) =>
        self.after(10, () => {
          groups.push(self.linux.terminal?.foreground ?? 0, self.group);
          self.exit(0);
        }),
    },
    prepare: (kernel) => {
      kernel.terminal = { foreground: kernel.self.group };
    },
  });
  assert.equal(groups[0], groups[1]);
  assert.equal(linux.terminal?.foreground, linux.self.group);
});

test("without a reader of the log, the container lives and ends as usual", () => {
  const { status, ms } = live({
    signals: { 1000: TERM },
    prepare: (kernel) => {
      kernel.stderr.room = 0;
    },
  });
  assert.equal(status, 0);
  assert.ok(ms <= 2100, `${ms}`);
});

test("a closed log disturbs neither my_init nor the command", () => {
  const heard: number[] = [];
  const { status } = live({
    words: ["app"],
    programs: { "/bin/app": (self) => [self.on(13, () => heard.push(13)), self.after(50, () => self.exit(4))] },
    prepare: (kernel) => {
      kernel.stderr.isClosed = true;
    },
  });
  assert.equal(status, 4);
  assert.deepEqual(heard, []);
});

test("a child that a handler of TERM starts is its last work, and gets no TERM", () => {
  const saves: FakeProgram = (self) =>
    self.on(TERM, () => {
      self.onChildEnd = () => self.exit(0);
      self.spawn(habit.exitsAfter(500), ["/usr/bin/save"]);
    });
  const { linux, lines } = live({
    programs: { "/etc/my_init.d/10": habit.daemonises(1, saves) },
    signals: { 100: TERM },
  });
  const save = linux.history.find(({ argv }) => argv[0] === "/usr/bin/save");
  assert.equal(save?.status, 0);
  assert.deepEqual(
    linux.sent.filter(({ target, signal }) => target === save && signal === TERM),
    [],
  );
  assert.ok(!lines.some((line) => line.includes("Forcing")));
});

test("container_exit ends the container with its status, whatever the command's is, after an orderly shutdown", () => {
  const { status, lines } = live({
    words: ["app"],
    programs: { "/bin/app": habit.endsOnTerm(20, 9), "/etc/my_init.post_shutdown.d/bye": habit.exitsAfter(1) },
    exits: { 50: 3, 60: 4 },
  });
  assert.equal(status, 3);
  assert.deepEqual(lines.slice(2), [
    "*** Running app...",
    "*** container_exit was called: the container ends with exit status 3",
    "*** Shutting down the command (PID 3)...",
    "*** Shutting down runit daemon (PID 2)...",
    "*** Running /etc/my_init.post_shutdown.d/bye...",
    "*** Killing all processes...",
    "*** app exited with exit code 9.",
  ]);
});

test("container_exit counts when the command or a script ends before my_init has heard of it", () => {
  const asks =
    (code: number): FakeProgram =>
    (self) =>
      self.after(10, () => {
        self.linux.signalSelf(37, self.pid, 0x62690005);
        self.exit(code);
      });
  assert.equal(live({ words: ["app"], programs: { "/bin/app": asks(0) } }).status, 5);
  assert.equal(live({ programs: { "/etc/my_init.d/10_ask": asks(0) } }).status, 5);
  assert.equal(live({ programs: { "/etc/my_init.d/10_ask": asks(1) } }).status, 5);
  assert.equal(live({ words: ["--skip-runit", "app"], programs: { "/bin/app": asks(7) } }).status, 5);
});

test("container_exit counts also where it comes between my_init's look for signals and that for ended children", () => {
  let app: FakeProcess | undefined;
  const { status } = live({
    words: ["app"],
    programs: {
      "/bin/app": (self) => {
        app = self;
      },
    },
    signals: { 50: 18 },
    fault: (call) => {
      if (call !== "waitAny" || app === undefined || !app.isAlive || app.linux.nowMs < 50) return 0;
      app.linux.signalSelf(37, app.pid, 0x62690005);
      app.exit(0);
      return 0;
    },
  });
  assert.equal(status, 5);
});

test("container_exit from a startup script ends the boot: nothing more is started", () => {
  const { status, lines } = live({
    words: ["app"],
    programs: {
      "/etc/my_init.d/10_ask": habit.exitsAfter(100),
      "/etc/my_init.d/20_next": () => assert.fail("it ran"),
      "/bin/app": () => assert.fail("it ran"),
    },
    exits: { 50: 0 },
  });
  assert.equal(status, 0);
  assert.ok(!lines.some((line) => line.includes("Booting runit")));
});

test("container_exit changes nothing where the shutdown has another reason", () => {
  const stopped = live({
    services: [{ name: "web", run: habit.endsOnTerm(100) }],
    signals: { 50: TERM },
    exits: { 60: 3 },
  });
  assert.equal(stopped.status, 0);
  const ended = live({
    words: ["app"],
    programs: { "/bin/app": habit.exitsAfter(50, 42), "/etc/my_init.pre_shutdown.d/ask": habit.exitsAfter(100) },
    exits: { 80: 3 },
  });
  assert.equal(ended.status, 42);
});

test("a plain RTMIN+3 asks for a stop, and for no status", () => {
  assert.equal(live({ signals: { 50: 37 } }).status, 0);
});

test("services that a startup script has just brought are not kept waiting for the second to pass", () => {
  const agesAtStart = [0, 5].map((age) => {
    let now = 0;
    const { linux } = live({
      services: [{ name: "web", run: habit.endsOnTerm(1) }],
      signals: { 50: TERM },
      prepare: (kernel) => {
        now = Math.floor(kernel.realtimeMs() / 1000);
        kernel.addDirectory("/etc/service");
        kernel.setModified("/etc/service", now - age);
      },
    });
    return now - (linux.files.get("/etc/service")?.modified ?? 0);
  });
  assert.deepEqual(agesAtStart, [1, 5]);
});

/** Services in a mirror: services that need others are in /etc/service, too. */
function withNeeds(services: readonly habit.FakeService[], story: Story = {}) {
  return live({
    signals: { 5000: TERM },
    ...story,
    services,
    prepare: (linux) => {
      for (const path of ["/run", "/run/my_init", "/etc/service"]) linux.addDirectory(path);
      linux.addProgram("/usr/sbin/my_init", habit.sleeps);
      linux.addLink("/proc/self/exe", "/usr/sbin/my_init");
      for (const { name, needs } of services) {
        linux.addDirectory(`/etc/service/${name}`);
        linux.addProgram(`/etc/service/${name}/run`, habit.sleeps);
        if (needs !== undefined) linux.addFile(`/etc/service/${name}/needs`, needs);
      }
    },
  });
}

/** When each service ended, in milliseconds after the request to stop. */
function ends({ linux }: { readonly linux: { readonly history: readonly FakeProcess[] } }, toldMs: number) {
  const services = linux.history.filter(({ argv }) => (argv[0] ?? "").startsWith("./run "));
  return Object.fromEntries(
    services.map(({ argv, endedMs }) => [argv[0]?.slice("./run ".length), Math.round(endedMs - toldMs)]),
  );
}

test("a service is asked to stop when the services that need it are gone, all others immediately", () => {
  const run = habit.endsOnTerm(300);
  const story = withNeeds([
    { name: "db", run },
    { name: "app", run, needs: "db", finish: habit.exitsAfter(100) },
    { name: "web", run, needs: "app\ndb", logMs: 50 },
    { name: "other", run },
  ]);
  const { other, web, app, db } = ends(story, 6000);
  assert.ok(other !== undefined && other < 320, `${other}`);
  assert.ok(web !== undefined && web < 320, `${web}`);
  assert.ok(app !== undefined && app >= 600 && app < 650, `${app}`);
  // Its finish script may still need what it needed.
  assert.ok(db !== undefined && db >= 1000 && db < 1080, `${db}`);
  assert.ok(!story.lines.some((line) => line.includes("is told to stop while")));
  // The record has how long each took, not how long it waited for its turn.
  const record = parseRecord(story.linux.content("/run/my_init/last_shutdown"));
  const step = record?.steps.find(({ name }) => name === "service db");
  assert.ok(step !== undefined && step.startMs >= 700 && step.endMs - step.startMs < 350, `${step?.startMs}`);
});

test("when half of the time is over the other services are asked to stop too, with a warning", () => {
  const run = habit.endsOnTerm(10);
  const story = withNeeds(
    [
      { name: "db", run },
      { name: "cache", run },
      { name: "app", run, needs: "db" },
      { name: "web", run: habit.ignoresTerm, needs: "app\ncache" },
      { name: "api", run: habit.ignoresTerm, needs: "cache" },
    ],
    { environ: ["PATH=/bin", "KILL_PROCESS_TIMEOUT=4"] },
  );
  const { db, web } = ends(story, 6000);
  assert.ok(db !== undefined && db >= 2000 && db < 2100, `${db}`);
  assert.ok(web !== undefined && web >= 4000 && web < 4100, `${web}`);
  assert.deepEqual(
    story.lines.filter((line) => line.includes("is told to stop while")),
    [
      "*** db is told to stop while app, which needs it, still runs",
      "*** cache is told to stop while web, api, which need it, still run",
      "*** app is told to stop while web, which needs it, still runs",
    ],
  );
});

test("a second request does not wait for the order", () => {
  const story = withNeeds(
    [
      { name: "db", run: habit.endsOnTerm(10) },
      { name: "app", run: habit.ignoresTerm, needs: "db" },
    ],
    { signals: { 5000: TERM, 5500: TERM } },
  );
  const { db, app } = ends(story, 6000);
  assert.ok(db !== undefined && db >= 510 && db < 530, `${db}`);
  assert.ok(app !== undefined && app < 1600, `${app}`);
  assert.ok(story.lines.includes("*** db is told to stop while app, which needs it, still runs"));
});

test("a hundred services, each of which needs the next, stop one after the other without delay", () => {
  const count = 100;
  const story = withNeeds(
    Array.from({ length: count }, (_, index) => ({
      name: `s${index}`,
      run: habit.endsOnTerm(2),
      ...(index + 1 < count ? { needs: `s${index + 1}` } : {}),
    })),
  );
  const all = ends(story, 6000);
  assert.equal(all["s0"], 2);
  assert.ok((all["s99"] ?? 0) >= 200 && (all["s99"] ?? 0) < 300, `${all["s99"]}`);
});
