// The command line of my_init and its exit status. See docs/reference/my_init.md
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { dockerEnv, isEmulated, isSanitized, makeView, processRing, runInit, startInit } from "../support/process.ts";

/** Without services: for tests that have nothing to do with them. */
const bare = ["--skip-runit", "--skip-startup-files", "--"];

/** An ELF header for s390x. */
const foreignProgram = `\x7fELF\x02\x02\x01${"\0".repeat(9)}\0\x02\0\x16${"\0".repeat(44)}`;

describe("exit status", processRing, () => {
  for (const status of [0, 1, 77, 255]) {
    test(`a command that exits with ${status} is my_init's status`, async (t) => {
      const ended = await runInit(t, { args: ["sh", "-c", `exit ${status}`] });
      assert.equal(ended.status, status);
      assert.match(ended.stderr, new RegExp(`^\\*\\*\\* sh exited with exit code ${status}\\.$`, "m"));
    });
  }

  for (const [name, number] of [
    ["TERM", 15],
    ["KILL", 9],
    ["SEGV", 11],
    ["HUP", 1],
  ] as const) {
    test(`for a command that is killed by SIG${name} the status is 128 + ${number}`, async (t) => {
      const ended = await runInit(t, { args: ["sh", "-c", `kill -${name} $$`] });
      assert.equal(ended.status, 128 + number);
      assert.match(ended.stderr, new RegExp(`^\\*\\*\\* sh was killed by signal ${number} \\(SIG${name}\\)\\.$`, "m"));
    });
  }

  test("for a command that is killed by a signal that was passed on to it the status is 128 + that signal", async (t) => {
    const init = await startInit(t, { args: [...bare, "sh", "-c", "echo ready; exec sleep 1000"] });
    await init.waitFor("ready");
    init.signal("SIGUSR1");
    assert.equal((await init.ended()).status, 128 + 10);
  });

  test("for a command that is killed by the TERM of the shutdown the status is 143, and for one that handles TERM its own", async (t) => {
    for (const [line, status] of [
      ["echo ready; exec sleep 1000", 143],
      ['trap "exit 5" TERM; echo ready; sleep 1000 & wait', 5],
    ] as const) {
      const init = await startInit(t, { args: [...bare, "sh", "-c", line] });
      await init.waitFor("ready");
      init.signal("SIGTERM");
      assert.equal((await init.ended()).status, status);
    }
  });

  test("for a command that is not found, by name or by path, the status is 127", async (t) => {
    for (const word of ["no-such-command", "/no/such", "./no-such", ""]) {
      const ended = await runInit(t, { args: [...bare, word] });
      assert.equal(ended.status, 127, word);
      assert.ok(ended.stderr.includes(`*** cannot run "${word}": not found`), ended.stderr);
    }
  });

  test("for a command that cannot be executed the status is 126, and a message gives the reason", async (t) => {
    const view = await makeView(t);
    view.write("/tmp/plain", "#!/bin/sh\n");
    view.write("/tmp/windows", "#!/bin/sh\r\nexit 0\r\n", 0o755);
    view.write("/tmp/foreign", foreignProgram, 0o755);
    view.write("/tmp/text", "echo hello\n", 0o755);
    const reasons = {
      "/tmp/plain": /no permission/,
      "/tmp": /directory/,
      "/tmp/windows": /Windows/,
      "/tmp/foreign": /wrong architecture/,
      "/tmp/text": /does not begin with #!/,
    };
    for (const [path, reason] of Object.entries(reasons)) {
      const ended = await runInit(t, { view, args: [...bare, path] });
      assert.equal(ended.status, 126, path);
      assert.ok(ended.stderr.includes(`*** cannot run "${path}"`), ended.stderr);
      assert.match(ended.stderr, reason);
    }
  });

  test("a command is looked up in the PATH of the container environment", async (t) => {
    const view = await makeView(t);
    view.script("/opt/tools/tool", "echo found");
    view.write("/etc/container_environment/PATH", "/opt/tools:/usr/bin:/bin\n");
    const { PATH: _, ...env } = dockerEnv;
    const ended = await runInit(t, { view, env, args: [...bare, "tool"] });
    assert.equal(ended.stdout, "found\n");
    assert.equal(ended.status, 0);
  });

  for (const signal of ["SIGTERM", "SIGINT", "SIGQUIT", "SIGPWR", 37] as const) {
    const skip = signal === 37 && isEmulated && "qemu gives real-time signals other numbers than the kernel";
    test(`for a stop by ${signal === 37 ? "SIGRTMIN+3" : signal} without a command the status is 0`, {
      skip,
    }, async (t) => {
      const init = await startInit(t);
      await init.waitFor("Runit started as PID");
      init.signal(signal);
      assert.equal((await init.ended()).status, 0);
    });
  }

  test("a startup script that fails with N ends the boot with N, and the message names it", async (t) => {
    const ended = await runInit(t, {
      scripts: { "/etc/my_init.d/10_bad": "exit 42", "/etc/my_init.d/20_next": "echo next ran" },
      args: ["echo", "command ran"],
    });
    assert.equal(ended.status, 42);
    assert.match(ended.stderr, /^\*\*\* \/etc\/my_init\.d\/10_bad failed with status 42$/m);
    assert.doesNotMatch(ended.output, /ran|Booting runit/);
  });

  test("a startup script that is killed by a signal ends the boot with 128 + signal", async (t) => {
    const ended = await runInit(t, { scripts: { "/etc/my_init.d/10_bad": "kill -ABRT $$" } });
    assert.equal(ended.status, 134);
    assert.match(ended.stderr, /^\*\*\* \/etc\/my_init\.d\/10_bad was killed by signal 6 \(SIGABRT\)$/m);
  });

  test("if runsvdir ends by itself the status is 1, and services and command are stopped in order", async (t) => {
    const init = await startInit(t, {
      scripts: {
        "/etc/service/worker/run":
          'trap "echo worker stopped; exit 0" TERM; echo worker up; while :; do sleep 0.1; done',
      },
      args: ["sh", "-c", 'trap "echo command stopped; exit 0" TERM; echo command up; while :; do sleep 0.1; done'],
    });
    await init.waitFor("worker up");
    await init.waitFor("command up");
    const runsvdir = init.processes().find(({ name }) => name === "runsvdir");
    assert.ok(runsvdir);
    await init.exec(`kill -KILL ${runsvdir.pid}`).catch(() => {}); // the container may end before kill does
    const ended = await init.ended();
    assert.equal(ended.status, 1);
    assert.match(ended.stderr, /^\*\*\* Runit was killed by signal 9/m);
    assert.match(ended.output, /command stopped/);
    assert.match(ended.output, /worker stopped/);
  });

  test("without a runsvdir the status is 1, with a message", async (t) => {
    const ended = await runInit(t, { prepare: 'rm "$root/usr/bin/runsvdir"' });
    assert.equal(ended.status, 1);
    assert.match(ended.stderr, /cannot run "\/usr\/bin\/runsvdir": no such file or directory \(ENOENT\)/);
  });
});

describe("command line", processRing, () => {
  test("an unknown option is bad usage: status 2, usage on standard error, nothing started", async (t) => {
    const cases = [
      ["--bogus"],
      ["-x", "true"],
      ["-q", "true"],
      ["-"],
      ["--quiet=yes", "true"],
      ["--quie", "true"],
      ["--skip-runit"],
      ["--skip-runit", "--"],
    ];
    for (const args of cases) {
      const ended = await runInit(t, { args, scripts: { "/etc/my_init.d/10_script": "echo started" } });
      assert.equal(ended.status, 2, args.join(" "));
      assert.equal(ended.stdout, "");
      assert.match(ended.stderr, /^usage: my_init /m);
      assert.doesNotMatch(ended.stderr, /\*\*\*/);
    }
  });

  test("--help and --version answer on standard output with status 0", async (t) => {
    const help = await runInit(t, { args: ["--help"] });
    assert.equal(help.status, 0);
    assert.equal(help.stderr, "");
    for (const option of [
      "--enable-insecure-key",
      "--skip-startup-files",
      "--skip-runit",
      "--no-kill-all-on-exit",
      "--quiet",
    ]) {
      assert.ok(help.stdout.includes(option), option);
    }
    const version = await runInit(t, { args: ["--version"] });
    assert.equal(version.status, 0);
    assert.equal(version.stdout, `my_init ${readFileSync("VERSION", "utf8").trim()}\n`);
    assert.equal(version.stderr, "");
  });

  test("all words from the first that is no option, or after `--`, are the command's", async (t) => {
    for (const args of [
      ["sh", "-c", 'echo "$0 $*"', "--quiet", "--", "-x"],
      ["--", "sh", "-c", 'echo "$0 $*"', "--quiet", "--", "-x"],
    ]) {
      const ended = await runInit(t, { args: ["--skip-runit", ...args] });
      assert.equal(ended.stdout, "--quiet -- -x\n");
      assert.equal(ended.status, 0);
    }
  });

  test("arguments reach the command byte for byte", async (t) => {
    const words = ["", " a  b ", "it's", '"q"', "two\nlines\r", "\xff\xfe", "$HOME", "*", "\\"];
    const ended = await runInit(t, { args: ["--quiet", ...bare, "printf", "%s\\0", ...words] });
    assert.equal(ended.stdout, words.map((word) => `${word}\0`).join(""));
  });

  test("--skip-startup-files runs neither the scripts of my_init.d nor rc.local", async (t) => {
    const scripts = { "/etc/my_init.d/10_script": "echo script ran", "/etc/rc.local": "echo rc.local ran" };
    const without = await runInit(t, { scripts, args: ["--skip-startup-files", "true"] });
    assert.equal(without.stdout, "");
    const withThem = await runInit(t, { scripts, args: ["true"] });
    assert.equal(withThem.stdout, "script ran\nrc.local ran\n");
  });

  test("--skip-runit starts no services", async (t) => {
    const scripts = { "/etc/service/web/run": "echo service ran > /tmp/service-ran; exec sleep 1000" };
    const ended = await runInit(t, { scripts, args: ["--skip-runit", "sh", "-c", "ls /tmp; ps -e -o comm="] });
    assert.equal(ended.status, 0);
    assert.doesNotMatch(ended.output, /service-ran|runsv|Runit|runit/);
  });

  test("--enable-insecure-key installs the key before the startup files run, and a failure of it ends the boot", async (t) => {
    const scripts = {
      "/usr/sbin/enable_insecure_key": "echo key installed",
      "/etc/my_init.d/10_script": "echo script ran",
    };
    const ended = await runInit(t, { scripts, args: ["--enable-insecure-key", "true"] });
    assert.equal(ended.stdout, "key installed\nscript ran\n");
    assert.equal(ended.status, 0);
    const without = await runInit(t, { scripts, args: ["true"] });
    assert.equal(without.stdout, "script ran\n");
    const failed = await runInit(t, {
      scripts: { ...scripts, "/usr/sbin/enable_insecure_key": "exit 9" },
      args: ["--enable-insecure-key", "true"],
    });
    assert.equal(failed.status, 9);
    assert.equal(failed.stdout, "");
  });

  test("ENV_INIT_DIRECTORY names another directory of startup scripts", async (t) => {
    const scripts = { "/etc/my_init.d/10_script": "echo usual", "/opt/boot/10_script": "echo other" };
    const ended = await runInit(t, { scripts, env: { ...dockerEnv, ENV_INIT_DIRECTORY: "/opt/boot" }, args: ["true"] });
    assert.equal(ended.stdout, "other\n");
  });

  test("--quiet leaves the command's output untouched and adds nothing on either stream", async (t) => {
    const scripts = {
      "/etc/my_init.d/10_script": ":",
      "/etc/my_init.pre_shutdown.d/10_script": ":",
      "/etc/my_init.post_shutdown.d/10_script": ":",
      "/etc/service/idle/run": "exec sleep 1000",
    };
    const ended = await runInit(t, { scripts, args: ["--quiet", "--", "echo", "X"] });
    assert.deepEqual([ended.status, ended.stdout, ended.stderr], [0, "X\n", ""]);
  });

  test("--quiet still reports failures", async (t) => {
    const ended = await runInit(t, { scripts: { "/etc/my_init.d/10_bad": "exit 3" }, args: ["--quiet", "true"] });
    assert.equal(ended.stderr, "*** /etc/my_init.d/10_bad failed with status 3\n");
  });

  test("messages are the known lines, each with three stars at its beginning, all on standard error", async (t) => {
    const ended = await runInit(t, {
      scripts: { "/etc/my_init.d/10_script": ":", "/etc/rc.local": ":" },
      args: ["sh", "-c", "exit 3", "it's"],
    });
    assert.equal(ended.stdout, "");
    const lines = ended.stderr.split("\n");
    assert.equal(lines.pop(), "");
    const [pid] = /\d+/.exec(lines[3] ?? "") ?? [];
    assert.deepEqual(lines, [
      "*** Running /etc/my_init.d/10_script...",
      "*** Running /etc/rc.local...",
      "*** Booting runit daemon...",
      `*** Runit started as PID ${pid}`,
      "*** Running sh -c exit 3 it's...",
      "*** sh exited with exit code 3.",
      `*** Shutting down runit daemon (PID ${pid})...`,
      "*** Killing all processes...",
    ]);
  });

  test("my_init with services is small", {
    skip: isSanitized && "the sanitizers need memory of their own",
  }, async (t) => {
    const init = await startInit(t, { scripts: { "/etc/service/idle/run": "echo idle up; exec sleep 1000" } });
    await init.waitFor("idle up");
    assert.ok(init.residentKiB() <= 1280, `${init.residentKiB()} KiB resident`);
  });
});
