import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DOWN,
  type FakeContainer,
  type FakeService,
  FINISH,
  RUN,
  runInContainer,
} from "../../../test/support/fake-container.ts";
import type { FakeOptions, FakeProgram } from "../../../test/support/fake-linux.ts";
import { oneFailure } from "../../../test/support/service-ends.ts";
import { IS_STOPPING } from "../../container/phase-record.ts";
import { writeEnds } from "../../container/service-end.ts";
import { main } from "./main.ts";

const ask = (container: FakeContainer) => runInContainer("container_health", main, container);

const up: FakeService = { state: RUN };
const exits =
  (code: number, ms = 1): FakeProgram =>
  (self) =>
    self.after(ms, () => self.exit(code));
const hangs: FakeProgram = () => {};

test("all up: 0, and no line", () => {
  const { status, said } = ask({ services: { web: up, db: up } });
  assert.equal(status, 0);
  assert.equal(said, "");
});

test("a container without services is healthy once runsvdir runs", () => {
  assert.equal(ask({}).status, 0);
});

test("a service that is not up has a line that says why", () => {
  for (const [service, word] of [
    [{ state: DOWN }, "down"],
    [{ state: FINISH }, "finish"],
    [{ state: RUN, isPaused: true }, "paused"],
    [{ state: RUN, ageMs: 999 }, "less than a second"],
    [{ state: RUN, waitsFor: "db" }, "waits for db"],
    [{ state: RUN, restarts: { next: "again", delayMs: 7500, endsMs: [1000] } }, "starts again in 8 s"],
    [{ state: DOWN, want: "d", restarts: { next: "gave-up", delayMs: 0, endsMs: [1] } }, "gave up, and is not"],
    [{}, "no runsv"],
    [{ state: RUN, hasRunsv: false }, "no runsv"],
  ] as const) {
    const { status, said } = ask({ services: { ok: up, web: service } });
    assert.equal(status, 1);
    assert.ok(said.startsWith("web: ") && said.includes(word) && said.indexOf("\n") === said.length - 1, said);
  }
});

test("a task that is done is healthy, also before runsv has read that, and while it runs again", () => {
  const restarts = { next: "done", delayMs: 0, endsMs: [1] } as const;
  const { said } = ask({ words: ["--json"], services: { task: { state: DOWN, want: "d", restarts } } });
  assert.ok(said.includes('"healthy":true,"state":"done"'), said);
  assert.equal(ask({ services: { task: { ...up, restarts } } }).status, 0);
  assert.equal(ask({ services: { task: { state: DOWN, restarts } } }).status, 0);
});

test("a problem names how the service ended last, and how often", () => {
  const ended = { ...oneFailure, count: 3, last: { how: "killed", signal: 9 } as const, isOutOfMemory: true };
  const asked = (service: FakeService, words: readonly string[] = []) =>
    ask({
      words,
      services: { web: service },
      prepare: (linux) => writeEnds(linux, "/run/services/web/supervise", ended),
    }).said;
  const last = "it last was killed by SIGKILL (out of memory) (ends since the boot: 3)";
  assert.equal(asked({ state: DOWN }), `web: is down, and about to be started again; ${last}\n`);
  assert.ok(asked({ state: RUN, ageMs: 10 }).endsWith(`; ${last}\n`));
  assert.equal(asked(up), "");
  assert.ok(asked(up, ["--json"]).includes('"ends":3,"lastEnd":"was killed by SIGKILL (out of memory)"'));
});

test("a problem names the first cause that the files of the service show", () => {
  const asked = (words: readonly string[], service: FakeService) =>
    ask({
      words,
      services: { web: service },
      prepare: (linux) => {
        for (const path of ["/etc/service", "/etc/service/web"]) linux.addDirectory(path);
        linux.addFile("/etc/service/web/finish", "");
      },
    }).said;
  const cause = '; cannot run "/etc/service/web/run": no such file or directory (ENOENT)';
  assert.equal(asked([], { state: DOWN }), `web: is down, and about to be started again${cause}\n`);
  assert.ok(asked(["--json"], { state: DOWN }).includes(cause.replaceAll('"', '\\"')));
  assert.equal(asked([], up), "");
  const failed = asked([], { state: RUN, check: exits(126) });
  assert.equal(failed, `web: its check failed (exit status 126)${cause}\n`);
});

test("a service is up when it is a second old, or was started before the clock was set back", () => {
  assert.equal(ask({ services: { web: { state: RUN, ageMs: 1000 } } }).status, 0);
  assert.equal(ask({ services: { web: { state: RUN, ageMs: -5000 } } }).status, 0);
});

test("a service that should not be up need not be", () => {
  for (const service of [
    { state: DOWN, want: "d" },
    { state: RUN, want: "d", ageMs: 10 },
    { hasDownFile: true },
    { state: DOWN, hasRunsv: false, hasDownFile: true },
  ]) {
    assert.equal(ask({ services: { web: service } }).status, 0);
  }
  // After `sv up`.
  assert.equal(ask({ services: { web: { state: DOWN, hasDownFile: true } } }).status, 1);
});

test("dotfiles, files and other directories are no services; a log service is one", () => {
  const { status, said } = ask({
    services: { ".hidden": {}, web: up },
    prepare: (linux) => {
      linux.addFile("/run/services/README", "");
      linux.addDirectory("/run/services/web/log");
    },
  });
  assert.equal(status, 1);
  assert.ok(said.startsWith("web/log: has no runsv"), said);
});

test("a check decides, also in the first second", () => {
  assert.equal(ask({ services: { web: { ...up, check: exits(0) } } }).status, 0);
  assert.equal(ask({ services: { web: { ...up, ageMs: 1, check: exits(0) } } }).status, 0);
  const { status, said } = ask({ services: { web: { ...up, check: exits(3) }, db: { ...up, check: exits(0) } } });
  assert.equal(status, 1);
  assert.equal(said, "web: its check failed (exit status 3)\n");
});

test("checks run at the same time, in the service's directory, with the services' environment, if the service is up", () => {
  const { linux, ms } = ask({
    services: {
      a: { ...up, check: exits(0, 100) },
      b: { ...up, check: exits(0, 100) },
      c: { state: DOWN, check: () => assert.fail("it ran") },
    },
  });
  assert.equal(ms, 100);
  const checks = linux.history.filter(({ argv }) => argv[0] === "./check");
  assert.deepEqual(
    checks.map(({ argv }) => argv[1]),
    ["/run/services/a", "/run/services/b"],
  );
  for (const { environ } of checks) assert.deepEqual(environ, ["FROM=runsvdir"]);
});

test("a check that hangs is killed after five seconds, and leaves no process", () => {
  const { status, said, ms, linux } = ask({
    services: { web: { ...up, check: hangs }, ok: { ...up, check: exits(0) } },
  });
  assert.equal(status, 1);
  assert.ok(said.startsWith("web: its check did not end"), said);
  assert.equal(ms, 5000);
  assert.deepEqual(linux.living(), []);
});

test("the boot is over when my_init has recorded that, with services or without, and not after it begins to stop", () => {
  const notOver = "my_init: the boot is not over, or the shutdown has begun\n";
  assert.equal(ask({ isBooted: false }).said, notOver);
  assert.equal(ask({ record: IS_STOPPING }).said, notOver);
  assert.equal(ask({ hasRunit: false }).status, 0);
});

test("neither a process that calls itself runsvdir nor a later process with the recorded PID counts", () => {
  const { status, said } = ask({
    services: { web: up },
    prepare: (linux) => {
      linux.addDirectory("/tmp/evil");
      linux.addDirectory("/tmp/evil/x");
      const orphan = linux.processes.get(1)?.spawn(() => {}, ["/usr/bin/runsvdir", "-P", "/tmp/evil"]);
      assert.ok(orphan);
      orphan.uid = 65534;
    },
  });
  assert.deepEqual([status, said], [0, ""]);
  const later = ask({
    prepare: (linux) => {
      for (const process of linux.processes.values()) if (process.file === "/usr/bin/runsvdir") process.startTime += 1;
    },
  });
  assert.equal(later.status, 1);
});

test("root reads another user's container as that user, or reports that it cannot", () => {
  const others = (fault: FakeOptions["fault"]) =>
    ask({
      services: { web: up },
      prepare: (linux) => {
        const init = linux.processes.get(1);
        assert.ok(init);
        init.uid = 1000;
      },
      ...(fault === undefined ? {} : { fault }),
    });
  const { status, linux } = others(undefined);
  assert.deepEqual([status, linux.euid], [0, 1000]);
  const refused = others((call) => (call === "setGroups" ? 1 : 0));
  assert.deepEqual([refused.status, refused.linux.euid], [1, 0]);
  assert.equal(refused.said, "my_init: cannot set the groups of user 1000: operation not permitted (EPERM)\n");
});

test("without my_init, a line says so", () => {
  const { status, said } = ask({ initWords: ["/usr/sbin/setuser"] });
  assert.equal(status, 1);
  assert.equal(said, "my_init: no my_init is running\n");
});

test("a service that this user may not inspect is not healthy", () => {
  const { status, said } = ask({
    services: { web: up },
    fault: (call, path) => (call === "readFile" && path.endsWith("/status") && path.startsWith("/run") ? 13 : 0),
  });
  assert.equal(status, 1);
  assert.equal(said, "web: cannot be inspected: permission denied (EACCES)\n");
});

test("--wait ends as soon as all is healthy", () => {
  const { status, said, ms } = ask({
    words: ["--wait", "10"],
    services: { web: { state: DOWN } },
    prepare: (linux, put) => linux.after(3333, () => put("web", { ...up, ageMs: 2000 })),
  });
  assert.equal(status, 0);
  assert.equal(said, "");
  assert.equal(ms, 3333);
});

test("--wait does not wait if this user may not look into my_init", () => {
  const { status, said, ms } = ask({
    words: ["--wait", "10"],
    fault: (call, path) => (call === "listDir" && path === "/proc/1/fd" ? 13 : 0),
  });
  assert.equal(status, 1);
  assert.ok(said.startsWith("my_init: cannot look into my_init (PID 1): permission denied (EACCES)"), said);
  assert.equal(ms, 0);
});

test("--wait needs no watches, and notices changes that are no event", () => {
  for (const fault of [() => 0, (call: string) => (call === "inotifyOpen" ? 24 : 0)]) {
    const { status, ms } = ask({ words: ["--wait", "10"], services: { web: { ...up, ageMs: 300 } }, fault });
    assert.equal(status, 0);
    assert.ok(ms >= 700 && ms <= 900, `${ms}`);
  }
});

test("--wait ends at the deadline with the last result, also while a check hangs", () => {
  const down = ask({ words: ["--wait", "2"], services: { web: { state: DOWN } } });
  assert.equal(down.status, 1);
  assert.ok(down.said.startsWith("web: is down"));
  assert.equal(down.ms, 2000);
  assert.equal(ask({ words: ["--wait", "2"], services: { web: { ...up, check: hangs } } }).ms, 2000);
});

test("a signal ends it immediately, and its checks are killed", () => {
  const { status, ms, linux } = ask({
    words: ["--wait", "100"],
    services: { web: { ...up, check: hangs } },
    prepare: (fake) => fake.after(70, () => fake.signalSelf(15)),
  });
  assert.equal(status, 143);
  assert.equal(ms, 70);
  assert.deepEqual(linux.living(), []);
});
