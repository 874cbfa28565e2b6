// docker-bash: into a container by its namespaces. See docs/reference/docker-bash.md
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import {
  buildImage,
  type Container,
  cleanUp,
  engine,
  image,
  run,
  startContainer,
  untilLine,
} from "../support/container.ts";
import { imageWith } from "../support/derived-image.ts";
import { hostTool, processesOf, runTool, startTool, type ToolOptions } from "../support/host-tool.ts";
import { patient } from "../support/patience.ts";
import { podman, podmanImage, podmanOptions, removePodmanImage, withPodman } from "../support/podman.ts";
import { startAtTerminal } from "../support/terminal.ts";
import { until } from "../support/until.ts";

const dockerBash = hostTool("docker-bash");

/** Options for `describe`: entering by namespaces needs root. */
const asRoot = { concurrency: 2, skip: process.getuid?.() === 0 ? false : "needs root" };
if (asRoot.skip && process.env["CI"]) throw new Error("this test must not be skipped here: it needs root");

/** A container that only waits. */
function idle(t: TestContext, args: readonly string[] = [], from = image): Promise<Container> {
  return startContainer(t, { command: ["sleep", "100000"], args, image: from });
}

function enter(t: TestContext, container: Container, command: readonly string[], options: ToolOptions = {}) {
  return runTool(t, [dockerBash, container.id, ...command], options);
}

/** The output of a line of `sh`, which must succeed. */
async function sh(t: TestContext, container: Container, line: string): Promise<string> {
  const { status, stdout, stderr } = await enter(t, container, ["sh", "-c", line]);
  assert.deepEqual([status, stderr], [0, ""], line);
  return stdout;
}

/** A line of `sh` that starts processes which ignore signals, and waits. Each has a word of its own. */
const stubborn = `trap "" HUP INT TERM
  setsid sh -c 'trap "" HUP TERM; sleep 71001; sleep 71002' &
  nohup sleep 71003 > /dev/null &
  echo up; sleep 71004; sleep 71005`;

/** Waits until no process of `stubborn` and of docker-bash is left. */
async function nothingLeft(container: Container): Promise<void> {
  await container.until("! pgrep -f '^(sleep 7100|[^ ]*docker-bash )'", { withinMs: 100_000 });
  await untilGone("docker-bash", container.id);
}

/** Waits until no process of this machine runs `name` with `word`: after TERM it may need a moment. */
function untilGone(name: string, word: string): Promise<void> {
  return until(() => processesOf(name, word).length === 0, `the end of ${name} ${word}`, 60_000, 20);
}

describe("docker-bash", asRoot, () => {
  test("without a command it is a login bash, with the container's environment and none of the host's", async (t) => {
    const name = await imageWith(t, {
      "/etc/my_init.d/50_add": "printf 'by a script\\n' > /etc/container_environment/ADDED",
    });
    const container = await startContainer(t, { image: name, env: { GIVEN: "by docker run", TERM: "dumb" } });
    await container.waitForLog("Runit started");
    const { status, stdout } = await enter(t, container, [], {
      input: 'shopt login_shell; echo "$0 $PWD"; env\nexit 7\n',
      env: { HOST_SECRET: "hush", HOME: "/home/host", LANG: "xx_XX" },
    });
    assert.equal(status, 7);
    const [login, where, ...env] = stdout.trim().split("\n");
    assert.match(login ?? "", /^login_shell\s+on$/);
    assert.equal(where, "bash /");
    for (const line of ["GIVEN=by docker run", "ADDED=by a script", "HOME=/root", "LANG=C.UTF-8", "TERM=dumb"]) {
      assert.ok(env.includes(line), `${line} is not in ${env.join("\n")}`);
    }
    assert.doesNotMatch(stdout, /hush|home\/host|xx_XX/);
  });

  test("a command sees what a login shell sees, and is found in the container's PATH", async (t) => {
    const name = await imageWith(t, {
      "/etc/my_init.d/50_add": "printf 'two\\nlines' > /etc/container_environment/ADDED",
      "/opt/tools/greet": 'echo "hello $1"; printf "%s" "$ADDED"',
    });
    const container = await startContainer(t, { image: name, env: { PATH: "/opt/tools:/usr/bin:/bin" } });
    await container.waitForLog("Runit started");
    const { status, stdout } = await enter(t, container, ["greet", "a  b"]);
    assert.deepEqual([status, stdout], [0, "hello a  b\ntwo\nlines"]);
  });

  test("a container with more variables than execve(2) takes can be entered", async (t) => {
    const container = await idle(t);
    await container.sh(`mkdir -p /etc/container_environment; cd /etc/container_environment
      for i in $(seq 31); do head -c 131000 /dev/zero | tr '\\0' x > BIG$i; done`);
    const { status, stdout, stderr } = await enter(t, container, ["sh", "-c", 'echo "$HOME ${#BIG1}"; exit 7']);
    assert.deepEqual([status, stdout], [7, "/root 0\n"]);
    assert.match(stderr, /^docker-bash: the container's environment is too large \(E2BIG\): .*\n$/);
  });

  test("without bash it is a login sh; without both the status is 127, with a message", async (t) => {
    const noBash = await idle(t, [], await buildImage(t, `FROM ${image}\nRUN rm -f /bin/bash /usr/bin/bash\n`));
    const answer = await enter(t, noBash, [], { input: 'echo "$0"; exit 3\n' });
    assert.deepEqual([answer.status, answer.stdout], [3, "sh\n"]);
    const neither = await idle(t, [], await buildImage(t, `FROM ${image}\nRUN rm /bin/bash /bin/sh /bin/dash\n`));
    const refusal = await enter(t, neither, []);
    assert.equal(refusal.status, 127);
    assert.match(refusal.stderr, /^docker-bash: there is no bash and no sh in the container; .*\n$/);
    assert.equal((await enter(t, neither, ["id", "-un"])).stdout, "root\n");
  });

  test("the exit status is the command's, as in a shell", async (t) => {
    const container = await idle(t);
    const statuses: readonly (readonly [readonly string[], number])[] = [
      [["true"], 0],
      [["sh", "-c", "exit 42"], 42],
      [["sh", "-c", "kill -TERM $$"], 143],
      [["sh", "-c", "kill -KILL $$"], 137],
      [["nosuch"], 127],
      [["/etc/passwd"], 126],
      [["/etc"], 126],
    ];
    for (const [command, status] of statuses) assert.equal((await enter(t, container, command)).status, status);
    const { stderr } = await enter(t, container, ["nosuch"]);
    assert.equal(stderr, 'docker-bash: cannot run "nosuch": not found (ENOENT)\n');
  });

  test("input, output and errors are the command's own, byte for byte", async (t) => {
    const container = await idle(t);
    const { stdout, stderr } = await enter(t, container, ["sh", "-c", "cat; echo oops >&2"], { input: "a\r\nb\0c" });
    assert.deepEqual([stdout, stderr], ["a\r\nb\0c", "oops\n"]);
  });

  test("the caller's umask is not passed on to the container", async (t) => {
    const container = await idle(t);
    const wrapper = ["sh", "-c", 'umask 077; exec "$@"', "sh"];
    const { stdout } = await enter(t, container, ["sh", "-c", "umask"], { wrapper });
    assert.equal(stdout, "0022\n");
  });

  test("no open file of the caller is open in the container", async (t) => {
    const container = await idle(t);
    const fd = openSync("/etc", "r");
    const command = ["ls", "/proc/self/fd"];
    const child = spawnSync(dockerBash, [container.id, ...command], {
      stdio: ["ignore", "pipe", "pipe", fd, fd],
      encoding: "utf8",
    });
    assert.equal(child.stdout, (await container.exec(command)).stdout);
  });

  test("a directory of the host is not passed on to the container", async (t) => {
    const container = await idle(t);
    const fd = openSync("/etc", "r");
    t.after(() => closeSync(fd));
    const options = { stdio: [fd, "pipe", "pipe"] as ("pipe" | number)[], encoding: "utf8" as const };
    const { status, stdout, stderr } = spawnSync(dockerBash, [container.id, "ls", "/proc/self/fd/0/.."], options);
    assert.deepEqual([status, stdout], [1, ""]);
    assert.equal(
      stderr,
      'docker-bash: descriptor 0 is the directory "/etc" of this machine, which no container may have\n',
    );
  });

  const restrictions: Readonly<Record<string, readonly string[]>> = {
    "as it is": [],
    "without capabilities": ["--cap-drop", "ALL"],
    "without some, with others": ["--cap-drop", "CHOWN", "--cap-add", "SYS_ADMIN", "--cap-add", "SYS_PTRACE"],
    "no new privileges": ["--security-opt", "no-new-privileges"],
    "another user": ["--user", "1000"],
    "without a filter of system calls": ["--security-opt", "seccomp=unconfined"],
    limits: ["--ulimit", "nofile=123:456", "--oom-score-adj", "300", "--memory", "200m", "--pids-limit", "100"],
    "namespaces of its own": ["--cgroupns", "private", "--ipc", "private", "--network", "none"],
    "namespaces of the host": ["--pid", "host", "--network", "host", "--ipc", "host", "--uts", "host"],
  };
  for (const [what, args] of Object.entries(restrictions)) {
    test(`namespaces, capabilities, filters, control groups and limits are those of docker exec: ${what}`, async (t) => {
      const container = await idle(t, args);
      const line = `grep -E '^(Cap|NoNewPrivs|Seccomp|Umask|Uid|Gid|Groups)' /proc/self/status
        for kind in cgroup ipc mnt net pid user uts; do readlink /proc/self/ns/$kind; done
        cat /proc/self/cgroup /proc/self/oom_score_adj; hostname`;
      const theirs = await container.exec(["sh", "-c", line], { user: "0" });
      assert.equal(theirs.stderr, "");
      assert.equal(await sh(t, container, line), theirs.stdout);
      // Not those of docker exec: runc's own runtime sometimes raises the soft limit of open files.
      const limits = `/proc/${(await container.inspect("{{.State.Pid}}")).trim()}/limits`;
      assert.equal(await sh(t, container, "cat /proc/self/limits"), readFileSync(limits, "utf8"));
    });
  }

  test("while the container's first process is traced, it is entered by the container engine, which knows its filters", async (t) => {
    const container = await idle(t);
    const seize = 'syscall($ARGV[0] + 0, 0x4206, $ARGV[1] + 0, 0, 0) == 0 or die; $| = 1; print "traced\\n"; sleep 60';
    const number = process.arch === "x64" ? "101" : "117";
    const pid = await container.inspect("{{.State.Pid}}");
    const tracer = startTool(t, ["perl", "-e", seize, "--", number, pid]);
    await tracer.waitFor(/traced/);
    const answer = await runTool(t, [dockerBash, "-v", container.id, "grep", "^Seccomp:", "/proc/self/status"]);
    assert.deepEqual([answer.status, answer.stdout], [0, "Seccomp:\t2\n"], answer.stderr);
    assert.match(answer.stderr, new RegExp(`by "${engine} exec": process ${pid} is traced by another`));
    tracer.signal("SIGKILL");
    await tracer.ended();
    const { stderr } = await runTool(t, [dockerBash, "-v", container.id, "true"]);
    assert.match(stderr, /by the namespaces/);
  });

  test("another user is the same as with docker exec, in its home and without capabilities", async (t) => {
    const container = await idle(t);
    const line = "id; echo $HOME; grep CapEff /proc/self/status";
    for (const user of ["www-data", "33", "33:100", "12345"]) {
      const theirs = await container.exec(["sh", "-c", line], { user });
      const ours = await runTool(t, [dockerBash, "-u", user, container.id, "sh", "-c", line]);
      assert.equal(ours.stdout, theirs.stdout);
    }
    const { status, stderr } = await runTool(t, [dockerBash, "--user=nobody-here", container.id, "id"]);
    assert.deepEqual([status, stderr], [1, "docker-bash: user nobody-here not found\n"]);
  });

  test("a container of another image can be entered", async (t) => {
    const debian = execFileSync("sh", ["scripts/base-image.sh", "debian:13"], { encoding: "utf8" }).trim();
    const container = await idle(t, [], debian);
    const { status, stdout } = await enter(t, container, [], { input: "shopt -q login_shell && cat /proc/1/comm\n" });
    assert.deepEqual([status, stdout], [0, "sleep\n"]);
  });

  test("a container's root cannot look into the process that keeps its session, nor reach the program's file", async (t) => {
    const container = await idle(t);
    const tool = startTool(t, [dockerBash, container.id, "sh", "-c", "echo up; sleep 71001"]);
    await tool.waitFor(/up/);
    const keeper = (await container.sh("pgrep -f '^[^ ]*docker-bash '")).trim();
    for (const name of ["exe", "root", "cwd", "environ", "fd/2", "mem"]) {
      assert.notEqual((await container.exec(["head", "-c1", `/proc/${keeper}/${name}`])).status, 0, name);
    }
    // Even a process that may inspect it finds a copy there, and no file of the host.
    const [first] = processesOf("docker-bash", container.id);
    assert.ok(first);
    assert.match(execFileSync("readlink", [`/proc/${first.pid}/exe`], { encoding: "utf8" }), /^\/memfd:/);
    tool.signal("SIGKILL");
    await nothingLeft(container);
  });
});

describe("docker-bash and a hostile container", asRoot, () => {
  test("no link in it leads to another container while it is entered", async (t) => {
    const victim = await startContainer(t, {
      command: ["sh", "-c", "mkdir /run/own && echo 71010 > /run/own/WORD && echo up && exec sleep 100000"],
    });
    await victim.waitForLog(/up/);
    const container = await idle(t);
    const pid = await victim.inspect("{{.State.Pid}}");
    for (let fd = 3; fd < 16; fd++) {
      const target = `/proc/self/fd/${fd}/${pid}/root/run/own`;
      await container.sh(`rm -rf /run/container_environment && ln -s ${target} /run/container_environment`);
      const { status, stdout } = await enter(t, container, ["env"]);
      assert.equal(status, 0);
      assert.doesNotMatch(stdout, /WORD/, target);
    }
  });
});

describe("docker-bash at a terminal", asRoot, () => {
  test("the command has a terminal in the container, of the same kind and size, and sees it change", async (t) => {
    const container = await idle(t);
    const terminal = startAtTerminal(t, ["env", "TERM=vt100", dockerBash, container.id]);
    await terminal.waitFor(/root@.*#/);
    terminal.type("tty; echo kind=$TERM; [ -t 2 ] && echo all=$((1+1))\r");
    await terminal.waitFor(/\/dev\/pts\/\d+\r\n(.*\n)*kind=vt100\r\n(.*\n)*all=2/);
    const [first] = processesOf("docker-bash", container.id);
    assert.ok(first);
    execFileSync("stty", ["-F", first.terminal, "rows", "21", "cols", "77"]);
    terminal.type("until [ \"$(stty size)\" = '21 77' ]; do sleep 0.05; done; echo si''ze=$(stty size)\r");
    await terminal.waitFor(/size=21 77/);
    terminal.type("exit 9\r");
    assert.equal(await terminal.ended(), 9);
  });

  test("Ctrl-C reaches the job inside, Ctrl-Z stops it, and the shell goes on", async (t) => {
    const container = await idle(t);
    const terminal = startAtTerminal(t, [dockerBash, container.id]);
    await terminal.waitFor(/#/);
    terminal.type("sleep 71001; echo st''atus=$?\r");
    await container.until("pgrep -f '^sleep 71001'");
    terminal.type("\x03");
    await container.until("! pgrep -f '^sleep 71001'");
    terminal.type("echo st''atus=$?\r");
    await terminal.waitFor(/status=130/);
    terminal.type("sleep 71002\r");
    await container.until("pgrep -f '^sleep 71002'");
    terminal.type("\x1a");
    await terminal.waitFor(/Stopped/);
    terminal.type("fg\r");
    await container.until("grep -q '^State:.*sleeping' /proc/$(pgrep -f '^sleep 71002')/status");
    terminal.type("\x03");
    await container.until("! pgrep -f '^sleep 71002'");
    terminal.type("exit 4\r");
    assert.equal(await terminal.ended(), 4);
  });

  test("Ctrl-C ends a command with 130, and leaves no process of it", async (t) => {
    const container = await idle(t);
    const line = "'setsid sleep 71001 & sleep 71002 & echo up; wait; sleep 71003'";
    const terminal = startAtTerminal(t, [dockerBash, container.id, "sh", "-c", line]);
    await terminal.waitFor(/up/);
    terminal.type("\x03");
    assert.equal(await terminal.ended(), 130);
    await nothingLeft(container);
  });

  for (const end of ["exit 0", "kill -9 $$", "stty raw -echo", "nosuch"]) {
    test(`the terminal is given back as it was after: ${end}`, async (t) => {
      const container = await idle(t);
      const directory = mkdtempSync(join(tmpdir(), "baseimage-test-"));
      t.after(() => rmSync(directory, { recursive: true }));
      const lines = `before=$(stty -a)
        ${dockerBash} ${container.id} sh -c '${end}'
        [ "$(stty -a)" = "$before" ] && echo same`;
      writeFileSync(join(directory, "script"), lines);
      const terminal = startAtTerminal(t, ["sh", join(directory, "script")]);
      await terminal.waitFor(/same/);
      assert.equal(await terminal.ended(), 0);
    });
  }

  test("a closed terminal leaves nothing running, not even a process that ignores HUP and TERM", async (t) => {
    const container = await idle(t);
    const terminal = startAtTerminal(t, [dockerBash, container.id]);
    await terminal.waitFor(/#/);
    terminal.type(`${stubborn.replaceAll("\n", "\r")}\r`);
    await terminal.waitFor(/up\r/);
    terminal.close();
    await nothingLeft(container);
  });

  test("killed by SIGKILL, it leaves nothing running either", async (t) => {
    const container = await idle(t);
    const terminal = startAtTerminal(t, [dockerBash, container.id]);
    await terminal.waitFor(/#/);
    terminal.type(`${stubborn.replaceAll("\n", "\r")}\r`);
    await terminal.waitFor(/up\r/);
    const [first] = processesOf("docker-bash", container.id);
    assert.ok(first);
    process.kill(first.pid, "SIGKILL");
    await nothingLeft(container);
  });

  test("not even a process of another user is left, in a container without the capability to signal it", async (t) => {
    const container = await idle(t, ["--cap-drop", "ALL"]);
    const terminal = startAtTerminal(t, [dockerBash, "-u", "1000", container.id]);
    await terminal.waitFor(/\$/);
    terminal.type(`${stubborn.replaceAll("\n", "\r")}\r`);
    await terminal.waitFor(/up\r/);
    terminal.close();
    await nothingLeft(container);
  });

  test("a redirected standard error stays redirected", async (t) => {
    const container = await idle(t);
    const directory = mkdtempSync(join(tmpdir(), "baseimage-test-"));
    t.after(() => rmSync(directory, { recursive: true }));
    const file = join(directory, "errors");
    const line = `"${dockerBash} ${container.id} sh -c 'tty; echo oops >&2' 2> ${file}"`;
    const terminal = startAtTerminal(t, ["sh", "-c", line]);
    assert.equal(await terminal.ended(), 0);
    assert.match(terminal.output, /\/dev\/pts/);
    assert.equal(readFileSync(file, "utf8"), "oops\n");
  });

  test("all typed bytes arrive, however many at a time", async (t) => {
    const container = await idle(t);
    const line = "'stty raw -echo; echo ready; head -c 300000 | md5sum'";
    const terminal = startAtTerminal(t, [dockerBash, container.id, "sh", "-c", line]);
    await terminal.waitFor(/ready/);
    const text = "0123456789".repeat(30_000);
    terminal.type(text);
    await terminal.waitFor(new RegExp(createHash("md5").update(text).digest("hex")));
    assert.equal(await terminal.ended(), 0);
  });

  test("a background job stays after exit", async (t) => {
    const container = await idle(t);
    const terminal = startAtTerminal(t, [dockerBash, container.id]);
    await terminal.waitFor(/#/);
    terminal.type("nohup sleep 71001 > /dev/null 2>&1 &\r");
    await container.until("pgrep -f '^sleep 71001'");
    terminal.type("exit\r");
    assert.equal(await terminal.ended(), 0);
    await container.sh("pgrep -f '^sleep 71001'");
  });

  test("all output arrives, also the part that was unread when the command ended", async (t) => {
    const container = await idle(t);
    const line = "'echo ready; until [ -e /tmp/go ]; do sleep 0.05; done; exec seq 1200'";
    // With a shell between, as script(1) stops when its child does.
    const terminal = startAtTerminal(t, [dockerBash, container.id, "sh", "-c", line, "; exit $?"]);
    await terminal.waitFor(/ready/);
    const [first] = processesOf("docker-bash", container.id);
    assert.ok(first);
    process.kill(first.pid, "SIGSTOP");
    await container.sh("touch /tmp/go");
    await container.until("! pgrep -f '^[^ ]*docker-bash '");
    process.kill(first.pid, "SIGCONT");
    assert.equal(await terminal.ended(), 0);
    assert.equal(terminal.output.trim().split(/\r*\n/).length, 1201);
  });
});

describe("docker-bash and signals", asRoot, () => {
  test("INT, TERM and others are passed on to the command, and its status is the exit status", async (t) => {
    const container = await idle(t);
    for (const [name, status] of [
      ["INT", 5],
      ["TERM", 6],
      ["USR1", 7],
    ] as const) {
      const line = `trap 'exit ${status}' ${name}; echo up; while :; do sleep 0.05; done`;
      const tool = startTool(t, [dockerBash, container.id, "sh", "-c", line]);
      await tool.waitFor(/up/);
      tool.signal(`SIG${name}`);
      assert.equal((await tool.ended()).status, status);
    }
    await nothingLeft(container);
  });

  test("TERM leaves nothing running; a second TERM kills also processes that ignore it", async (t) => {
    const container = await idle(t);
    const tool = startTool(t, [dockerBash, container.id, "sh", "-c", stubborn]);
    await tool.waitFor(/up/);
    tool.signal("SIGTERM");
    tool.signal("SIGTERM");
    const twice = setInterval(() => tool.signal("SIGTERM"), 200); // two that are pending at the same time are one
    t.after(() => clearInterval(twice));
    assert.equal((await tool.ended()).status, 137);
    clearInterval(twice);
    await nothingLeft(container);
  });

  test("without a terminal Ctrl-Z also stops the command, which goes on with docker-bash", async (t) => {
    const container = await idle(t);
    const tool = startTool(t, [dockerBash, container.id, "sleep", "71001"]);
    const isSo = (state: string) => `grep -q '^State:.*${state}' /proc/$(pgrep -f '^sleep 71001')/status`;
    await container.until(isSo("sleeping"));
    tool.signal("SIGTSTP");
    await container.until(isSo("stopped"));
    tool.signal("SIGCONT");
    await container.until(isSo("sleeping"));
    tool.signal("SIGINT");
    assert.equal((await tool.ended()).status, 130);
  });

  test("while the container engine does not answer, it can be ended", async (t) => {
    const directory = mkdtempSync(join(tmpdir(), "baseimage-test-"));
    t.after(() => rmSync(directory, { recursive: true }));
    writeFileSync(join(directory, "docker"), "#!/bin/sh\nexec sleep 71009\n", { mode: 0o755 });
    const env = { PATH: `${directory}:${process.env["PATH"] ?? ""}` };
    const tool = startTool(t, [dockerBash, "--engine", "docker", "web"], { env });
    await until(() => processesOf("sleep", "71009").length > 0, "docker-bash asks the container engine", 60_000, 20);
    tool.signal("SIGTERM");
    assert.equal((await tool.ended()).status, 143);
    await untilGone("sleep", "71009");
  });

  for (const signal of ["SIGHUP", "SIGKILL"] as const) {
    test(`${signal} to docker-bash leaves nothing running`, async (t) => {
      const container = await idle(t);
      const tool = startTool(t, [dockerBash, container.id, "sh", "-c", stubborn]);
      await tool.waitFor(/up/);
      tool.signal(signal);
      assert.ok((await tool.ended()).status > 128);
      await nothingLeft(container);
    });
  }

  test("under nohup it goes on when the terminal is closed", async (t) => {
    const container = await idle(t);
    const tool = startTool(
      t,
      [dockerBash, container.id, "sh", "-c", "trap 'exit 3' USR1; echo up; while :; do sleep 0.05; done"],
      {
        wrapper: ["nohup"],
      },
    );
    await tool.waitFor(/up/);
    tool.signal("SIGHUP");
    tool.signal("SIGUSR1");
    assert.equal((await tool.ended()).status, 3);
  });

  test("if the container has as many processes as it may have, a message says so", async (t) => {
    const container = await startContainer(t, {
      command: ["sh", "-c", "sleep 100000 & sleep 100000 & echo full; wait"],
      args: ["--pids-limit", "4"],
    });
    await container.waitForLog("full");
    const { status, stderr } = await enter(t, container, ["true"]);
    assert.deepEqual(
      [status, stderr],
      [1, "docker-bash: cannot start a process: the container may have no more (EAGAIN)\n"],
    );
  });

  test("TERM to its process in the container ends the whole session", async (t) => {
    const container = await idle(t);
    const tool = startTool(t, [dockerBash, container.id, "sh", "-c", stubborn]);
    await tool.waitFor(/up/);
    await container.sh("kill -TERM $(pgrep -f '^[^ ]*docker-bash ')");
    assert.equal((await tool.ended()).status, 137);
    await nothingLeft(container);
  });

  test("if the container is killed, a message reports it", async (t) => {
    const container = await idle(t);
    const tool = startTool(t, [dockerBash, container.id, "sh", "-c", "echo up; sleep 71001"]);
    await tool.waitFor(/up/);
    await run(["kill", container.id]);
    const { status, stderr } = await tool.ended();
    assert.equal(status, 137);
    assert.match(stderr, /^docker-bash: the session was killed: the container has ended.*\n$/);
  });

  test("a container that stops ends a shell in it, and is not delayed", async (t) => {
    const container = await startContainer(t, { env: { SHUTDOWN_TIMEOUT: "60" } });
    await container.waitForLog("Runit started");
    const terminal = startAtTerminal(t, [dockerBash, container.id]);
    await terminal.waitFor(/#/);
    const tookMs = await container.stop({ graceSeconds: 60 });
    assert.ok(tookMs < patient(25_000), `${tookMs} ms`);
    assert.equal(await container.exitCode(), 0);
    assert.ok((await terminal.ended()) > 128);
  });
});

describe("docker-bash finds the container", asRoot, () => {
  test("by its name, its id, or the beginning of its id", async (t) => {
    const name = `baseimage-test-bash-${process.pid}`;
    const container = await idle(t, ["--name", name]);
    for (const word of [name, container.id, container.id.slice(0, 12)]) {
      assert.equal((await runTool(t, [dockerBash, word, "echo", "in"])).stdout, "in\n");
    }
  });

  test("and says what to do if there is none, or more than one", async (t) => {
    const none = await runTool(t, [dockerBash, "--engine", engine, "no-such-container"]);
    assert.equal(none.status, 1);
    assert.match(none.stderr, /^docker-bash: cannot find container "no-such-container": .* has none .*\n$/);

    const ids: string[] = [];
    const isTwice = () => ids.some((id) => ids.filter((other) => other[0] === id[0]).length > 1);
    while (!isTwice()) {
      const { stdout } = await run(["create", image, "true"]);
      const id = stdout.trim();
      cleanUp(t, () => run(["rm", id]));
      ids.push(id);
    }
    const prefix = ids.at(-1)?.[0] ?? "";
    const two = await runTool(t, [dockerBash, prefix, "true"]);
    assert.equal(two.status, 1);
    assert.match(two.stderr, /^docker-bash: more than one container has an id that begins with .*\n$/);
  });

  test("and says what to do if it does not run", async (t) => {
    const container = await idle(t);
    await run(["pause", container.id]);
    const paused = await enter(t, container, ["true"]);
    assert.equal(paused.status, 1);
    assert.match(paused.stderr, /^docker-bash: cannot enter container "\w+": it is paused, .*unpause.*\n$/);
    await run(["unpause", container.id]);
    await run(["kill", container.id]);
    await container.waitForExit();
    const ended = await enter(t, container, ["true"]);
    assert.equal(ended.status, 1);
    assert.match(ended.stderr, /^docker-bash: cannot enter container "\w+": it is exited, .* start .*\n$/);
  });

  test("and reports that no container engine answers, or none is installed", async (t) => {
    const mute = await runTool(t, [dockerBash, "--engine", "docker", "web"], {
      env: { DOCKER_HOST: "tcp://127.0.0.1:1" },
    });
    assert.equal(mute.status, 1);
    assert.match(
      mute.stderr,
      /^docker-bash: cannot find container "web": docker does not answer: .*127\.0\.0\.1:1.*\n$/,
    );
    const none = await runTool(t, [dockerBash, "web"], { env: { PATH: "/nowhere" } });
    assert.deepEqual([none.status, none.stderr.split("\n").length], [1, 2]);
    assert.match(none.stderr, /^docker-bash: there is no docker and no podman in PATH/);
    const odd = await runTool(t, [dockerBash, "web"], { env: { CONTAINER_ENGINE: "lxc" } });
    assert.deepEqual([odd.status, odd.stderr.split("\n").length], [1, 2]);
  });

  test("bad usage is status 2", async (t) => {
    for (const words of [[], ["--nonsense", "web"], ["--engine", "lxc", "web"], ["web", "-u", "nobody"]]) {
      const { status, stdout, stderr } = await runTool(t, [dockerBash, ...words]);
      assert.deepEqual([status, stdout], [2, ""]);
      assert.match(stderr, /usage: docker-bash/);
    }
    const { status, stdout } = await runTool(t, [dockerBash, "--help"]);
    assert.equal(status, 0);
    assert.match(stdout, /^usage: docker-bash/);
  });
});

describe("docker-bash and podman", { ...asRoot, ...withPodman }, () => {
  const from = `docker-bash-test:${process.pid}`;
  before(() => podmanImage(image, from));
  after(() => removePodmanImage(from));

  const kinds: Readonly<Record<string, readonly string[]>> = {
    "a container": [],
    "a container in a user namespace of its own": ["--uidmap=0:100000:65536", "--gidmap=0:100000:65536"],
    "a container without capabilities": ["--cap-drop=ALL", "--security-opt=no-new-privileges"],
  };
  for (const [index, [what, args]] of Object.entries(kinds).entries()) {
    test(`${what} of podman is found, and entered as podman exec does it`, async (t) => {
      const name = `baseimage-test-bash-podman-${process.pid}-${index}`;
      t.after(() => podman(["rm", "--force", "--time", "0", name]));
      const started = podman(["run", "--detach", "--name", name, ...podmanOptions, ...args, from, "sleep", "100000"]);
      assert.equal(started.status, 0, started.stderr);
      const line = `id; grep -E '^(Cap|NoNewPrivs|Seccomp|Umask|Uid|Gid)' /proc/self/status
        for kind in cgroup ipc mnt net pid user uts; do readlink /proc/self/ns/$kind; done
        cat /proc/self/cgroup /proc/self/uid_map; touch /root/file; stat -c %u:%g /root/file; pwd`;
      const theirs = podman(["exec", name, "sh", "-c", line]);
      const ours = await runTool(t, [dockerBash, name, "sh", "-c", line]);
      assert.deepEqual([ours.status, ours.stderr], [0, ""]);
      assert.equal(ours.stdout, theirs.stdout);
      const byId = await runTool(t, [dockerBash, "--engine=podman", started.stdout.slice(0, 12)], {
        input: "exit 6\n",
      });
      assert.equal(byId.status, 6);

      const terminal = startAtTerminal(t, [dockerBash, name]);
      await terminal.waitFor(/#/);
      terminal.type("tty; sleep 71001\r");
      await terminal.waitFor(/\/dev\/pts\/\d+/);
      terminal.close();
      const left = podman(["exec", name, "sh", "-c", untilLine("! pgrep -f '^(sleep 71001|[^ ]*docker-bash )'")]);
      assert.equal(left.status, 0);
    });
  }
});

describe("docker-bash by the container engine's own exec", asRoot, () => {
  /** A docker that reports another pid than the container has here, as a docker on another machine would. */
  function remoteDocker(t: TestContext, pid: string): ToolOptions {
    const directory = mkdtempSync(join(tmpdir(), "baseimage-test-"));
    t.after(() => rmSync(directory, { recursive: true }));
    const real = execFileSync("sh", ["-c", `command -v ${engine}`], { encoding: "utf8" }).trim();
    const script = `#!/bin/sh\ncase "$*" in\n*inspect*) ${real} "$@" | sed '4s/.*/${pid}/' ;;\n*) exec ${real} "$@" ;;\nesac\n`;
    writeFileSync(join(directory, engine), script);
    chmodSync(join(directory, engine), 0o755);
    return { env: { PATH: `${directory}:${process.env["PATH"] ?? ""}` } };
  }

  for (const [what, pid] of [
    ["no process", "4194305"],
    ["a process of this machine", "1"],
  ] as const) {
    test(`is how it enters if the container engine is on another machine: its pid is ${what} here`, async (t) => {
      const container = await idle(t);
      const options = remoteDocker(t, pid);
      const words = ["--engine", engine, "-v", container.id, "sh", "-c", "hostname; exit 5"];
      const { status, stdout, stderr } = await runTool(t, [dockerBash, ...words], options);
      assert.deepEqual([status, stdout], [5, `${container.id.slice(0, 12)}\n`]);
      assert.match(stderr, /^docker-bash: entering \w+ by ".* exec": .*the engine is on another machine\n$/);
      const shell = await runTool(t, [dockerBash, "--engine", engine, container.id], {
        ...options,
        input: "shopt login_shell\n",
      });
      assert.match(shell.stdout, /on\n$/);
      assert.equal(shell.stderr, "");
    });
  }

  test("is how it enters for a user that is not root but may use the container engine", {
    skip: engine !== "docker",
  }, async (t) => {
    const container = await idle(t);
    const { gid } = statSync("/var/run/docker.sock");
    const wrapper = ["setpriv", "--reuid", "65534", "--regid", `${gid}`, "--clear-groups"];
    const env = { HOME: "/tmp", CONTAINER_ENGINE: "docker" };
    const { status, stdout, stderr } = await runTool(t, [dockerBash, "-v", container.id, "id", "-u"], { wrapper, env });
    assert.deepEqual([status, stdout], [0, "0\n"]);
    assert.match(stderr, /not root/);
    const nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
    const refused = await runTool(t, [dockerBash, container.id, "id"], { wrapper: nobody, env });
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /^docker-bash: cannot find container .*permission denied.*\n$/);
  });
});
