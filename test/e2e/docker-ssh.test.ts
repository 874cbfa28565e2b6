// docker-ssh on the host: how it reaches a container, which host key it trusts, and its messages.
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { connect, createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { promisify } from "node:util";
import {
  buildImage,
  type Container,
  type ContainerOptions,
  cleanUp,
  engine,
  image,
  run,
  startContainer,
} from "../support/container.ts";
import { hostTool, runTool, startTool, type ToolOptions, type ToolOutcome } from "../support/host-tool.ts";
import { startAtTerminal } from "../support/terminal.ts";
import { until } from "../support/until.ts";

const isPodmanHere = spawnSync("podman", ["--version"]).status === 0;
if (!isPodmanHere && process.env["CI"]) throw new Error("podman is not installed: this test must not be skipped here");
const runtime = spawnSync("runc", ["--version"]).status === 0 ? ["--runtime", "runc"] : [];

const tool = hostTool("docker-ssh");
const insecure = { command: ["/sbin/my_init", "--enable-insecure-key"] };

/** docker-ssh with a state directory of its own. */
function caller(t: TestContext) {
  const state = temporaryDirectory(t);
  const env = { XDG_STATE_HOME: state, CONTAINER_ENGINE: engine };
  const call = (words: readonly string[], options: ToolOptions = {}): Promise<ToolOutcome> =>
    runTool(t, [tool, ...words], { ...options, env: { ...env, ...options.env } });
  return { call, state, env };
}

/** A directory that is gone when `t` ends. */
function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "baseimage-test-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** As on another machine than the container engine's: none of the containers' processes is visible. */
const elsewhere = ["unshare", "--pid", "--fork", "--mount-proc"];

async function nameOf(container: Container): Promise<string> {
  return (await container.inspect("{{.Name}}")).replace("/", "");
}

function assertRefused(outcome: ToolOutcome, reason: RegExp, remedy: RegExp): void {
  assert.equal(outcome.status, 255, outcome.stderr);
  assert.equal(outcome.stdout, "");
  const lines = outcome.stderr.trimEnd().split("\n");
  assert.equal(lines.length, 2, outcome.stderr);
  assert.match(lines[0] ?? "", /^docker-ssh: /);
  assert.match(lines[0] ?? "", reason);
  assert.match(lines[1] ?? "", remedy);
}

describe("docker-ssh", { concurrency: 2 }, () => {
  test("logs in with the insecure key as soon as the container has started, by name, id and start of the id", async (t) => {
    const { call } = caller(t);
    const container = await startContainer(t, insecure);
    for (const word of [container.id, await nameOf(container), container.id.slice(0, 12)]) {
      const outcome = await call([word, "echo", "hello", "world"]);
      assert.deepEqual(outcome, { status: 0, stdout: "hello world\n", stderr: "" });
    }
  });

  test("passes on status, both streams and standard input", async (t) => {
    const { call } = caller(t);
    const { id } = await startContainer(t, insecure);
    assert.deepEqual(await call([id, "echo out; echo err >&2; exit 42"]), {
      status: 42,
      stdout: "out\n",
      stderr: "err\n",
    });
    assert.deepEqual(await call([id, "cat"], { input: "text" }), { status: 0, stdout: "text", stderr: "" });
    assert.deepEqual(await call([id], { input: "cd /etc; pwd; exit 3\n" }), {
      status: 3,
      stdout: "/etc\n",
      stderr: "",
    });
    const missing = await call([id, "no-such-program", "x"]);
    assert.equal(missing.status, 127);
  });

  test("one word is a line for the shell, several words reach the program unchanged", async (t) => {
    const { call } = caller(t);
    const { id } = await startContainer(t, insecure);
    const odd = ["a  b", "", "it's", '"', "$HOME", "`id`", "*", "\\", "-n", "two\nlines", "é"];
    const outcome = await call([id, "printf", "<%s>", ...odd]);
    assert.equal(outcome.stdout, odd.map((word) => `<${word}>`).join(""));
    assert.equal((await call([id, "sh", "-c", 'echo "a  b"'])).stdout, "a  b\n");
    assert.equal((await call([id, 'echo "$HOME" && cd / && pwd'])).stdout, "/root\n/\n");
  });

  test("gives a login shell at a terminal, and a command its terminal too", async (t) => {
    const { env } = caller(t);
    const { id } = await startContainer(t, insecure);
    const words = ["env", `XDG_STATE_HOME=${env.XDG_STATE_HOME}`, `CONTAINER_ENGINE=${engine}`, tool, id];
    const shell = startAtTerminal(t, words);
    await shell.waitFor(/# $/);
    shell.type("tty; shopt -q login_shell && echo login-$((1 + 1)); exit 5\n");
    assert.equal(await shell.ended(), 5);
    assert.match(shell.output, /^\/dev\/pts\/\d+\r$/m);
    assert.match(shell.output, /^login-2\r$/m);
    const command = startAtTerminal(t, [...words, "tty"]);
    assert.equal(await command.ended(), 0);
    assert.match(command.output, /^\/dev\/pts\/\d+\r\n$/);
  });

  test("reaches a container of a user-defined network, and of several", async (t) => {
    const { call } = caller(t);
    const networks = [await makeNetwork(t), await makeNetwork(t)] as const;
    const container = await startContainer(t, { ...insecure, args: ["--network", networks[0]] });
    const outcome = await call([container.id, "echo", "here"]);
    assert.deepEqual(outcome, { status: 0, stdout: "here\n", stderr: "" });
    await run(["network", "connect", networks[1], container.id]);
    assert.equal((await call([container.id, "echo", "here"])).stdout, "here\n");
  });

  test("uses a published port if the container engine is on another machine", async (t) => {
    const { call } = caller(t);
    const container = await startContainer(t, { ...insecure, args: ["--publish", "127.0.0.1::22"] });
    const outcome = await call(["-v", container.id, "echo", "there"], { wrapper: elsewhere });
    assert.equal(outcome.stdout, "there\n", outcome.stderr);
    assert.match(outcome.stderr, /HostName=127\.0\.0\.1 -o Port=\d{4,5} /);
  });

  test("goes through the container engine if no network leads to the container", async (t) => {
    const { call } = caller(t);
    const container = await startContainer(t, { ...insecure, args: ["--network", "none"] });
    assert.deepEqual(await call([container.id, "echo out; exit 6"]), { status: 6, stdout: "out\n", stderr: "" });
    const far = await startContainer(t, insecure);
    const bytes = await call([far.id, "head -c 3000000 /dev/zero | tr '\\0' x"], { wrapper: elsewhere });
    assert.deepEqual([bytes.status, bytes.stdout.length, bytes.stderr], [0, 3_000_000, ""]);
    assert.equal(
      (await call([far.id, "cat | wc -c"], { wrapper: elsewhere, input: "y".repeat(2_000_000) })).stdout,
      "2000000\n",
    );
    await far.until("! pgrep -x cat > /dev/null");
  });

  test("reaches a sshd that listens inside only, or whose configuration depends on the port", async (t) => {
    const { call } = caller(t);
    for (const [lines, isByEngine] of [
      ["ListenAddress 127.0.0.1", true],
      ["Match LocalPort 22\\n  X11Forwarding no", false],
    ] as const) {
      const write = `RUN printf '${lines}\\n' > /etc/ssh/sshd_config.d/z.conf`;
      const from = await buildImage(t, `FROM ${image}\nRUN enable_insecure_key\n${write}\n`);
      const container = await startContainer(t, { image: from });
      const outcome = await call(["-v", container.id, "echo", "there"]);
      assert.equal(outcome.stdout, "there\n", outcome.stderr);
      assert.equal(outcome.stderr.includes("ProxyCommand"), isByEngine, outcome.stderr);
    }
  });

  test("reaches a container that shares the network of another", async (t) => {
    const { call } = caller(t);
    const from = await buildImage(
      t,
      `FROM ${image}\nRUN enable_insecure_key\nRUN echo Port 2222 > /etc/ssh/sshd_config.d/p.conf\n`,
    );
    const owner = await startContainer(t, insecure);
    const guest = await startContainer(t, { image: from, args: ["--network", `container:${owner.id}`] });
    const outcome = await call(["-v", guest.id, "cat", "/etc/ssh/sshd_config.d/p.conf"]);
    assert.equal(outcome.stdout, "Port 2222\n", outcome.stderr);
    assert.doesNotMatch(outcome.stderr, /ProxyCommand/);
  });

  test("finds the host keys of a read-only root, and own host keys without a public half", async (t) => {
    const { call } = caller(t);
    const from = await buildImage(t, `FROM ${image}\nRUN /usr/sbin/enable_insecure_key\n`);
    const readOnly = ["--read-only", "--tmpfs", "/run", "--tmpfs", "/tmp"];
    const container = await startContainer(t, { image: from, args: readOnly });
    assert.equal((await call([container.id, "echo", "ok"])).stdout, "ok\n");
    const own = await buildImage(
      t,
      `FROM ${from}\nRUN /etc/my_init.d/00_regen_ssh_host_keys.sh -f && rm /etc/ssh/ssh_host_*.pub\n`,
    );
    assert.equal((await call([(await startContainer(t, { image: own })).id, "echo", "ok"])).stdout, "ok\n");
  });

  test("prints settings with which scp copies, ssh forwards a port and logs in", async (t) => {
    const { call } = caller(t);
    const container = await startContainer(t, insecure);
    const name = await nameOf(container);
    const directory = temporaryDirectory(t);
    const { status, stdout, stderr } = await call(["--config", container.id]);
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(stdout, new RegExp(`^Host ${name}\\n(  \\w+ \\S.*\\n)+$`));
    for (const line of [/HostName \d/, /Port 22$/m, /User root/, /IdentityFile \//, /StrictHostKeyChecking yes/]) {
      assert.match(stdout, line);
    }
    const config = join(directory, "config");
    writeFileSync(config, stdout);
    assert.equal((await runTool(t, ["ssh", "-F", config, name, "echo ok"])).stdout, "ok\n");

    const bytes = "x".repeat(100_000);
    writeFileSync(join(directory, "file"), bytes);
    const there = await runTool(t, ["scp", "-q", "-F", config, join(directory, "file"), `${name}:/tmp/file`]);
    assert.equal(there.status, 0, there.stderr);
    assert.equal(await container.sh("cat /tmp/file"), bytes);
    const back = await runTool(t, ["scp", "-q", "-F", config, `${name}:/tmp/file`, join(directory, "back")]);
    assert.equal(back.status, 0, back.stderr);
    assert.equal(readFileSync(join(directory, "back"), "utf8"), bytes);

    const port = await freePort();
    startTool(t, ["ssh", "-F", config, "-N", "-o", "ExitOnForwardFailure=yes", "-L", `${port}:127.0.0.1:22`, name]);
    assert.match(await greeting(port), /^SSH-2\.0-/);
  });

  test("leaves nothing behind but its directory, which only its user can read", async (t) => {
    const { call, state } = caller(t);
    const { id } = await startContainer(t, insecure);
    await call([id, "true"]);
    assert.deepEqual(readdirSync(state), ["docker-ssh"]);
    const names = readdirSync(join(state, "docker-ssh")).sort();
    assert.deepEqual(
      names.filter((name) => name !== "insecure_key"),
      ["known_hosts", "lock"],
    );
    const before = readFileSync(join(state, "docker-ssh/known_hosts"), "utf8");
    assert.match(before, new RegExp(`^(${id} \\S+ AAAA\\S+\\n)+$`));
    await call([id, "true"]);
    assert.equal(readFileSync(join(state, "docker-ssh/known_hosts"), "utf8"), before);
  });

  test("if its state directory cannot be made or written, a message says what to do", async (t) => {
    const { call, state } = caller(t);
    const { id } = await startContainer(t, insecure);
    const remedy = /^set XDG_STATE_HOME to a directory that you may write to, with room in it$/;
    const nowhere = await call([id, "true"], { env: { XDG_STATE_HOME: "/proc/nowhere" } });
    assertRefused(nowhere, /: cannot make directory "\/proc\/nowhere": no such file or directory \(ENOENT\)$/, remedy);
    mkdirSync(join(state, "docker-ssh/known_hosts"), { recursive: true });
    const inTheWay = await call([id, "true"]);
    assertRefused(inTheWay, /: cannot read ".*\/docker-ssh\/known_hosts": is a directory \(EISDIR\)$/, remedy);
  });

  const noSocket = engine === "docker" && process.getuid?.() === 0 ? false : "needs root and Docker's socket";
  test("needs neither root nor a copy of the key, only the right to use the container engine", {
    skip: noSocket,
  }, async (t) => {
    const { call, state } = caller(t);
    const { id } = await startContainer(t, insecure);
    chownSync(state, 65534, 65534);
    const as = (gid: number) => ["setpriv", "--reuid", "65534", "--regid", `${gid}`, "--clear-groups"];
    const outcome = await call([id, "id", "-un"], { wrapper: as(statSync("/var/run/docker.sock").gid) });
    assert.deepEqual(outcome, { status: 0, stdout: "root\n", stderr: "" });
    assert.deepEqual(readdirSync(join(state, "docker-ssh")).sort(), ["known_hosts", "lock"]);
    const refused = await call([id, "true"], { wrapper: as(65534) });
    assert.equal(refused.status, 255);
    assert.match(
      refused.stderr,
      /^docker-ssh: cannot find container .*permission denied.*; run this by sudo, or as one of the group docker\n$/,
    );
  });

  test("many runs at the same time keep each other's host keys", async (t) => {
    const { call, state } = caller(t);
    // A container engine that answers immediately, so that the runs overlap; and a long file, which is slow to write.
    const bin = temporaryDirectory(t);
    const stub = `#!/bin/sh
case "$*" in
*State.Pid*) for last; do :; done; printf '%s\\n%s\\nrunning\\n0\\n' "$last" "$last" ;;
*inspect*) echo mode none ;;
*) printf 'sshd x\\nconfig port 22\\nsocket 0: 0:0016 0:0 0A\\nhost-key ssh-ed25519 AAAA1\\n' ;;
esac
`;
    writeFileSync(join(bin, engine), stub, { mode: 0o755 });
    const directory = join(state, "docker-ssh");
    mkdirSync(directory, { mode: 0o700 });
    const others = Array.from({ length: 150 }, (_, number) => `other-${number} ssh-ed25519 AAAA\n`.repeat(30));
    writeFileSync(join(directory, "known_hosts"), others.join(""));
    const names = Array.from({ length: 20 }, (_, number) => `web-${number}`);
    const env = { PATH: `${bin}:${process.env["PATH"]}` };
    const outcomes = await Promise.all(names.map((name) => call(["--config", name], { env })));
    assert.deepEqual(
      outcomes.map(({ stderr, status }) => `${status} ${stderr}`),
      names.map(() => "0 "),
    );
    const lines = readFileSync(join(directory, "known_hosts"), "utf8").split("\n");
    for (const name of names) assert.ok(lines.includes(`${name} ssh-ed25519 AAAA1`), name);
    assert.ok(lines.includes("other-0 ssh-ed25519 AAAA"));
  });

  test("refuses a sshd whose host key is not the container's", async (t) => {
    const { call } = caller(t);
    const other = await startContainer(t, insecure);
    assert.equal((await call([other.id, "true"])).status, 0);
    // At its address and port another server answers.
    const container = await startContainer(t, {
      args: ["--network", `container:${other.id}`],
      command: ["/sbin/my_init", "--enable-insecure-key", "--", "sleep", "600"],
    });
    const outcome = await call([container.id, "hostname"]);
    assert.equal(outcome.status, 255, outcome.stdout);
    assert.equal(outcome.stdout, "");
    assert.match(outcome.stderr, /Host key verification failed\./);
  });

  test("an oversized host key or known_hosts file prevents no login", async (t) => {
    const container = await startContainer(t, insecure);
    const { call, state } = caller(t);
    assert.equal((await call([container.id, "true"])).status, 0);
    const known = readFileSync(join(state, "docker-ssh/known_hosts"), "utf8");
    const key = "/etc/ssh/ssh_host_huge_key";
    await container.sh(`echo x > ${key}; { printf 'x AAAA'; head -c 1200000 /dev/zero | tr '\\0' A; } > ${key}.pub`);
    assert.equal((await call([container.id, "true"])).status, 0);
    assert.equal(readFileSync(join(state, "docker-ssh/known_hosts"), "utf8"), known);
    // Larger than docker-ssh reads.
    writeFileSync(join(state, "docker-ssh/known_hosts"), "x".repeat(2_000_000));
    assert.equal((await call([container.id, "true"])).status, 0);
    assert.equal(readFileSync(join(state, "docker-ssh/known_hosts"), "utf8"), known);
  });

  test("docker-ssh gives up on a shell in the container that prints without end", async (t) => {
    const container = await startContainer(t, { command: ["sleep", "100000"] });
    await container.exec(["bash", "-c", "rm /bin/sh; printf '#!/bin/bash\\nexec yes\\n' > /bin/sh; chmod 755 /bin/sh"]);
    const { call } = caller(t);
    const { status, stderr } = await call([container.id, "true"]);
    assert.deepEqual([status, stderr], [255, "docker-ssh: the container engine printed more than 16 MiB\n"]);
  });

  test("logs in with the user's own key, and as another user", async (t) => {
    const { call } = caller(t);
    const key = join(temporaryDirectory(t), "your_key");
    await runTool(t, ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]);
    const line = readFileSync(`${key}.pub`, "utf8").trim();
    const from = await buildImage(
      t,
      `FROM ${image}
RUN useradd -m -s /bin/bash ann && mkdir ~ann/.ssh && echo '${line}' | tee -a ~ann/.ssh/authorized_keys >> /root/.ssh/authorized_keys\n`,
    );
    const { id } = await startContainer(t, { image: from });
    assert.equal((await call(["-i", key, id, "id", "-un"])).stdout, "root\n");
    assert.equal((await call(["-i", key, "-l", "ann", id, "id", "-un"])).stdout, "ann\n");

    assertRefused(
      await call([id, "true"]),
      /insecure key is not among the authorized keys of root/,
      /enable_insecure_key.*-i KEY/,
    );
    const stranger = join(temporaryDirectory(t), "stranger");
    await runTool(t, ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", stranger]);
    assertRefused(await call(["-i", stranger, id]), /this key is not among the authorized keys of root/, /-i KEY/);
    chmodSync(key, 0o644);
    assertRefused(await call(["-i", key, id]), /no key that others may read/, /^close it: chmod 600 /);
    assert.match(
      (await call(["-i", "/no/such/key", id])).stderr,
      /^docker-ssh: cannot find the key "\/no\/such\/key": .*ENOENT/,
    );
  });

  test("after the remedy that its message names it logs in", async (t) => {
    const { call } = caller(t);
    const container = await startContainer(t);
    await container.waitForLog("Runit started as PID");
    await container.until("sv status sshd");
    const name = await nameOf(container);
    const noKey = await call([container.id, "echo", "in"]);
    assertRefused(noKey, /sshd is not up.*root has no authorized key/, /sh -c 'enable_insecure_key && sv start sshd'$/);
    await follow(t, noKey);
    assert.equal((await call([name, "echo", "in"])).stdout, "in\n");

    await container.sh("sv down sshd && sv check sshd || true");
    await container.until("sv status sshd | grep -q '^down'");
    const down = await call([name, "echo", "in"]);
    assertRefused(down, /sshd is not up/, / sv start sshd$/);
    await follow(t, down);
    assert.equal((await call([name, "echo", "in"])).stdout, "in\n");

    await container.sh("echo > /root/.ssh/authorized_keys");
    const forgotten = await call([name, "echo", "in"]);
    assertRefused(forgotten, /insecure key is not among/, / enable_insecure_key; /);
    await follow(t, { ...forgotten, stderr: forgotten.stderr.split(";")[0] ?? "" });
    assert.equal((await call([name, "echo", "in"])).stdout, "in\n");

    await run(["pause", container.id]);
    const paused = await call([name, "echo", "in"]);
    assertRefused(paused, /it is paused$/, / unpause /);
    await follow(t, paused);
    assert.equal((await call([name, "echo", "in"])).stdout, "in\n");

    await container.stop();
    const stopped = await call([name, "echo", "in"]);
    assertRefused(stopped, /it is exited$/, / start /);
    await follow(t, stopped);
    assert.equal((await call([name, "echo", "in"])).stdout, "in\n");
  });

  test("reports that there is no sshd, no shell, no service", async (t) => {
    const { call } = caller(t);
    const [without, shellless, unserved] = await Promise.all([
      buildImage(t, `FROM ${image}\nRUN rm -r /usr/sbin/sshd /etc/service/sshd\n`),
      buildImage(t, `FROM ${image}\nRUN rm /bin/sh\n`),
      buildImage(t, `FROM ${image}\nRUN rm -r /etc/service/sshd /etc/my_init.d/00_regen_ssh_host_keys.sh\n`),
    ]);
    const start = (from: string, options: ContainerOptions = {}) => startContainer(t, { image: from, ...options });
    assertRefused(await call([(await start(without)).id]), /its image has no sshd$/, /^docker-bash /);
    assertRefused(
      await call([(await start(shellless, { command: ["sleep", "600"] })).id]),
      /cannot look into it by/,
      /shell/,
    );
    assertRefused(await call([(await start(unserved)).id]), /sshd is not up.*no service/, /^docker-bash /);
  });

  test("reports that there is no such container, no container engine, no ssh, no key", async (t) => {
    const { call, env } = caller(t);
    const gone = await call(["baseimage-test-no-such-container"]);
    assert.equal(gone.status, 255);
    assert.match(gone.stderr, /^docker-ssh: cannot find container "baseimage-test-no-such-container": .*\n$/);
    const bin = temporaryDirectory(t);
    const noEngine = await call(["x"], { env: { PATH: bin } });
    assert.match(noEngine.stderr, /^docker-ssh: there is no ssh in PATH\ninstall the OpenSSH client.*\n$/);
    writeFileSync(join(bin, "ssh"), "#!/bin/sh\n", { mode: 0o755 });
    assert.match((await call(["x"], { env: { PATH: bin } })).stderr, /^docker-ssh: there is no docker.* in PATH/);

    if (existsSync(join(homedir(), ".ssh/insecure_key"))) return t.diagnostic("there is a ~/.ssh/insecure_key here");
    copyFileSync(tool, join(bin, "docker-ssh"));
    const keyless = await runTool(t, [join(bin, "docker-ssh"), "x"], { env });
    assertRefused(keyless, /cannot find the insecure key; looked for ".*", /, /install-tools\.sh.*-i KEY/);
  });

  test("a command line that it cannot understand is status 2, with the usage; --help and --version", async (t) => {
    const { call } = caller(t);
    const wrong = await call(["--no-such-option", "x"]);
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /^docker-ssh: unknown option "--no-such-option"\nusage: docker-ssh /);
    assert.match((await call(["--help"])).stdout, /^usage: docker-ssh /);
    assert.match((await call(["--version"])).stdout, /^docker-ssh \d/);
  });
});

describe("docker-ssh with Podman", { skip: isPodmanHere ? false : "podman is not installed" }, () => {
  const ours = `localhost/baseimage-test-docker-ssh:${process.pid}`;
  before(async () => {
    // Podman has a store of its own. Under a name of its own, as another test may remove the image's.
    const archive = await shell(`${engine} save ${image} | podman load --quiet`);
    await podman(["tag", archive.trim().split(" ").at(-1) ?? "", ours]);
  });
  after(() => podman(["rmi", "--force", ours]));

  /** Limits that an unprivileged machine allows, and the runtime that is installed. */
  const options = ["--ulimit=nofile=1024:2048", "--ulimit=nproc=1000:1000", "--pull=never"];
  const start = async (t: TestContext, what: string, words: readonly string[]) => {
    const name = `baseimage-test-docker-ssh-${what}-${process.pid}`;
    t.after(() => podman(["rm", "--force", "--time", "0", name]));
    await podman(["run", "--detach", "--name", name, ...options, ...words, ours, ...insecure.command]);
    return name;
  };

  test("logs in by the address, by a published port and through the container engine", async (t) => {
    const { call } = caller(t);
    const plain = await start(t, "plain", ["--publish", "127.0.0.1::22"]);
    const words = ["--engine", "podman", "-v"];
    const near = await call([...words, plain, "echo out; exit 4"]);
    assert.deepEqual([near.status, near.stdout], [4, "out\n"], near.stderr);
    assert.doesNotMatch(near.stderr, /127\.0\.0\.1|ProxyCommand/);
    const far = await call([...words, plain, "echo", "out"], { env: { PATH: pathToOtherMachine(t) } });
    assert.deepEqual([far.status, far.stdout], [0, "out\n"], far.stderr);
    assert.match(far.stderr, /HostName=127\.0\.0\.1/);
    const bare = await start(t, "bare", ["--network", "none"]);
    const through = await call([...words, bare, "echo", "out"]);
    assert.deepEqual([through.status, through.stdout], [0, "out\n"], through.stderr);
  });

  test("finds a container that only Podman has, also by the start of its id, and reports why a login fails", async (t) => {
    const { call } = caller(t);
    const name = await start(t, "found", []);
    const id = (await podman(["inspect", "--format", "{{.Id}}", name])).trim();
    const env = { CONTAINER_ENGINE: "" };
    assert.equal((await call([name, "echo", "in"], { env })).stdout, "in\n");
    assert.equal((await call([id.slice(0, 12), "echo", "in"], { env })).stdout, "in\n");
    await podman(["stop", "--time", "10", name]);
    assertRefused(await call([name], { env }), /it is exited$/, new RegExp(`^podman start ${name}$`));
  });
});

/** A PATH with a podman that reports another pid than the container's here, as a podman on another machine would. */
function pathToOtherMachine(t: TestContext): string {
  const directory = temporaryDirectory(t);
  const path = process.env["PATH"] ?? "";
  const script = `#!/bin/sh\nPATH='${path}'\ncase "$*" in\n*State.Pid*) podman "$@" | sed '4s/.*/1/' ;;\n*) exec podman "$@" ;;\nesac\n`;
  writeFileSync(join(directory, "podman"), script, { mode: 0o755 });
  return `${directory}:${path}`;
}

/** Runs podman, which must succeed. @returns what it prints */
function podman(words: readonly string[]): Promise<string> {
  return shell(["podman", ...runtime, ...words].map((word) => `'${word}'`).join(" "));
}

async function shell(line: string): Promise<string> {
  const { stdout } = await promisify(execFile)("sh", ["-c", line], { timeout: 120_000, killSignal: "SIGKILL" });
  return stdout;
}

/** Types the remedy in the last line, as a person would. */
async function follow(t: TestContext, { stderr }: ToolOutcome): Promise<void> {
  const line = stderr.trimEnd().split("\n").at(-1) ?? "";
  const command = line.slice(line.indexOf(`${engine} `));
  const { status, stderr: complaint } = await runTool(t, ["sh", "-c", command]);
  assert.equal(status, 0, `${command}\n${complaint}`);
}

let networkCount = 0;
async function makeNetwork(t: TestContext): Promise<string> {
  networkCount += 1;
  const name = `baseimage-test-network-${process.pid}-${networkCount}`;
  const made = await run(["network", "create", name]);
  assert.equal(made.status, 0, made.stderr);
  cleanUp(t, () => run(["network", "rm", name]));
  return name;
}

function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });
}

/** The first line of a server; tries until there is one. */
async function greeting(port: number): Promise<string> {
  let text = "";
  const hasAnswered = async () => {
    text = await new Promise<string>((done) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("data", (data) => done(data.toString()));
      socket.once("error", () => done(""));
      socket.once("close", () => done(""));
    });
    return text !== "";
  };
  await until(hasAnswered, `the server at port ${port} answers`, 60_000, 50);
  return text;
}
