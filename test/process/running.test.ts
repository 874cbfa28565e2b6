// While a container runs: orphans are reaped, and nothing blocks my_init. See docs/reference/my_init.md
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  dockerEnv,
  type Init,
  isSanitized,
  makeView,
  processRing,
  runInit,
  startInit,
  until,
  untilFull,
} from "../support/process.ts";

const zombies = (init: Init) => init.processes().filter(({ state }) => state === "Z");

describe("running", processRing, () => {
  test("2,000 orphans leave no zombie", async (t) => {
    const init = await startInit(t, { args: ["sh", "-c", "/fixtures/leaves-orphans.sh 2000; exec sleep 1000"] });
    await init.waitFor("left 2000 orphans");
    await until(() => zombies(init).length === 0, "all are reaped");
    init.signal("SIGTERM");
    assert.equal((await init.ended()).status, 143);
  });

  test("the test of orphans can fail: with a PID 1 that does not reap, all stay zombies", async (t) => {
    const init = await startInit(t, { wrapper: ["sh", "-c", "echo careless; exec sleep 1000"] });
    await init.waitFor("careless");
    await init.exec("/fixtures/leaves-orphans.sh 50");
    // The last of them may still be about to end.
    await until(() => zombies(init).length === 50, "all stay zombies");
  });

  test("a long life costs PID 1 no memory", { skip: isSanitized && "a sanitizer keeps freed memory" }, async (t) => {
    const init = await startInit(t, { args: ["sh", "-c", "echo up; exec sleep 1000"] });
    await init.waitFor("up");
    const afterOrphans = async (count: number) => {
      await init.exec(`/fixtures/leaves-orphans.sh ${count}`);
      await until(() => zombies(init).length === 0, "all are reaped");
      // Without pages of files: which of these are mapped depends on the machine.
      return Number(/^Anonymous:\s+(\d+)/m.exec(init.processFile(1, "smaps_rollup"))?.[1]);
    };
    const first = await afterOrphans(500);
    const second = await afterOrphans(4500);
    assert.ok(second - first <= 16, `${first} KiB after 500 orphans, ${second} KiB after 5,000`);
  });

  test("orphans of a startup script are reaped while it runs", async (t) => {
    const init = await startInit(t, {
      scripts: { "/etc/my_init.d/10_a": "/fixtures/leaves-orphans.sh 50; until [ -e /tmp/go ]; do sleep 0.01; done" },
      args: ["true"],
    });
    await init.waitFor("left 50 orphans");
    await until(() => zombies(init).length === 0, "all are reaped");
    init.view.write("/tmp/go", "");
    assert.equal((await init.ended()).status, 0);
  });

  test("orphans are reaped while a service takes time to stop", async (t) => {
    const init = await startInit(t, {
      env: { ...dockerEnv, SHUTDOWN_TIMEOUT: "600" },
      scripts: {
        "/etc/service/slow/run":
          'trap "/fixtures/leaves-orphans.sh 50; until [ -e /tmp/go ]; do sleep 0.01; done; exit 0" TERM; echo up; while :; do sleep 0.05; done',
      },
    });
    await init.waitFor("up");
    init.signal("SIGTERM");
    await init.waitFor("left 50 orphans");
    await until(() => zombies(init).filter(({ parent }) => parent === 1).length === 0, "all are reaped");
    init.view.write("/tmp/go", "");
    assert.equal((await init.ended()).status, 0);
  });

  test("a service that signals its own process group stays down if chpst -P gives it one of its own", async (t) => {
    const groupKiller = `trap 'trap "" TERM; kill 0; exit 0' TERM; echo "$1 is up"; while :; do sleep 0.05; done`;
    const init = await startInit(t, {
      files: { "/srv/server": groupKiller },
      scripts: {
        "/etc/service/shared/run": "exec sh /srv/server shared",
        "/etc/service/own/run": "exec chpst -P sh /srv/server own",
      },
    });
    for (const name of ["shared", "own"]) await init.waitFor(`${name} is up`);
    await init.exec("sv down own shared; until sv status own | grep -q ^down; do sleep 0.05; done");
    // The other as the reference page describes it: its runsv is gone, and runsvdir starts a new one.
    await init.waitFor(/shared is up\n(?:.*\n)*shared is up\n/);
    assert.match(await init.exec("sv status own"), /^down: own: /);
    init.signal("SIGTERM");
    const ended = await init.ended();
    assert.equal(ended.status, 0);
    assert.equal(ended.output.match(/own is up/g)?.length, 1);
    assert.doesNotMatch(ended.output, /Forcing/);
  });

  for (const redirect of ["2>&-", ">&-", ">&- 2>&- <&-", "2>/dev/full", ">/dev/full"]) {
    test(`a container boots, runs and ends with ${redirect}`, async (t) => {
      const ended = await runInit(t, {
        redirect,
        scripts: { "/etc/my_init.d/10_a": "touch /tmp/script", "/etc/service/idle/run": "exec sleep 1000" },
        args: ["sh", "-c", "[ -e /tmp/script ] && exit 5"],
      });
      assert.equal(ended.status, 5);
    });
  }

  test("a closed standard stream is not reused for another file, and is open for the command", async (t) => {
    const view = await makeView(t);
    const line = 'for fd in 0 1 2; do readlink "/proc/$$/fd/$fd"; done > /tmp/streams';
    await runInit(t, { view, redirect: ">&- 2>&- <&-", args: ["sh", "-c", line] });
    assert.match(view.read("/tmp/streams"), /^\/dev\/null\n.*\n\/dev\/null\n$/);
  });

  test("an output whose reader has ended ends nothing", async (t) => {
    const ended = await runInit(t, {
      prepare:
        'mkfifo "$root/tmp/pipe"; (head -c 1 > /dev/null) < "$root/tmp/pipe" & exec 2> "$root/tmp/pipe"; printf x >&2; wait $!',
      args: ["sh", "-c", "exit 5"],
    });
    assert.equal(ended.status, 5);
  });

  test("output without a reader delays neither boot nor shutdown", async (t) => {
    const init = await startInit(t, {
      env: { ...dockerEnv, SHUTDOWN_TIMEOUT: "600" },
      scripts: {
        "/etc/my_init.d/10_floods": "(yes >&2 &); until [ -e /tmp/full ]; do sleep 0.02; done",
        "/etc/my_init.d/20_next": ":",
      },
      args: ["sh", "-c", "touch /tmp/command; exec sleep 1000"],
    });
    init.stopReading();
    await untilFull(init, "stderr");
    init.view.write("/tmp/full", "");
    await until(() => init.view.exists("/tmp/command"), "the command runs");
    init.signal("SIGTERM");
    await until(() => init.isGone, "it ends");
    init.readAgain();
    assert.equal((await init.ended()).status, 143);
  });

  test("a late reader gets every message whole and in order", async (t) => {
    const long = "x".repeat(120_000);
    const init = await startInit(t, {
      args: ["sh", "-c", "touch /tmp/command; until [ -e /tmp/go ]; do sleep 0.01; done", long],
    });
    init.stopReading();
    await until(() => init.view.exists("/tmp/command"), "the command runs");
    init.readAgain();
    await init.waitFor(new RegExp(`^\\*\\*\\* Running sh -c .* x{${long.length}}\\.\\.\\.$`, "m"));
    init.view.write("/tmp/go", "");
    const ended = await init.ended();
    assert.match(ended.stderr, /^\*\*\* sh exited with exit code 0\.$/m);
  });

  test("messages beyond what is kept for a reader are counted, and delay nothing", async (t) => {
    const long = "y".repeat(120_000);
    const init = await startInit(t, {
      env: { ...dockerEnv, SHUTDOWN_TIMEOUT: "600", KILL_PROCESS_TIMEOUT: long, KILL_ALL_PROCESSES_TIMEOUT: long },
      args: ["--skip-runit", "--skip-startup-files", "true", long, long],
    });
    init.stopReading();
    await until(() => init.isGone, "it ends");
    init.readAgain();
    const ended = await init.ended();
    assert.equal(ended.status, 0);
  });

  test("a service that ends is started again", async (t) => {
    const init = await startInit(t, { scripts: { "/etc/service/worker/run": "echo worker starts; exec sleep 1000" } });
    await init.waitFor("worker starts");
    await init.exec("until pkill -KILL -x sleep; do :; done");
    await init.waitFor(/worker starts[^]*worker starts/);
    await until(() => zombies(init).length === 0, "all are reaped");
    init.signal("SIGTERM");
    assert.equal((await init.ended()).status, 0);
  });
});
