// The files `stop-signal` and `stop-timeout` of a service: docs/reference/services.md
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { patient } from "../support/patience.ts";
import {
  dockerEnv,
  type Init,
  makeView,
  processRing,
  runInit,
  signalService,
  startInit,
  untilOld,
} from "../support/process.ts";

/** A service that prints QUIT and TERM, and ends by QUIT. */
const listens = (name: string) =>
  `trap "echo ${name} got TERM" TERM; trap "echo ${name} got QUIT; exit 0" QUIT; echo ${name} is up; while :; do sleep 0.05; done`;

/** Waits until a line has come so many times. */
const times = (init: Init, line: string, count: number) =>
  init.waitFor(new RegExp(`(?:^${line}\\n(?:.*\\n)*?){${count}}`, "m"));

describe("stop-signal", processRing, () => {
  test("each stop by sv sends it in place of TERM; the log service gets no signal", async (t) => {
    const init = await startInit(t, {
      scripts: {
        "/etc/service/web/run": listens("web"),
        "/etc/service/web/log/run": `for name in QUIT TERM; do trap "echo log got $name" "$name"; done
          while read -r line; do echo "log: $line"; done; echo log ends`,
      },
      files: { "/etc/service/web/stop-signal": "# as php-fpm\r\n\r\n\tSIGQUIT  # and nginx\r\n" },
    });
    await times(init, "log: web is up", 1);
    let count = 1;
    // `sv start` waits until runsv has recorded the start; until then `sv -v down` would find it down already.
    for (const line of [
      "sv restart web",
      "sv term web",
      "sv start web; sv -v down web && sv up web",
      "sv force-restart web",
      "sv exit web",
    ]) {
      await init.exec(line);
      await times(init, "log: web got QUIT", count++);
      await times(init, "log: web is up", count); // after `exit`, runsvdir starts a new runsv
    }
    init.signal("SIGTERM");
    const { output, status } = await init.ended();
    assert.equal(status, 0);
    assert.equal(output.match(/web got QUIT/g)?.length, count);
    assert.equal(output.match(/log ends/g)?.length, 2);
    assert.doesNotMatch(output, /got TERM|log got|\*\*\* web/);
  });

  test("so does the shutdown, with and without a finish script, also of a service that has just started", async (t) => {
    const init = await startInit(t, {
      scripts: {
        "/etc/service/old/run": listens("old"),
        "/etc/service/old/finish": 'echo "old finished $*"',
        "/etc/service/plain/run": listens("plain"),
        "/etc/service/young/run": listens("young"),
      },
      files: Object.fromEntries(["old", "plain", "young"].map((name) => [`/etc/service/${name}/stop-signal`, "3"])),
    });
    for (const name of ["old", "plain", "young"]) await init.waitFor(`${name} is up`);
    for (const name of ["old", "plain"]) {
      await init.exec(untilOld(name));
    }
    await init.exec("sv restart young");
    await times(init, "young is up", 2);
    init.signal("SIGTERM");
    const { output, status } = await init.ended();
    assert.equal(status, 0);
    for (const name of ["old", "plain"]) assert.equal(output.split(`${name} got QUIT`).length, 2, name);
    assert.equal(output.split("young got QUIT").length, 3);
    assert.match(output, /^old finished 0 0$/m);
    assert.doesNotMatch(output, /got TERM|Forcing/);
    const record = init.view.read("/run/my_init/last_shutdown");
    for (const name of ["old", "plain", "young"]) assert.ok(record.includes(` service ${name} (SIGQUIT)\n`), record);
  });

  test("so does the shutdown if PATH leads to no runsv, or to another one", async (t) => {
    const view = await makeView(t, 'mkdir -p "$root/opt/other" && cp "$root/usr/bin/runsv" "$root/opt/other"');
    for (const PATH of ["/opt", "/opt/other:/usr/bin:/bin"]) {
      const init = await startInit(t, {
        view,
        env: { ...dockerEnv, PATH },
        scripts: { "/etc/service/web/run": `echo "PATH is $PATH"; PATH=/usr/bin; ${listens("web")}` },
        files: { "/etc/service/web/stop-signal": "QUIT" },
      });
      await init.waitFor("web is up");
      init.signal("SIGTERM");
      const { output, status } = await init.ended();
      assert.equal(status, 0);
      assert.ok(output.includes(`PATH is ${PATH}\n`), output);
      assert.match(output, /web got QUIT/);
      assert.doesNotMatch(output, /got TERM/);
    }
  });

  test("it stops an essential service, whose own end still ends the container", async (t) => {
    const init = await startInit(t, {
      scripts: { "/etc/service/main/run": listens("main") },
      files: { "/etc/service/main/stop-signal": "QUIT", "/etc/service/main/essential": "" },
    });
    await init.waitFor("main is up");
    let count = 1;
    // As above: `sv start` waits for runsv's record.
    for (const line of ["sv restart main", "sv term main", "sv start main; sv -v down main; sv up main"]) {
      await init.exec(line);
      await times(init, "main got QUIT", count++);
      await times(init, "main is up", count);
    }
    await init.exec(signalService("main", "KILL")).catch(() => {});
    const { output, status } = await init.ended();
    assert.equal(status, 137);
    assert.doesNotMatch(output, /got TERM/);
  });

  test("the service's own control/t decides", async (t) => {
    const init = await startInit(t, {
      scripts: {
        "/etc/service/web/run": listens("web"),
        "/etc/service/web/control/t": "echo own control; exit 1",
        "/etc/service/web/control/d": "echo own d",
      },
      files: { "/etc/service/web/stop-signal": "QUIT" },
    });
    await init.waitFor("web is up");
    await init.exec("sv term web");
    await init.waitFor(/own control\nweb got TERM\n/);
    await init.exec("sv quit web");
    await times(init, "web is up", 2);
    init.signal("SIGTERM");
    await init.waitFor(/own control\n(?:.*\n)*own control\nweb got TERM\n/);
    await init.exec(signalService("web", "QUIT")).catch(() => {});
    await init.ended();
    assert.match(init.view.read("/run/my_init/last_shutdown"), / service web\n/);
  });

  test("the other scripts in `control` stay", async (t) => {
    const init = await startInit(t, {
      scripts: { "/etc/service/web/run": listens("web"), "/etc/service/web/control/d": "echo own d" },
      files: { "/etc/service/web/stop-signal": "QUIT" },
    });
    await init.waitFor("web is up");
    await init.exec("sv down web");
    await init.waitFor("own d");
    init.signal("SIGTERM");
    const { output } = await init.ended();
    assert.match(output, /web got QUIT/);
    assert.doesNotMatch(output, /got TERM/);
  });

  test("it may come, change and become wrong while the service runs", async (t) => {
    const init = await startInit(t, {
      scripts: { "/etc/service/web/run": listens("web") },
    });
    const file = "/etc/service/web/stop-signal";
    await init.waitFor("web is up");
    await init.exec(`echo KILL > ${file}
      until [ -e /run/my_init/my_init-services-0/web/control/t ]; do sleep 0.01; done; sv restart web`);
    await times(init, "web is up", 2);
    await init.exec(`echo QUIT > ${file}; sv restart web`);
    await times(init, "web is up", 3);
    assert.doesNotMatch(init.output, /got TERM/);
    await init.exec(`echo QUITT > ${file}; sv term web`);
    await init.waitFor("web got TERM");
    await init.exec(`rm ${file}; sv term web`);
    await times(init, "web got TERM", 2);
    init.view.write(file, "QUIT");
    init.signal("SIGTERM");
    const { output } = await init.ended();
    assert.equal(output.match(/got QUIT/g)?.length, 2);
    assert.equal(output.match(/got TERM/g)?.length, 2);
  });

  test("a name and a number mean the signal that the boot's check finds", async (t) => {
    const init = await startInit(t, {
      scripts: { "/etc/service/web/run": "exec /fixtures/prints-signals.sh /end" },
      files: { "/etc/service/web/stop-signal": "TERM" },
    });
    await init.waitFor(" listening");
    for (const [text, name] of [
      ["USR1", "USR1"],
      ["SIGUSR2\r\n", "USR2"],
      ["28", "WINCH"],
      ["IO\t# or POLL", "IO"],
      ["\nSIGRTMIN", "RTMIN"],
      ["RTMIN+3\n\n", "RTMIN+3"],
      ["# or 49\nSIGRTMIN+15", "RTMIN+15"],
      ["64", "RTMAX"],
      ["SIGRTMIN+30", "RTMAX"],
      ["STKFLT", "STKFLT"],
    ] as const) {
      init.view.write("/etc/service/web/stop-signal", text);
      await init.exec("sv term web");
      await init.waitFor(`got ${name}\n`);
    }
    assert.doesNotMatch(init.output, /got TERM/);
    init.view.write("/end", "");
    init.signal("SIGTERM");
    await init.ended();
  });

  test("no process gets it that runsv has not started, whatever another user has written to `supervise`", async (t) => {
    const init = await startInit(t, {
      scripts: { "/etc/service/web/run": listens("web") },
      files: { "/etc/service/web/stop-signal": "KILL" },
      args: ["sh", "-c", "echo command $$; exec sleep 1000"],
    });
    await init.waitFor("web is up");
    const [, pid] = await init.waitFor(/^command (\d+)\n/m);
    // runsv writes the file after it has started the service.
    const path = "/etc/service/web/supervise/pid";
    await init.exec(`until [ -s ${path} ]; do sleep 0.01; done; echo ${pid} > ${path}; sv term web`);
    await init.waitFor("web got TERM");
    init.signal("SIGTERM");
    assert.equal((await init.ended()).status, 143);
  });

  test("it ends the wait for a service that is needed", async (t) => {
    const init = await startInit(t, {
      scripts: {
        "/etc/service/app/run": "echo app runs",
        "/etc/service/app/finish": 'echo "app finished $*"',
        "/etc/service/db/run": "exec sleep 1000",
        "/etc/service/db/check": "echo asked > /asked; exit 1",
      },
      files: { "/etc/service/app/needs": "db", "/etc/service/app/stop-signal": "WINCH" },
    });
    await init.exec("until [ -e /asked ]; do sleep 0.01; done; sv -v down app");
    await init.waitFor("app finished 156 0");
    init.signal("SIGTERM");
    assert.doesNotMatch((await init.ended()).output, /app runs|Forcing/);
  });

  test("a mistake refuses the boot", async (t) => {
    const { status, stdout, stderr } = await runInit(t, {
      scripts: { "/etc/service/web/run": "echo up", "/etc/my_init.post_shutdown.d/bye": "echo bye" },
      files: { "/etc/service/web/stop-signal": "QUITT" },
    });
    assert.deepEqual([status, stdout], [1, "bye\n"]);
    const line =
      '*** services are not started: /etc/service/web/stop-signal, line 1: "QUITT" is no signal that can end a service; ' +
      "write one signal such as QUIT, SIGQUIT, RTMIN+3 or 3\n";
    assert.ok(stderr.includes(line), stderr);
  });
});

describe("stop-timeout", processRing, () => {
  test("a service that ignores its signal is killed at its own limit, while another has its time", async (t) => {
    const deaf = 'trap "" QUIT TERM; echo "$name is up"; while :; do sleep 0.05; done';
    const init = await startInit(t, {
      scripts: {
        "/etc/service/deaf/run": `name=deaf; ${deaf}`,
        "/etc/service/deaf/finish": 'echo "deaf finished $*"',
        "/etc/service/mute/run": `name=mute; ${deaf}`,
        "/etc/service/slow/run": "exec /fixtures/says-goodbye.sh slow 3",
      },
      files: {
        "/etc/service/deaf/stop-signal": "QUIT",
        "/etc/service/deaf/stop-timeout": "1",
        "/etc/service/mute/stop-timeout": "1",
        "/etc/service/slow/stop-timeout": "30",
      },
    });
    for (const name of ["deaf", "mute", "slow"]) await init.waitFor(`${name} is up`);
    // From then on my_init does the work of the runsv of `mute`.
    await init.exec(untilOld("mute"));
    const begin = performance.now();
    init.signal("SIGTERM");
    await init.waitFor("deaf finished -1 9");
    const tookMs = performance.now() - begin;
    assert.ok(tookMs > 950, `${tookMs} ms`);
    const { output, status } = await init.ended();
    assert.equal(status, 0);
    assert.match(output, /service deaf\) did not shut down in time(?:.*\n)*slow said goodbye/);
    assert.match(output, /service mute\) did not shut down in time(?:.*\n)*slow said goodbye/);
    assert.equal(output.match(/Forcing/g)?.length, 2);
    assert.match(output, /longest: service slow \(at most 30 s\), \d+\.\d s/);
    const record = init.view.read("/run/my_init/last_shutdown");
    assert.match(record, /^killed service deaf \(SIGQUIT, at most 1 s\)\t/m);
    assert.match(record, /^step [\d.]+ [\d.]+ service mute \(at most 1 s\)$/m);
  });

  test("it gives no service more than the shutdown has", async (t) => {
    const init = await startInit(t, {
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", KILL_PROCESS_TIMEOUT: "1" },
      scripts: { "/etc/service/deaf/run": "exec /fixtures/ignores-term.sh" },
      files: { "/etc/service/deaf/stop-timeout": "60" },
    });
    await init.waitFor("deaf as PID");
    const begin = performance.now();
    init.signal("SIGTERM");
    const { output } = await init.ended();
    const tookMs = performance.now() - begin;
    assert.ok(tookMs > 950 && tookMs < patient(30_000), `${tookMs} ms`);
    assert.equal(output.match(/Forcing/g)?.length, 1);
  });
});
