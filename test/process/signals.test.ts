// Signals: which request a shutdown, which are passed on, and the effect of a second one. See docs/reference/my_init.md
import assert from "node:assert/strict";
import { constants } from "node:os";
import { describe, test } from "node:test";
import { patient } from "../support/patience.ts";
import { dockerEnv, isSanitized, processRing, startInit, until } from "../support/process.ts";

/** The first real-time signal as programs on glibc count. */
const RTMIN = 34;

const number = (name: string): number =>
  name.startsWith("RTMIN")
    ? RTMIN + Number(name.slice(6) || 0)
    : name === "RTMAX"
      ? 64
      : constants.signals[`SIG${name}` as NodeJS.Signals];

describe("signals", processRing, () => {
  test("a signal that does not request a shutdown is passed on to the command", async (t) => {
    const names = [
      "HUP",
      "USR1",
      "USR2",
      "ALRM",
      "CONT",
      "URG",
      "XCPU",
      "XFSZ",
      "VTALRM",
      "PROF",
      "WINCH",
      "IO",
      "STKFLT",
      "RTMIN",
      "RTMIN+1",
      "RTMIN+15",
      "RTMAX",
      "TTIN",
      "TTOU",
      "TSTP",
      // The sanitizers report by handlers of these.
      ...(isSanitized ? [] : ["ABRT", "BUS", "SYS", "TRAP"]),
    ];
    const init = await startInit(t, { args: ["--", "/fixtures/prints-signals.sh", "/tmp/end"] });
    await init.waitFor(/^ listening/m);
    for (const name of names) {
      init.signal(number(name));
      await init.waitFor(new RegExp(`^got ${name.replace("+", "\\+")}$`, "m"));
    }
    init.view.write("/tmp/end", "end");
    const ended = await init.ended();
    assert.equal(ended.status, 0);
    assert.equal(ended.stdout.match(/^got /gm)?.length, names.length, "each once");
  });

  for (const name of ["SIGTSTP", "SIGTTIN", "SIGTTOU"] as const) {
    test(`${name} does not stop a command that has no handler for it`, async (t) => {
      const line = "trap 'echo got WINCH' WINCH; echo ready; until [ -e /tmp/end ]; do sleep 0.01; done";
      const init = await startInit(t, { args: ["--skip-runit", "sh", "-c", line] });
      await init.waitFor("ready");
      init.signal(name);
      // Of two that are pending the higher one is taken last.
      init.signal("SIGWINCH");
      await init.waitFor("got WINCH");
      init.view.write("/tmp/end", "");
      assert.equal((await init.ended()).status, 0);
    });
  }

  test("TTIN reaches a command that has no handler but waits for it, such as another my_init", async (t) => {
    const line = "trap 'echo got TTIN' TTIN; echo ready; until [ -e /tmp/end ]; do sleep 0.01; done";
    const inner = ["my_init", "--quiet", "--skip-startup-files", "--skip-runit", "--", "sh", "-c", line];
    const init = await startInit(t, { args: ["--skip-runit", "--", ...inner] });
    await init.waitFor("ready");
    init.signal("SIGTTIN");
    await init.waitFor("got TTIN");
    init.view.write("/tmp/end", "");
    assert.equal((await init.ended()).status, 0);
  });

  test("signals go to the command only, not to services", async (t) => {
    const init = await startInit(t, {
      scripts: { "/etc/service/web/run": "exec /fixtures/prints-signals.sh /nowhere service" },
      args: ["--", "/fixtures/prints-signals.sh", "/tmp/end", "command"],
    });
    await init.waitFor("service listening");
    await init.waitFor("command listening");
    init.signal("SIGUSR1");
    await init.waitFor("got USR1");
    init.signal("SIGHUP");
    await init.waitFor("got HUP");
    assert.equal(init.output.match(/^got /gm)?.length, 2);
  });

  test("without a command such a signal has no effect", async (t) => {
    const init = await startInit(t, {
      scripts: { "/etc/service/worker/run": "exec /fixtures/says-goodbye.sh worker" },
    });
    await init.waitFor("worker is up");
    for (const name of ["HUP", "USR1", "USR2", "WINCH", "CONT", "ALRM", "PIPE", "TSTP", "TTIN", "RTMIN+1"])
      init.signal(number(name));
    init.signal("SIGTERM");
    const ended = await init.ended();
    assert.equal(ended.status, 0);
    assert.match(ended.output, /worker said goodbye/);
  });

  test("during a startup script such a signal has no effect", async (t) => {
    const init = await startInit(t, {
      scripts: { "/etc/my_init.d/10_a": "echo begun; until [ -e /tmp/go ]; do sleep 0.01; done" },
      args: ["--skip-runit", "true"],
    });
    await init.waitFor("begun");
    for (const name of ["HUP", "USR1", "CONT"]) init.signal(number(name));
    init.view.write("/tmp/go", "");
    assert.equal((await init.ended()).status, 0);
  });

  for (const name of ["TERM", "INT", "QUIT", "PWR", "RTMIN+3"]) {
    test(`${name} requests a shutdown, and the command gets the same signal`, async (t) => {
      const line = `for s in TERM INT QUIT PWR; do trap "echo got $s; exit 0" $s; done; trap "echo got RTMIN+3; exit 0" RTMIN+3; echo ready; while :; do sleep 0.05; done`;
      const init = await startInit(t, { args: ["--skip-runit", "bash", "-c", line] });
      await init.waitFor("ready");
      init.signal(number(name));
      const ended = await init.ended();
      assert.equal(ended.status, 0);
      assert.match(ended.stdout, new RegExp(`^got ${name.replace("+", "\\+")}$`, "m"));
      assert.match(ended.stderr, /Shutting down the command \(PID \d+\)/);
    });
  }

  test("a stopped command gets CONT, so that it can handle TERM", async (t) => {
    const init = await startInit(t, {
      env: { ...dockerEnv, SHUTDOWN_TIMEOUT: "600" },
      args: [
        "--skip-runit",
        "sh",
        "-c",
        'trap "echo heard; exit 0" TERM; echo ready; kill -STOP $$; while :; do sleep 0.05; done',
      ],
    });
    await init.waitFor("ready");
    await until(() => init.processes().some(({ name, state }) => name === "sh" && state === "T"), "the command stops");
    init.signal("SIGTERM");
    const ended = await init.ended();
    assert.equal(ended.status, 0);
    assert.match(ended.stdout, /heard/);
  });

  test("programs start with no signal blocked or ignored, whatever my_init has inherited", async (t) => {
    const line = "grep -E '^Sig(Blk|Ign)' /proc/self/status";
    const init = await startInit(t, {
      prepare: "trap '' HUP PIPE QUIT USR1 CHLD", // what a shell ignores, its children do
      scripts: { "/etc/my_init.d/10_a": line, "/etc/service/web/run": `${line}; echo printed; exec sleep 1000` },
      args: ["sh", "-c", `${line}; sleep 1000`],
    });
    await init.waitFor("printed");
    await until(() => init.output.match(/^Sig/gm)?.length === 6, "all have printed");
    assert.deepEqual(
      [...new Set(init.output.match(/^Sig.*$/gm)?.map((text) => text.split(/\s+/)[1]))],
      ["0000000000000000"],
      init.output,
    );
  });

  test("a second TERM or INT shortens each remaining wait to a second", async (t) => {
    const init = await startInit(t, {
      env: { ...dockerEnv, SHUTDOWN_TIMEOUT: "600" },
      scripts: {
        "/etc/my_init.pre_shutdown.d/10_hangs": "exec /fixtures/ignores-term.sh",
        "/etc/service/deaf/run": "exec /fixtures/ignores-term.sh",
        "/etc/my_init.post_shutdown.d/10_hangs": "exec /fixtures/ignores-term.sh",
        "/etc/my_init.post_shutdown.d/20_last": "echo reached the last",
      },
      args: ["/fixtures/ignores-term.sh"],
    });
    await init.waitFor(/(deaf as[^]*){2}/);
    init.signal("SIGTERM");
    await init.waitFor("Shutting down the command");
    const begin = performance.now();
    init.signal("SIGINT");
    const ended = await init.ended();
    const tookMs = performance.now() - begin;
    assert.ok(tookMs > 3500 && tookMs < patient(60_000), `${tookMs} ms for four waits`);
    assert.match(ended.stdout, /reached the last/);
    assert.equal(ended.status, 137, "the command was killed");
  });

  for (const second of ["TERM", "INT"]) {
    test(`the command gets a second ${second} too`, async (t) => {
      // The trap comes before the sign that it is set.
      const line = `trap 'trap "echo got the second; exit 5" ${second}; echo got the first' TERM; echo ready; while :; do sleep 0.05; done`;
      const init = await startInit(t, {
        env: { ...dockerEnv, SHUTDOWN_TIMEOUT: "600" },
        args: ["--skip-runit", "sh", "-c", line],
      });
      await init.waitFor("ready");
      init.signal("SIGTERM");
      await init.waitFor("got the first");
      init.signal(number(second));
      const ended = await init.ended();
      assert.match(ended.stdout, /^got the second$/m);
      assert.equal(ended.status, 5);
    });
  }

  test("a second stop signal also shortens the wait for a startup script", async (t) => {
    const init = await startInit(t, {
      env: { ...dockerEnv, SHUTDOWN_TIMEOUT: "600" },
      scripts: { "/etc/my_init.d/10_a": "exec /fixtures/ignores-term.sh" },
    });
    await init.waitFor("deaf as PID");
    init.signal("SIGTERM");
    // my_init must have taken the first: two pending signals of the same number are one.
    const pending = () => Number.parseInt(/^ShdPnd:\s+(\w+)/m.exec(init.processFile(1, "status"))?.[1] ?? "", 16);
    await until(() => (pending() & (1 << (constants.signals.SIGTERM - 1))) === 0, "it has taken the first");
    init.signal("SIGTERM");
    const ended = await init.ended();
    assert.equal(ended.status, 0);
    assert.match(ended.stderr, /ignores-term\.sh.*\(PID \d+\) did not shut down in time\. Forcing it to exit\./);
  });
});
