// At a terminal: job control in the command, and a terminal that is given back. See docs/reference/my_init.md
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { patient } from "../support/patience.ts";
import { dockerEnv, type Init, processRing, startInit, until } from "../support/process.ts";

const shell = ["bash", "--norc", "--noprofile", "-i"];
const env = { ...dockerEnv, PS1: "prompt> ", TERM: "dumb" };

/** Waits for an answer that only a shell that read the line could give: 40 + 2 is not in what was typed. */
async function answers(init: Init, sign: string): Promise<void> {
  init.type(`echo ${sign}-$((40 + 2))\n`);
  await init.waitFor(new RegExp(`^${sign}-42\\r?$`, "m"));
}

const isRunning = (init: Init, name: string) => init.processes().some((process) => process.name === name);

describe("terminal", processRing, () => {
  for (const besides of [undefined, {}] as const) {
    const where = besides === undefined ? "as PID 1" : "as a child";
    const options = { hasTerminal: true, env, ...(besides === undefined ? {} : { besides }) };

    test(`${where}: an interactive bash has job control: Ctrl-C, Ctrl-Z, fg and exit work`, async (t) => {
      const init = await startInit(t, { ...options, args: ["--quiet", "--skip-runit", "--", ...shell] });
      await answers(init, "ready");
      assert.doesNotMatch(init.output, /no job control|cannot set terminal process group/);

      init.type("sleep 1000\n");
      await until(() => isRunning(init, "sleep"), "sleep runs");
      init.type("\x03");
      await until(() => !isRunning(init, "sleep"), "Ctrl-C reaches the foreground job");
      init.type("echo status-$?\n");
      await init.waitFor(/^status-130\r?$/m);

      init.type("sleep 1000\n");
      await until(() => isRunning(init, "sleep"), "sleep runs");
      init.type("\x1a");
      await init.waitFor("[1]+  Stopped");
      await answers(init, "again");
      init.type("fg\n");
      await until(() => init.processes().some(({ name, state }) => name === "sleep" && state === "S"), "fg wakes it");
      init.type("\x03");
      await until(() => !isRunning(init, "sleep"), "Ctrl-C reaches it there");
      init.type("exit 7\n");
      assert.equal((await init.ended()).status, 7);
    });

    test(`${where}: TERM ends an interactive shell immediately, although it ignores TERM`, async (t) => {
      const slow = { ...env, SHUTDOWN_TIMEOUT: "60" };
      const init = await startInit(t, { ...options, env: slow, args: ["--skip-runit", "--", ...shell] });
      await answers(init, "ready");
      const begin = performance.now();
      init.signal("SIGTERM");
      const ended = await init.ended();
      assert.ok(performance.now() - begin < patient(20_000), "long before half of the time was over");
      assert.doesNotMatch(ended.output, /Forcing/);
      assert.equal(ended.status, 129, "it died of its terminal's hangup");
    });
  }

  test("the terminal is given back at the exit", async (t) => {
    const init = await startInit(t, {
      hasTerminal: true,
      env,
      args: ["--quiet", "--skip-runit", "--", "sh", "-c", "echo command reads; read -r line; exit 3"],
      besides: {
        after:
          'echo; echo "status $status"; echo caller reads; read -r line; echo "caller read $line"; inside "ps -o tpgid= -o pgid= -p 1"',
      },
    });
    await init.waitFor("command reads");
    init.type("to the command\n");
    await init.waitFor("caller reads");
    init.type("to the caller\n");
    const [, foreground, group] = await init.waitFor(/^ *(\d+) +(\d+)\r?$/m);
    assert.equal(foreground, group, "the caller's group is in the foreground");
    const ended = await init.ended();
    assert.match(ended.output, /^caller read to the caller\r?$/m);
    assert.equal(ended.status, 3);
  });

  test("the terminal is given back when the command is killed, too", async (t) => {
    const init = await startInit(t, {
      hasTerminal: true,
      env,
      args: ["--quiet", "--skip-runit", "--", "sh", "-c", "kill -KILL $$"],
      besides: { after: 'read -r line; echo "caller read $line"' },
    });
    init.type("to the caller\n");
    const ended = await init.ended();
    assert.match(ended.output, /^caller read to the caller\r?$/m);
    assert.equal(ended.status, 137);
  });

  test("Ctrl-C without a command is an orderly shutdown, and reaches no service", async (t) => {
    const init = await startInit(t, {
      hasTerminal: true,
      env,
      scripts: {
        "/etc/service/worker/run":
          'trap "echo worker got INT" INT; trap "echo worker got TERM; exit 0" TERM; echo worker up; while :; do sleep 0.05; done',
      },
    });
    await init.waitFor("worker up");
    init.type("\x03");
    const ended = await init.ended();
    assert.equal(ended.status, 0);
    assert.match(ended.output, /worker got TERM/);
    assert.doesNotMatch(ended.output, /worker got INT/);
  });

  for (const [where, redirect] of [
    ["standard output", "< /dev/null"],
    ["standard error", '< /dev/null > "$root/tmp/out"'],
    ["no standard descriptor", '< /dev/null > "$root/tmp/out" 2>&1'],
  ] as const) {
    test(`a command can read its terminal where that is on ${where}`, async (t) => {
      const init = await startInit(t, {
        hasTerminal: true,
        env,
        redirect,
        args: [
          "--skip-runit",
          "--",
          "sh",
          "-c",
          'echo asks > /dev/tty; read -r x < /dev/tty; echo "got $x" > /dev/tty',
        ],
      });
      await init.waitFor("asks");
      init.type("word\n");
      const ended = await init.ended();
      assert.match(ended.output, /^got word\r?$/m);
      assert.equal(ended.status, 0);
    });
  }

  /** A my_init that is a job of a shell. */
  const job = "/sbin/my_init --quiet --skip-startup-files --skip-runit -- sh -c";

  test("a sibling that reads the terminal in the background does not stop the command", async (t) => {
    const init = await startInit(t, { hasTerminal: true, env, args: ["--quiet", "--skip-runit", "--", ...shell] });
    await answers(init, "ready");
    const untilStopped = "until pgrep -r T -f '[r]ead x' > /dev/null; do sleep 0.01; done";
    // The sibling reads once it is in the background: the command has the foreground when it starts.
    const sibling = "sh -c 'until [ -e /tmp/go ]; do sleep 0.01; done; read x < /dev/tty'";
    init.type(`${job} "echo > /tmp/go; ${untilStopped}; echo > /tmp/through" | ${sibling}\n`);
    await until(() => init.view.exists("/tmp/through"), "the command goes on");
    await init.waitFor("[1]+  Stopped");
    init.type("fg\n");
    await until(() => !init.processes().some(({ state }) => state === "T"), "fg wakes the sibling");
    init.type("a line\n");
    await answers(init, "after");
    init.type("exit\n");
    assert.equal((await init.ended()).status, 0);
  });

  test("after the shell's fg the command has the terminal again", async (t) => {
    const init = await startInit(t, { hasTerminal: true, env, args: ["--quiet", "--skip-runit", "--", ...shell] });
    await answers(init, "ready");
    init.type(`${job} 'echo up; until [ -e /tmp/go ]; do sleep 0.01; done; read -r x; echo "job read $x"'\n`);
    await init.waitFor("up");
    const inner = () => init.processes().find(({ name, pid }) => name === "my_init" && pid !== 1);
    await init.exec(`kill -STOP ${inner()?.pid}`);
    await init.waitFor("[1]+  Stopped");
    init.type("fg\n");
    await until(() => inner()?.state === "S", "fg wakes it");
    init.view.write("/tmp/go", "");
    init.type("word\n");
    await init.waitFor(/^job read word\r?$/m);
    await answers(init, "after");
    init.type("exit\n");
    assert.equal((await init.ended()).status, 0);
  });

  test("Ctrl-Z does not stop a command that no shell could continue", async (t) => {
    const init = await startInit(t, { hasTerminal: true, env, args: ["sh", "-c", "echo reads; exec cat"] });
    await init.waitFor("reads");
    init.type("\x1a");
    init.type("still there\n");
    await init.waitFor(/still there[^]*still there/);
    init.type("\x04");
    assert.equal((await init.ended()).status, 0);
  });

  test("a shutdown script may use the terminal", async (t) => {
    const init = await startInit(t, {
      hasTerminal: true,
      env,
      scripts: { "/etc/my_init.pre_shutdown.d/10_a": "stty sane < /dev/tty && echo terminal used" },
      args: ["true"],
    });
    const ended = await init.ended();
    assert.match(ended.output, /terminal used/);
    assert.doesNotMatch(ended.output, /Forcing/);
  });

  test("Ctrl-C during a startup script ends the boot in order", async (t) => {
    const init = await startInit(t, {
      hasTerminal: true,
      env,
      scripts: {
        "/etc/my_init.d/10_a": "echo script up; exec sleep 1000",
        "/etc/my_init.post_shutdown.d/10_a": "echo shut down in order",
      },
      args: ["echo", "command ran"],
    });
    await init.waitFor("script up");
    init.type("\x03");
    const ended = await init.ended();
    assert.match(ended.output, /shut down in order/);
    assert.doesNotMatch(ended.output, /^command ran|Forcing/m);
    assert.equal(ended.status, 130);
  });

  test("a command at a terminal reads what is typed, and services do not", async (t) => {
    const init = await startInit(t, {
      hasTerminal: true,
      env,
      scripts: {
        "/etc/service/thief/run": 'read -r line && echo "stolen: $line"; echo nothing to steal; exec sleep 1000',
      },
      args: ["--quiet", "--", "sh", "-c", 'echo reads; while read -r line; do echo "read: $line"; done'],
    });
    await init.waitFor("nothing to steal");
    await init.waitFor("reads");
    for (const word of ["one", "two", "three"]) {
      init.type(`${word}\n`);
      await init.waitFor(`read: ${word}`);
    }
    init.type("\x04");
    const ended = await init.ended();
    assert.equal(ended.status, 0);
    assert.doesNotMatch(ended.output, /stolen/);
  });

  test("the services' users and a startup script's daemon write to the terminal, and cannot read what is typed at it", async (t) => {
    // If a descriptor can be read, this waits for input and never prints "refused".
    const ways = ["<&1", "<&2", "< /dev/stdout", "< /dev/stderr", "< /proc/self/fd/1", "< $(readlink /proc/self/fd/1)"];
    const refused = (name: string) =>
      [
        ...ways.map((way) => `(eval 'head -c 1 ${way}') && echo ${name} stole by '${way}'`),
        `echo ${name} reopened > /dev/stdout; echo ${name} reopened too > /dev/stderr; echo ${name} refused`,
      ].join("\n");
    const init = await startInit(t, {
      hasTerminal: true,
      env,
      scripts: {
        "/opt/thief": refused("$1"),
        "/etc/my_init.d/10_a": "setsid setuser nobody /opt/thief daemon < /dev/null & wait",
        "/etc/service/thief/run": "setuser nobody /opt/thief service; exec sleep 1000",
      },
      args: ["--quiet", "--", "sh", "-c", 'echo command reads; read -r line; echo "command read $line"'],
    });
    await init.waitFor("daemon refused");
    await init.waitFor("service refused");
    await init.waitFor("command reads");
    init.type("secret\n");
    const ended = await init.ended();
    assert.match(ended.output, /^command read secret\r?$/m);
    assert.doesNotMatch(ended.output, /stole/);
    assert.equal(ended.output.match(/reopened/g)?.length, 4);
  });

  test("no terminal: the command still reads standard input", async (t) => {
    const init = await startInit(t, {
      input: "pipe",
      args: ["--quiet", "sh", "-c", 'read -r line; echo "read: $line"'],
    });
    init.type("hello\n");
    assert.equal((await init.ended()).stdout, "read: hello\n");
  });
});
