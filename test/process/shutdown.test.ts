// Shutdown: order, time limits, and the processes that it waits for, names and kills. See docs/reference/my_init.md
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, type TestContext, test } from "node:test";
import { patient } from "../support/patience.ts";
import {
  dockerEnv,
  type Ended,
  type InitOptions,
  makeView,
  processRing,
  runInit,
  shortest,
  startInit,
  until,
  untilOld,
} from "../support/process.ts";

/** The lines of an output that hold one of these words, in their order. */
function order(output: string, words: RegExp): string[] {
  return [...output.matchAll(new RegExp(words, "g"))].map(([word]) => word);
}

function assertNoneForced(ended: Ended): void {
  assert.doesNotMatch(ended.stderr, /Forcing|in time/);
}

describe("shutdown", processRing, () => {
  for (const besides of [undefined, {}] as const) {
    test(`${besides === undefined ? "as PID 1" : "as a child"}: only stopped processes get CONT`, async (t) => {
      const lines = `trap "echo $1 got CONT" CONT; trap "echo $1 ends; end=1" TERM; echo $1 up
        end=; until [ "$end" ]; do sleep 0.05; done; sleep 0.1`; // in which CONT would come
      const init = await startInit(t, {
        ...(besides === undefined ? {} : { besides }),
        scripts: {
          "/opt/reports": lines,
          "/etc/my_init.d/10_a":
            "setsid /opt/reports daemon & setsid sh -c 'kill -STOP $$; exec /opt/reports stopped' & sleep 0",
          "/etc/service/app/run": "exec /opt/reports service",
        },
        args: ["/opt/reports", "command"],
      });
      for (const name of ["daemon", "service", "command"]) await init.waitFor(`${name} up`);
      await until(() => init.processes().some(({ state }) => state === "T"), "one process is stopped");
      // A younger service gets TERM from its runsv, which sends CONT in any case.
      await init.exec(untilOld("app"));
      init.signal("SIGTERM");
      const ended = await init.ended();
      for (const name of ["daemon", "service", "command"]) assert.match(ended.output, new RegExp(`^${name} ends`, "m"));
      assert.doesNotMatch(ended.output, /got CONT|Forcing/);
    });
  }

  test("it stops in order: command, first scripts, services, last scripts, remaining processes", async (t) => {
    const init = await startInit(t, {
      scripts: {
        "/etc/service/worker/run": "exec /fixtures/says-goodbye.sh service 0.1",
        "/etc/my_init.pre_shutdown.d/10_a": "echo pre-shutdown said goodbye",
        "/etc/my_init.post_shutdown.d/10_a": "echo post-shutdown said goodbye",
        "/etc/my_init.d/10_a": "/fixtures/daemonises.sh /fixtures/says-goodbye.sh daemon 0.1",
      },
      args: ["/fixtures/says-goodbye.sh", "command", "0.1"],
    });
    for (const name of ["daemon", "service", "command"]) await init.waitFor(`${name} is up`);
    init.signal("SIGTERM");
    const ended = await init.ended();
    assert.equal(ended.status, 0);
    assert.deepEqual(
      order(ended.output, /[\w-]+ said goodbye/),
      ["command", "pre-shutdown", "service", "post-shutdown", "daemon"].map((name) => `${name} said goodbye`),
    );
    assertNoneForced(ended);
  });

  test("all services get TERM at the same time", async (t) => {
    const count = 8;
    // Each ends when all have got it.
    const waits = (name: string) =>
      `trap ': > /tmp/term-${name}; over=1' TERM; echo ${name} is up; until [ "$over" ]; do sleep 0.05; done
       until [ "$(ls /tmp/term-* | wc -l)" = ${count} ]; do sleep 0.05; done; echo ${name} said goodbye`;
    const init = await startInit(t, {
      scripts: Object.fromEntries(Array.from({ length: count }, (_, i) => [`/etc/service/s${i}/run`, waits(`s${i}`)])),
    });
    for (let i = 0; i < count; i++) await init.waitFor(`s${i} is up`);
    init.signal("SIGTERM");
    const ended = await init.ended();
    assert.equal(ended.output.match(/said goodbye/g)?.length, count);
    assertNoneForced(ended);
  });

  test("each wait ends with the event that it waits for, also for services that have only just started", async (t) => {
    const init = await startInit(t, {
      env: { ...dockerEnv, SHUTDOWN_TIMEOUT: "120" },
      scripts: {
        "/etc/service/worker/run": "exec /fixtures/says-goodbye.sh worker",
        "/etc/my_init.post_shutdown.d/10_a": ":",
      },
      args: ["sh", "-c", "sleep 1000 & exec sleep 1000"],
    });
    await init.waitFor("worker is up");
    const begin = performance.now();
    init.signal("SIGTERM");
    await init.ended();
    const tookMs = performance.now() - begin;
    assert.ok(tookMs < patient(30_000), `${tookMs} ms`); // each wait may last much longer
  });

  test("a stopped runsv is continued, also if its service has only just started", async (t) => {
    const init = await startInit(t, {
      scripts: { "/etc/service/worker/run": "exec /fixtures/says-goodbye.sh worker" },
    });
    await init.waitFor("worker is up");
    await init.exec("pkill -STOP -x runsv");
    init.signal("SIGTERM");
    const ended = await init.ended();
    assert.equal(ended.status, 0);
    assert.match(ended.output, /worker said goodbye/);
    assertNoneForced(ended);
  });

  test("no service is restarted during the shutdown", async (t) => {
    const init = await startInit(t, {
      scripts: {
        "/etc/service/brief/run": "echo run >> /tmp/brief; echo brief runs; exec sleep 0.02",
        "/etc/service/slow/run":
          'trap "cp /tmp/brief /tmp/before; sleep 1.5; echo slow ends; exit" TERM; echo slow is up; while :; do sleep 0.05; done',
      },
    });
    await init.waitFor("slow is up");
    await init.waitFor("brief runs");
    init.signal("SIGTERM");
    const { output } = await init.ended();
    assert.match(output, /slow ends/);
    const [before, all] = ["/tmp/before", "/tmp/brief"].map((path) => init.view.read(path).split("\n").length);
    // One start may have been under way when the services were told to stop.
    assert.ok((all ?? 0) - (before ?? 0) <= 1, output);
  });

  test("a child that a service has left behind does not keep the log service waiting", async (t) => {
    for (const finish of [{}, { "/etc/service/a/finish": "exit 0" }]) {
      const init = await startInit(t, {
        env: { ...dockerEnv, SHUTDOWN_TIMEOUT: "60" },
        scripts: {
          "/etc/service/a/run": "echo a is up >&2; sleep 1000; echo never",
          "/etc/service/a/log/run": "exec cat",
          ...finish,
        },
      });
      await init.waitFor("a is up");
      const begin = performance.now();
      init.signal("SIGTERM");
      const ended = await init.ended();
      assert.ok(performance.now() - begin < patient(20_000), ended.output); // half of the time limit is 30 seconds
      assert.doesNotMatch(ended.output, /Forcing/);
    }
  });

  test("a log service ends after its service and gets its last lines", async (t) => {
    const init = await startInit(t, {
      scripts: {
        "/etc/service/talker/run":
          'trap "echo last words; exit 0" TERM; echo first words; while :; do sleep 0.05; done',
        "/etc/service/talker/log/run":
          'trap "" TERM; while read -r line; do echo "logged: $line"; done; echo logger ends',
      },
    });
    await init.waitFor("logged: first words");
    init.signal("SIGTERM");
    const ended = await init.ended();
    assert.deepEqual(order(ended.output, /logged: \w+ words|logger ends/), [
      "logged: first words",
      "logged: last words",
      "logger ends",
    ]);
    assertNoneForced(ended);
  });

  test("a service's finish script and control/t are run", async (t) => {
    const init = await startInit(t, {
      scripts: {
        "/etc/service/worker/run": 'trap "echo quit heard; exit 7" QUIT; echo worker up; while :; do sleep 0.05; done',
        "/etc/service/worker/control/t": 'kill -QUIT "$(cat supervise/pid)"',
        "/etc/service/worker/finish": 'echo "finish $1"',
      },
    });
    await init.waitFor("worker up");
    init.signal("SIGTERM");
    const ended = await init.ended();
    assert.match(ended.output, /quit heard/);
    assert.match(ended.output, /finish 7/);
    assertNoneForced(ended);
  });

  test("a service that ignores TERM is killed, and a message names command line, PID and service; the others end by TERM", async (t) => {
    const init = await startInit(t, {
      env: { ...dockerEnv, KILL_PROCESS_TIMEOUT: "4" },
      scripts: {
        "/etc/service/deaf/run": "exec /fixtures/ignores-term.sh",
        "/etc/service/well/run": "exec /fixtures/says-goodbye.sh well",
        "/etc/my_init.post_shutdown.d/10_a": "echo reached the last",
      },
    });
    const [, pid] = await init.waitFor(/^deaf as PID (\d+)$/m);
    await init.waitFor("well is up");
    init.signal("SIGTERM");
    const ended = await init.ended();
    assert.equal(ended.status, 0);
    assert.ok(
      ended.stderr.includes(
        `*** /bin/bash /fixtures/ignores-term.sh (PID ${pid}, service deaf) did not shut down in time. Forcing it to exit.\n`,
      ),
      ended.stderr,
    );
    assert.equal(ended.stderr.match(/Forcing it/g)?.length, 1, ended.stderr);
    assert.match(ended.output, /well said goodbye/);
    assert.match(ended.output, /reached the last/);
  });

  test("the log service of a service that ignores TERM is not killed with it, and gets all its lines", async (t) => {
    const init = await startInit(t, {
      env: { ...dockerEnv, KILL_PROCESS_TIMEOUT: "4" },
      scripts: {
        "/etc/service/deaf/run": 'trap "echo no, I stay" TERM; echo up; while :; do sleep 0.05; done',
        "/etc/service/deaf/log/run":
          'trap "" TERM; while read -r line; do sleep 0.05; echo "logged: $line"; done; echo logger ends',
      },
    });
    await init.waitFor("logged: up");
    init.signal("SIGTERM");
    const ended = await init.ended();
    assert.match(ended.output, /logged: no, I stay/);
    assert.match(ended.output, /logger ends/);
    assert.equal(ended.stderr.match(/Forcing it/g)?.length, 1, ended.stderr);
  });

  test("a command that does not end is named and killed, and the status shows it", async (t) => {
    const init = await startInit(t, {
      env: { ...dockerEnv, KILL_PROCESS_TIMEOUT: "1" },
      args: ["--skip-runit", "/fixtures/ignores-term.sh", "a b"],
    });
    const [, pid] = await init.waitFor(/^deaf as PID (\d+)$/m);
    init.signal("SIGTERM");
    const ended = await init.ended();
    assert.equal(ended.status, 137);
    assert.ok(
      ended.stderr.includes(
        `*** /bin/bash /fixtures/ignores-term.sh a b (PID ${pid}) did not shut down in time. Forcing it to exit.\n`,
      ),
      ended.stderr,
    );
    assert.match(ended.stderr, /^\*\*\* \/fixtures\/ignores-term\.sh was killed by signal 9 \(SIGKILL\)\.$/m);
  });

  test("shutdown scripts that hang are named and killed, one after the other, and the shutdown still ends in time", async (t) => {
    const hang = "exec /fixtures/ignores-term.sh";
    const tookMs = await shortest(4500, async () => {
      const init = await startInit(t, {
        env: { ...dockerEnv, SHUTDOWN_TIMEOUT: "3" },
        scripts: {
          "/etc/my_init.pre_shutdown.d/10_hangs": hang,
          "/etc/my_init.pre_shutdown.d/20_hangs": hang,
          "/etc/service/deaf/run": hang,
          "/etc/my_init.post_shutdown.d/10_hangs": hang,
          "/etc/my_init.post_shutdown.d/20_last": "echo reached the last",
        },
      });
      await init.waitFor("deaf as");
      const begin = performance.now();
      init.signal("SIGTERM");
      const ended = await init.ended();
      assert.equal(ended.status, 0);
      assert.equal(
        // A script that has a quarter of a second may not have executed the program yet.
        ended.stderr.match(/(?:ignores-term\.sh|_hangs|my_init) .*did not shut down in time\. Forcing it to exit\./g)
          ?.length,
        4,
        ended.stderr,
      );
      assert.match(ended.stderr, /10_hangs was killed by signal 9/);
      assert.match(ended.stdout, /reached the last/);
      return performance.now() - begin;
    });
    assert.ok(tookMs > 2000 && tookMs < patient(4500), `${tookMs} ms`);
  });

  test("daemonised grandchildren in sessions of their own get TERM, and the shutdown waits for them", async (t) => {
    const init = await startInit(t, {
      scripts: {
        "/etc/my_init.d/10_a":
          "/fixtures/daemonises.sh /fixtures/says-goodbye.sh first 0.5; /fixtures/daemonises.sh /fixtures/says-goodbye.sh second 0.2",
      },
      args: [
        "--skip-runit",
        "sh",
        "-c",
        "/fixtures/daemonises.sh /fixtures/says-goodbye.sh third 0.3; until [ -e /tmp/go ]; do sleep 0.05; done; exit 4",
      ],
    });
    for (const name of ["first", "second", "third"]) await init.waitFor(`${name} is up`);
    init.view.write("/tmp/go", "");
    const ended = await init.ended();
    assert.equal(ended.status, 4);
    for (const name of ["first", "second", "third"]) assert.match(ended.output, new RegExp(`${name} said goodbye`));
    assertNoneForced(ended);
  });

  test("a daemon that ignores TERM is named and killed", async (t) => {
    const init = await startInit(t, {
      env: { ...dockerEnv, KILL_ALL_PROCESSES_TIMEOUT: "1" },
      args: [
        "--skip-runit",
        "sh",
        "-c",
        "/fixtures/daemonises.sh /fixtures/ignores-term.sh; until [ -e /tmp/go ]; do sleep 0.05; done",
      ],
    });
    const [, pid] = await init.waitFor(/^deaf as PID (\d+)$/m);
    init.view.write("/tmp/go", "");
    const ended = await init.ended();
    assert.equal(ended.status, 0);
    assert.match(ended.stderr, /^\*\*\* Not all processes have exited in time\. Forcing them to exit\.$/m);
    assert.match(
      ended.stderr,
      new RegExp(`^\\*\\*\\* .*ignores-term\\.sh.* \\(PID ${pid}\\) did not shut down in time`, "m"),
    );
  });

  test("a process that is stopped by a signal gets CONT after TERM", async (t) => {
    const init = await startInit(t, {
      args: [
        "--skip-runit",
        "sh",
        "-c",
        "/fixtures/daemonises.sh /fixtures/says-goodbye.sh sleeper; until [ -e /tmp/go ]; do sleep 0.05; done",
      ],
    });
    const [, pid] = await init.waitFor(/^sleeper is up as PID (\d+)$/m);
    await init.exec(`kill -STOP ${pid}`);
    init.view.write("/tmp/go", "");
    const ended = await init.ended();
    assert.match(ended.output, /sleeper said goodbye/);
    assertNoneForced(ended);
  });

  test("a process that entered the container from outside gets TERM, too, and an interactive shell does not delay the end", async (t) => {
    const init = await startInit(t, {
      env: { ...dockerEnv, SHUTDOWN_TIMEOUT: "600" },
      scripts: { "/etc/service/idle/run": "exec sleep 1000" },
    });
    await init.waitFor("Runit started");
    const guest = init.exec("exec /fixtures/says-goodbye.sh guest >> /proc/1/fd/1");
    await init.waitFor("guest is up");
    init.signal("SIGTERM");
    await guest;
    const ended = await init.ended();
    assert.match(ended.output, /guest said goodbye/);
    assertNoneForced(ended);
  });

  test("processes that keep starting others during the shutdown neither escape nor delay it for ever", async (t) => {
    const breeder =
      "trap '' TERM; echo breeder $$; i=0; while [ $i -lt 100000 ]; do sleep 0.01 & i=$((i+1)); wait; done";
    const init = await startInit(t, {
      env: { ...dockerEnv, KILL_ALL_PROCESSES_TIMEOUT: "1" },
      files: { "/tmp/breeder": breeder },
      args: [
        "--skip-runit",
        "sh",
        "-c",
        "setsid sh /tmp/breeder & setsid sh /tmp/breeder & until [ -e /tmp/go ]; do sleep 0.05; done",
      ],
    });
    await init.waitFor(/breeder \d+\n(?:.*\n)*breeder \d+\n/);
    init.view.write("/tmp/go", "");
    const ended = await init.ended();
    assert.equal(ended.status, 0);
    // By their numbers: a child that is caught between fork and execve has the same words.
    const breeders = [...ended.stdout.matchAll(/^breeder (\d+)$/gm)].map(([, pid]) => pid);
    assert.equal(breeders.length, 2, ended.stdout);
    for (const pid of breeders) {
      const lines = ended.stderr.split("\n").filter((line) => line.includes(`sh /tmp/breeder (PID ${pid}) did not`));
      assert.equal(lines.length, 1, ended.stderr);
    }
  });

  test("with --no-kill-all-on-exit only services and command get TERM", async (t) => {
    const init = await startInit(t, {
      besides: {
        after:
          'inside "pkill -USR1 -f [p]rints-signals; touch /tmp/end; until ! pgrep -f [p]rints-signals; do sleep 0.01; done"',
      },
      args: [
        "--no-kill-all-on-exit",
        "sh",
        "-c",
        "/fixtures/daemonises.sh /fixtures/prints-signals.sh /tmp/end daemon; until [ -e /tmp/go ]; do sleep 0.05; done",
      ],
    });
    await init.waitFor("daemon listening");
    init.view.write("/tmp/go", "");
    const ended = await init.ended();
    assert.equal(ended.status, 0);
    assert.deepEqual(order(ended.output, /got \w+/), ["got USR1"], "it lived on, and heard only the test");
    assert.doesNotMatch(ended.stderr, /Killing all/);
  });
});

describe("processes that do not stop their children", processRing, () => {
  // The structure of Debian's mysqld_safe: deaf itself, gone when its child has ended in order.
  const safe = (name: string) =>
    `trap "" 1 2 3 15; while :; do rm -f /tmp/${name}; /fixtures/says-goodbye.pl ${name} 0.3 && exit 0; sleep 1; done`;

  test("children of a service, a command or a startup script that ignores TERM get TERM immediately, and all end by themselves", async (t) => {
    const init = await startInit(t, {
      env: { ...dockerEnv, SHUTDOWN_TIMEOUT: "60" },
      scripts: { "/etc/service/safe/run": safe("db"), "/usr/bin/app": safe("app-db") },
      args: ["app"],
    });
    for (const name of ["db", "app-db"]) await init.waitFor(`${name} is up`);
    init.signal("SIGTERM");
    const begin = performance.now();
    const ended = await init.ended();
    for (const name of ["db", "app-db"]) assert.match(ended.output, new RegExp(`^${name} said goodbye`, "m"));
    assertNoneForced(ended);
    assert.ok(performance.now() - begin < patient(20_000), "long before half of the time was over");

    const booting = await startInit(t, {
      env: { ...dockerEnv, SHUTDOWN_TIMEOUT: "60" },
      scripts: { "/etc/my_init.d/10": safe("migration") },
    });
    await booting.waitFor("migration is up");
    booting.signal("SIGTERM");
    const cut = await booting.ended();
    assert.match(cut.output, /migration said goodbye/);
    assertNoneForced(cut);
  });

  test("a supervisor that restarts its child in spite of TERM is killed alone: each child has time to end", async (t) => {
    const init = await startInit(t, {
      env: { ...dockerEnv, SHUTDOWN_TIMEOUT: "8" },
      scripts: { "/etc/service/a/run": 'trap "" TERM; while :; do /fixtures/says-goodbye.pl db 0.1; sleep 1; done' },
    });
    await init.waitFor("db is up");
    init.signal("SIGTERM");
    const ended = await init.ended();
    const [ups, goodbyes] = [/^db is up/gm, /^db said goodbye/gm].map((sign) => ended.output.match(sign)?.length);
    assert.equal(goodbyes, ups, ended.output);
    assert.equal(ended.output.match(/Forcing it/g)?.length, 1, ended.output);
  });

  test("the child of a shell whose trap waits for it gets TERM at half of the time limit", async (t) => {
    const init = await startInit(t, {
      env: { ...dockerEnv, SHUTDOWN_TIMEOUT: "8" },
      scripts: { "/etc/service/a/run": 'trap "echo trap ran; exit 0" TERM; /fixtures/says-goodbye.pl db 0.1' },
    });
    await init.waitFor("db is up");
    init.signal("SIGTERM");
    const ended = await init.ended();
    assert.match(ended.stdout, /db said goodbye\ntrap ran\n/);
    assertNoneForced(ended);
  });

  test("children that a service or a command leaves behind get TERM at half of the time limit, also in their own session", async (t) => {
    const leaves = (name: string) => `setsid /fixtures/says-goodbye.pl ${name}-job & /fixtures/says-goodbye.pl ${name}`;
    const init = await startInit(t, {
      env: { ...dockerEnv, SHUTDOWN_TIMEOUT: "8" },
      scripts: {
        "/etc/service/a/run": leaves("service"),
        "/etc/service/deaf/run": "exec /fixtures/ignores-term.sh",
        "/usr/bin/app": leaves("command"),
      },
      args: ["app"],
    });
    const all = ["service", "service-job", "command", "command-job"];
    for (const sign of [...all.map((name) => `${name} is up`), "deaf as"]) await init.waitFor(sign);
    init.signal("SIGTERM");
    const ended = await init.ended();
    const lines = ended.output.split("\n");
    const forced = lines.findIndex((line) => line.includes("service deaf) did not shut down in time"));
    for (const name of all) {
      const at = lines.indexOf(`${name} said goodbye`);
      assert.ok(at >= 0 && at < forced, `${name} got TERM too late:\n${ended.output}`);
    }
  });

  test("a process that handles TERM stops its children itself", async (t) => {
    const init = await startInit(t, {
      env: { ...dockerEnv, SHUTDOWN_TIMEOUT: "10" },
      files: {
        "/tmp/master":
          '$SIG{TERM} = sub {}; my $pid = fork; if (!$pid) { $SIG{TERM} = sub { print "worker got TERM\n" }; $| = 1; print "worker is up\n"; select(undef, undef, undef, 0.1) until -e "/tmp/go"; sleep 1 for 1 .. 5; print "work is done\n"; exit } 1 while waitpid($pid, 0) != $pid;',
      },
      scripts: { "/etc/service/a/run": "exec perl /tmp/master" },
    });
    await init.waitFor("worker is up");
    init.view.write("/tmp/go", "");
    init.signal("SIGTERM");
    const ended = await init.ended();
    assert.match(ended.output, /work is done/);
    assert.doesNotMatch(ended.output, /worker got TERM/);
    assertNoneForced(ended);
  });
});

describe("processes that read from each other", processRing, () => {
  const pipeline = (name: string) => `/fixtures/says-goodbye.pl ${name} 0.1 | cat | cat`;

  test("the last lines of a process reach the pipeline that reads them, whether or not a shell still waits", async (t) => {
    const init = await startInit(t, {
      env: { ...dockerEnv, SHUTDOWN_TIMEOUT: "8" },
      scripts: {
        "/etc/service/service/run": pipeline("service"),
        "/etc/service/waits/run": `trap 'exit 0' TERM; ${pipeline("waits")}`,
        "/etc/service/deaf/run": `trap '' TERM; ${pipeline("deaf")}`,
        "/usr/bin/app": pipeline("command"),
      },
      args: ["app"],
    });
    const all = ["service", "waits", "deaf", "command"];
    for (const name of all) await init.waitFor(`${name} is up`);
    init.signal("SIGTERM");
    const ended = await init.ended();
    for (const name of all) assert.match(ended.output, new RegExp(`^${name} said goodbye$`, "m"));
    assertNoneForced(ended);
  });

  test("a process that goes on after the end of its input gets TERM then, and two that read from each other immediately", async (t) => {
    const pair = `pipe my $a, my $b; pipe my $c, my $d;
      for ([$a, $d, "one"], [$c, $b, "two"]) {
        my ($in, $out, $name) = @$_; next if fork;
        open STDIN, "<&", $in; open STDOUT, ">&", $out;
        exec "/fixtures/says-goodbye.pl", $name, 0.1;
      }`;
    const init = await startInit(t, {
      env: { ...dockerEnv, SHUTDOWN_TIMEOUT: "60" },
      files: { "/tmp/pair": pair },
      scripts: {
        "/etc/service/a/run": "/fixtures/says-goodbye.pl writer 0.1 | /fixtures/says-goodbye.pl reader 0.1",
        "/etc/service/b/run": "perl /tmp/pair; exec sleep 1000",
      },
    });
    await init.waitFor("reader is up");
    await init.exec('until [ "$(pgrep -c says-goodbye)" = 4 ]; do sleep 0.02; done');
    const begin = performance.now();
    init.signal("SIGTERM");
    const ended = await init.ended();
    assert.match(ended.output, /^reader said goodbye$/m);
    assertNoneForced(ended);
    assert.ok(performance.now() - begin < patient(20_000), "long before half of the time was over");
  });
});

describe("limits of the shutdown", processRing, () => {
  const deaf = { "/etc/service/deaf/run": "exec /fixtures/ignores-term.sh" };

  /** How long a stop takes; the shortest of a few, if the first takes longer than `enoughMs`. */
  async function stopMs(t: TestContext, options: InitOptions, enoughMs: number, look = (_: Ended) => {}) {
    return shortest(enoughMs, async () => {
      const init = await startInit(t, options);
      await init.waitFor("deaf as");
      const begin = performance.now();
      init.signal("SIGTERM");
      look(await init.ended());
      return performance.now() - begin;
    });
  }

  test("by default a shutdown ends a second before Docker's ten seconds are over", async (t) => {
    const tookMs = await stopMs(t, { scripts: deaf }, 9500, ({ stderr }) => {
      assert.match(stderr, /service deaf\) did not shut down in time/);
    });
    assert.ok(tookMs > 5000 && tookMs < patient(9500), `${tookMs} ms`);
  });

  test("SHUTDOWN_TIMEOUT limits the whole shutdown, also from a file of the directory", async (t) => {
    const view = await makeView(t);
    view.write("/etc/container_environment/SHUTDOWN_TIMEOUT", "2\n");
    const tookMs = await stopMs(t, { view, scripts: deaf, args: ["/fixtures/ignores-term.sh"] }, 3000);
    assert.ok(tookMs > 1000 && tookMs < patient(3000), `${tookMs} ms`);
  });

  test("KILL_PROCESS_TIMEOUT limits each of services, scripts and command", async (t) => {
    const options = {
      env: { ...dockerEnv, KILL_PROCESS_TIMEOUT: "1" },
      scripts: { ...deaf, "/etc/my_init.pre_shutdown.d/10_a": "exec /fixtures/ignores-term.sh" },
    };
    const tookMs = await stopMs(t, options, 3500);
    assert.ok(tookMs > 1500 && tookMs < patient(3500), `${tookMs} ms for two waits of a second`);
  });

  test("KILL_PROCESS_TIMEOUT counts, also beyond the nine seconds", async (t) => {
    const options = {
      env: { ...dockerEnv, KILL_PROCESS_TIMEOUT: "12" },
      scripts: {
        "/etc/service/slow/run":
          'trap "sleep 10; echo slow ended; exit 0" TERM; echo deaf as slow; while :; do sleep 0.05; done',
      },
    };
    const tookMs = await stopMs(t, options, Number.POSITIVE_INFINITY, ({ output }) => {
      assert.match(output, /slow ended/);
      assert.doesNotMatch(output, /Forcing/);
    });
    assert.ok(tookMs > 9900, `${tookMs} ms`);
  });

  test("a timeout of 0 kills immediately", async (t) => {
    const options = { env: { ...dockerEnv, SHUTDOWN_TIMEOUT: "0" }, scripts: deaf };
    const tookMs = await stopMs(t, options, 3000, ({ status }) => assert.equal(status, 0));
    assert.ok(tookMs < patient(3000), `${tookMs} ms`);
  });

  test("a value that is no whole number of seconds is named in a warning, and the default stays", async (t) => {
    for (const value of ["", "soon", "-1", "1.5", "1e1", " 3", "5s", "99999999999999999999", "0x10"]) {
      const env = {
        ...dockerEnv,
        SHUTDOWN_TIMEOUT: value,
        KILL_PROCESS_TIMEOUT: value,
        KILL_ALL_PROCESSES_TIMEOUT: value,
      };
      const ended = await runInit(t, { env, args: ["--skip-runit", "--quiet", "true"] });
      assert.equal(ended.status, 0);
      for (const name of ["SHUTDOWN_TIMEOUT", "KILL_PROCESS_TIMEOUT", "KILL_ALL_PROCESSES_TIMEOUT"]) {
        assert.ok(ended.stderr.includes(`*** ${name} is "${value}", `), `${name}=${value}\n${ended.stderr}`);
      }
    }
    const fine = await runInit(t, {
      env: { ...dockerEnv, SHUTDOWN_TIMEOUT: "007" },
      args: ["--skip-runit", "--quiet", "true"],
    });
    assert.equal(fine.stderr, "");
  });
});

describe("what is left", processRing, () => {
  test("no process, no zombie, no lock and no half-written file is left behind", async (t) => {
    const init = await startInit(t, {
      scripts: {
        "/etc/service/worker/run": "exec /fixtures/says-goodbye.sh worker",
        "/etc/my_init.d/10_a": "/fixtures/daemonises.sh /fixtures/says-goodbye.sh daemon",
      },
      besides: { after: 'inside "ps -e -o pid= -o stat= -o args= --ppid 1 | sed s/^/left:/"' },
    });
    await init.waitFor("worker is up");
    await init.waitFor("daemon is up");
    init.signal("SIGTERM");
    const ended = await init.ended();
    // PID 1 and the three processes of this very question.
    assert.equal(order(ended.output, /left:.*/).length, 4, ended.output);
    const found = readdirSync(init.view.path("/etc"), { recursive: true, encoding: "latin1" });
    assert.deepEqual(
      found.filter((name) => /tmp|\.new$/.test(name) && !/tmpfiles|[wb]tmp/.test(name)),
      [],
    );
    // runsv keeps `supervise/lock` as a file; the lock on it is what counts.
    const free = await runInit(t, {
      view: init.view,
      args: [
        "--skip-startup-files",
        "--skip-runit",
        "--quiet",
        "--",
        "chpst",
        "-L",
        "/etc/service/worker/supervise/lock",
        "echo",
        "free",
      ],
    });
    assert.equal(free.stdout, "free\n");
  });
});
