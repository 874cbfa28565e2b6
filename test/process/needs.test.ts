// Services that need each other: docs/reference/services.md. With the sanitizers' loader, the process of
// `./run` would be the loader: these tests run without sanitizers.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { patient } from "../support/patience.ts";
import { dockerEnv, isSanitized, processRing, startInit, until } from "../support/process.ts";

/** A server that prints when it is up and when it ends. */
const server = (name: string, seconds = 0.1) => `exec /fixtures/says-goodbye.sh ${name} ${seconds}`;

/** The lines of an output that hold one of these words, in their order. */
function order(output: string, words: RegExp): string[] {
  return [...output.matchAll(new RegExp(words, "g"))].map(([word]) => word);
}

describe("needs", processRing, () => {
  test("a service starts when the services it needs are ready, and stops before them", async (t) => {
    const init = await startInit(t, {
      scripts: {
        "/etc/service/web/run": server("web"),
        "/etc/service/app/run":
          'trap "echo app said goodbye; exit 0" TERM; echo app is up; : > /app-is-up; while :; do sleep 0.05; done',
        "/etc/service/app/check": "[ -e /app-is-up ]",
        "/etc/service/app/finish": "echo app finished said goodbye",
        "/etc/service/db/run": server("db"),
        "/etc/service/db/check": "echo noise; echo noise >&2; [ -e /ready ]",
      },
      files: { "/etc/service/web/needs": "app\r\n", "/etc/service/app/needs": "# the database\ndb 30" },
    });
    await init.waitFor("db is up");
    await init.waitFor("app: waits for db (its check failed (exit status 1))");
    assert.doesNotMatch(init.output, /(web|app) is up|noise/);
    init.view.write("/ready", "");
    await init.waitFor("web is up");
    init.signal("SIGTERM");
    const { output, status } = await init.ended();
    assert.equal(status, 0);
    assert.deepEqual(order(output, /\w+ is up/), ["db is up", "app is up", "web is up"]);
    assert.deepEqual(
      order(output, /[\w ]+ said goodbye/),
      ["web", "app", "app finished", "db"].map((name) => `${name} said goodbye`),
    );
    assert.doesNotMatch(output, /Forcing|is told to stop while/);
  });

  test("no process stays between runsv and the service, which has the usual arguments and working directory", async (t) => {
    const init = await startInit(t, {
      scripts: {
        "/etc/service/app/run": 'echo "app in $PWD: $0 $# is child of $(cat /proc/$PPID/comm)"; exec sleep 1000',
        "/etc/service/db/run": "exec sleep 1001",
      },
      files: { "/etc/service/app/needs": "db" },
    });
    await init.waitFor("app in /run/my_init/my_init-services-0/app: ./run.own 0 is child of runsv");
    init.signal("SIGTERM");
    await init.ended();
  });

  test("at half of the time limit a service gets TERM although services that need it still hang", async (t) => {
    const init = await startInit(t, {
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", KILL_PROCESS_TIMEOUT: "4" },
      scripts: {
        "/etc/service/app/run": "exec /fixtures/ignores-term.sh",
        "/etc/service/db/run": server("db"),
      },
      files: { "/etc/service/app/needs": "db" },
    });
    await init.waitFor("db is up");
    await init.waitFor("deaf as PID");
    const begin = performance.now();
    init.signal("SIGTERM");
    await init.waitFor("db is told to stop while app, which needs it, still runs");
    const halfMs = performance.now() - begin;
    assert.ok(halfMs > 1900, `${halfMs} ms`);
    const { output, stderr } = await init.ended();
    assert.match(output, /db said goodbye/);
    // Before the whole limit, at which the other is killed.
    assert.match(
      stderr,
      /db is told to stop while [^]*ignores-term.sh .*did not shut down in time\. Forcing it to exit/,
    );
  });

  test("a start that fails logs the reason and is tried again", async (t) => {
    const init = await startInit(t, {
      scripts: {
        "/etc/service/app/run": "echo app is up; exec sleep 1000",
        "/etc/service/app/finish": 'echo "finish $1"',
        "/etc/service/db/run": "exec sleep 1001",
        "/etc/service/db/check": "[ -e /ready ] || exit 7",
      },
      files: { "/etc/service/app/needs": "db 1\n" },
    });
    await init.waitFor("app: db, which it needs, is not ready after 1 s: its check failed (exit status 7)");
    await init.waitFor("finish 1");
    init.view.write("/ready", "");
    await init.waitFor("app is up");
    init.signal("SIGTERM");
    assert.equal((await init.ended()).status, 0);
  });

  test("if services need each other in a cycle, no service is started", async (t) => {
    const init = await startInit(t, {
      scripts: { "/etc/service/a/run": "echo a is up", "/etc/service/b/run": "echo b is up" },
      files: { "/etc/service/a/needs": "b\n", "/etc/service/b/needs": "\na\n" },
    });
    const { output, status } = await init.ended();
    assert.equal(status, 1);
    assert.match(
      output,
      /^\*\*\* services are not started: \/etc\/service\/a\/needs, line 1: .* a -> b -> a; take one of them out$/m,
    );
    assert.doesNotMatch(output, /is up/);
  });

  test("the shutdown does not wait for a service that other services wait for in vain", async (t) => {
    const init = await startInit(t, {
      env: { ...dockerEnv, SHUTDOWN_TIMEOUT: "60" },
      scripts: {
        "/etc/service/app/run": "echo app is up",
        "/etc/service/db/run": server("db"),
        "/etc/service/db/check": "touch /asked; exec sleep 1000",
      },
      files: { "/etc/service/app/needs": "db\n" },
    });
    await init.waitFor("db is up");
    await until(() => init.view.exists("/asked"), "the check was started");
    const begin = performance.now();
    init.signal("SIGTERM");
    const { output } = await init.ended();
    assert.ok(performance.now() - begin < patient(20_000), output); // half of the time limit is 30 seconds
    assert.doesNotMatch(output, /Forcing|app is up|is told to stop while/);
  });

  const chain = { skip: isSanitized && "with the sanitizers, each start of a service takes a second" };
  test(
    "a hundred services, each of which needs the next, start and stop in order and without delay",
    chain,
    async (t) => {
      const count = 100;
      const names = Array.from({ length: count }, (_, index) => `s${index}`);
      const scripts = names.flatMap((name) => [
        [`/etc/service/${name}/run`, `echo ${name} up; : > /up-${name}; exec sleep 1000`],
        [`/etc/service/${name}/check`, `[ -e /up-${name} ]`],
      ]);
      const init = await startInit(t, {
        env: { ...dockerEnv, SHUTDOWN_TIMEOUT: "60" },
        scripts: Object.fromEntries(scripts),
        files: Object.fromEntries(names.slice(1).map((name, index) => [`/etc/service/s${index}/needs`, name])),
      });
      const begin = performance.now();
      await init.waitFor("s0 up");
      const startMs = performance.now() - begin;
      assert.deepEqual(order(init.output, /s\d+(?= up)/), [...names].reverse());
      // Services younger than three seconds are stopped in another way, and give no sign when they are old enough.
      await pause(3500);
      const signalled = performance.now();
      init.signal("SIGTERM");
      const { output } = await init.ended();
      const stopMs = performance.now() - signalled;
      t.diagnostic(`start ${startMs.toFixed(0)} ms, stop ${stopMs.toFixed(0)} ms`);
      // With a delay of a second for each, the start would take longer than any wait of a test.
      assert.ok(stopMs < patient(20_000), `${stopMs} ms`);
      assert.doesNotMatch(output, /Forcing|is told to stop while|waits for s/);
    },
  );
});
