// A walk through the commands of the first documentation, in its order, with the output that it promises.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { type Container, engine, image, run, runContainer, startContainer } from "../support/container.ts";
import { dropIn } from "../support/derived-image.ts";
import { runTool, startTool } from "../support/host-tool.ts";
import { startAtTerminal, type Terminal } from "../support/terminal.ts";

/** The Dockerfile that all begin with, with these lines in the place of the user's own. */
function template(lines = ""): string {
  return `FROM phusion/baseimage:0.9.15

ENV HOME /root
RUN /etc/my_init.d/00_regen_ssh_host_keys.sh
CMD ["/sbin/my_init"]

${lines}

RUN apt-get clean && rm -rf /var/lib/apt/lists/* /tmp/* /var/tmp/*
`;
}

/** `docker run -t -i IMAGE /sbin/my_init -- bash -l`; returns once there is a prompt. */
async function shellIn(t: TestContext, from: string, options: readonly string[] = []): Promise<Terminal> {
  count += 1;
  const name = `baseimage-test-walk-${process.pid}-${count}`;
  t.after(() => run(["rm", "--force", name]));
  const words = ["run", "--rm", "--name", name, "-t", "-i", ...options, from, "/sbin/my_init", "--", "bash", "-l"];
  const terminal = startAtTerminal(t, [engine, ...words]);
  await terminal.waitFor(/^\*\*\* Running bash -l\.\.\.\r?\n[^]*# $/m);
  return terminal;
}

/** Types a line at the shell. @returns its output */
async function typed(terminal: Terminal, line: string): Promise<string> {
  count += 1;
  // The shell puts the marks together, so that they are not in what was typed.
  terminal.type(`printf 'begin-%s\\n' ${count}; ${line}; printf 'end-%s\\n' ${count}\n`);
  const printed = new RegExp(`^begin-${count}\\r\\n([^]*)^end-${count}\\r$`, "m");
  await terminal.waitFor(printed);
  return printed.exec(terminal.output)?.[1]?.replaceAll("\r", "") ?? "";
}
let count = 0;

/** A machine with the client and keys; answers what a login on the container gives. */
async function startClient(t: TestContext) {
  const client = await startContainer(t, { command: ["sleep", "600"] });
  await client.exec(["tee", "/root/insecure_key"], { input: readFileSync("rootfs/ssh/etc/insecure_key") });
  await client.sh("chmod 600 /root/insecure_key; ssh-keygen -q -t rsa -N '' -f /root/your_key");
  const login = async (key: string, container: Container, command: readonly string[]) => {
    const address = await container.inspect("{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}");
    const known = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"];
    await client.until(`ssh-keyscan -T 5 ${address} 2> /dev/null | grep -q ssh-`);
    return client.exec(["ssh", "-i", `/root/${key}`, ...known, `root@${address}`, ...command]);
  };
  return { sh: client.sh, login };
}

describe("walk", { concurrency: 4 }, () => {
  test("inspecting: a shell at a terminal, and a clean end", async (t) => {
    const terminal = await shellIn(t, image);
    assert.equal(await typed(terminal, "id -un; tty; ps -o comm= 1"), "root\n/dev/pts/0\nmy_init\n");
    assert.match(await typed(terminal, "service=$(sv status cron); echo ${service%%:*}"), /^(run|down)\n$/);
    terminal.type("exit\n");
    assert.equal(await terminal.ended(), 0);
    assert.doesNotMatch(terminal.output, /no job control|Forcing/);
    assert.match(terminal.output, /^\*\*\* bash exited with exit code 0\.\r\n\*\*\* Shutting down runit daemon/m);
  });

  test("an own image: a daemon, a startup script, variables and the users that may read them", async (t) => {
    const files = {
      "memcached.sh": "#!/bin/sh\nexec /sbin/setuser memcache /usr/bin/memcached >>/var/log/memcached.log 2>&1\n",
      "logtime.sh": "#!/bin/sh\ndate > /tmp/boottime.txt\n",
      "change.sh":
        "#!/bin/sh\necho -n changed > /etc/container_environment/CHANGED\necho export LOST=1 >> /etc/container_environment.sh\n",
    };
    const mine = await dropIn(
      t,
      template(`RUN apt-get update && apt-get install -y memcached
RUN mkdir /etc/service/memcached
ADD memcached.sh /etc/service/memcached/run
RUN mkdir -p /etc/my_init.d
ADD logtime.sh /etc/my_init.d/logtime.sh
ADD change.sh /etc/my_init.d/zz-change.sh
RUN echo Apachai Hopachai > /etc/container_environment/MY_NAME
RUN echo -e "Apachai Hopachai\\n" > /etc/container_environment/AS_WRITTEN
RUN bash -c 'echo -e "two\\n" > /etc/container_environment/WITH_NEWLINE'`),
      files,
    );
    await t.test("the daemon runs as its user, logs to its file and is started again", async (t) => {
      const container = await startContainer(t, { image: mine });
      const ask = `bash -c 'exec 3<> /dev/tcp/127.0.0.1/11211; printf "version\\r\\nquit\\r\\n" >&3; grep -q VERSION <&3' 2> /dev/null`;
      await container.until(ask);
      assert.equal(
        await container.sh("ps -o user= -C memcached; ls /var/log/memcached.log"),
        "memcache\n/var/log/memcached.log\n",
      );
      await container.sh("pkill -KILL memcached");
      await container.until(ask);
      const atBoot = Date.parse(await container.sh("cat /tmp/boottime.txt"));
      assert.ok(Math.abs(Date.now() - atBoot) < 600_000, "the startup script wrote down when it ran");
      await container.stop();
      assert.equal(await container.exitCode(), 0);
    });
    await t.test("variables of the image, of a startup script and of the command line, and their dumps", async (t) => {
      const terminal = await shellIn(t, mine, ["--env", "FOO=bar", "--env", "HELLO='my beautiful world'"]);
      assert.equal(await typed(terminal, "echo $MY_NAME"), "Apachai Hopachai\n");
      assert.equal(await typed(terminal, 'printf "%s." "$WITH_NEWLINE"; echo'), "two\n.\n");
      // The echo of the sh that runs RUN lines has no -e; docs/guide.md says so.
      assert.equal(await typed(terminal, 'printf "%s." "$AS_WRITTEN"; echo'), "-e Apachai Hopachai\n.\n");
      assert.equal(await typed(terminal, "echo $CHANGED ${LOST-not lost}"), "changed not lost\n");
      const names = (await typed(terminal, "ls -1 /etc/container_environment")).trim().split("\n");
      for (const name of ["CHANGED", "FOO", "HELLO", "HOSTNAME", "MY_NAME", "PATH", "TERM"])
        assert.ok(names.includes(name), name);
      assert.equal(await typed(terminal, "cat /etc/container_environment/HELLO; echo"), "my beautiful world\n");
      const json = JSON.parse(await typed(terminal, "cat /etc/container_environment.json; echo"));
      assert.deepEqual(
        [json.FOO, json.HELLO, json.CHANGED, json.LOST],
        ["bar", "my beautiful world", "changed", undefined],
      );
      await typed(terminal, "unset HELLO; source /etc/container_environment.sh");
      assert.equal(await typed(terminal, "echo $HELLO"), "my beautiful world\n");
    });
    await t.test("only root and docker_env can read them, unless the Dockerfile changes that", async (t) => {
      const read = [
        "cat",
        "/etc/container_environment/MY_NAME",
        "/etc/container_environment.sh",
        "/etc/container_environment.json",
      ];
      const quietly = ["/sbin/my_init", "--quiet", "--", "setuser", "nobody"];
      const refused = await runContainer(t, { image: mine, command: [...quietly, ...read] });
      assert.deepEqual([refused.status, refused.stdout], [1, ""]);
      const open = await dropIn(
        t,
        template(`RUN echo Apachai Hopachai > /etc/container_environment/MY_NAME
RUN chmod 755 /etc/container_environment
RUN chmod 644 /etc/container_environment.sh /etc/container_environment.json`),
      );
      const allowed = await runContainer(t, { image: open, command: [...quietly, ...read] });
      assert.equal(allowed.status, 0, allowed.stderr);
      assert.match(allowed.stdout, /^Apachai Hopachai[^]*export MY_NAME='Apachai Hopachai'$[^]*"MY_NAME":\s*"Apachai/m);
    });
  });

  test("startup scripts: one that fails stops the boot", async (t) => {
    const failing = await dropIn(t, template("ADD fails.sh /etc/my_init.d/50_fails.sh"), {
      "fails.sh": "#!/bin/sh\nexit 7\n",
    });
    const { status, stdout, stderr } = await runContainer(t, {
      image: failing,
      command: ["/sbin/my_init", "--", "echo", "never"],
    });
    assert.deepEqual([status, stdout], [7, ""]);
    assert.match(stderr, /^\*\*\* \/etc\/my_init\.d\/50_fails\.sh failed with status 7$/m);
  });

  test("/etc/hosts: names from a file that can be written", async (t) => {
    const lines = "RUN apt-get update && apt-get install -y iputils-ping\nRUN /usr/bin/workaround-docker-2267";
    const terminal = await shellIn(t, await dropIn(t, template(lines)));
    await typed(terminal, "echo 127.0.0.1 my-test-domain.com >> /etc/workaround-docker-2267/hosts");
    assert.match(await typed(terminal, "getent hosts my-test-domain.com"), /^127\.0\.0\.1 +my-test-domain\.com\n$/);
    const ping = await typed(terminal, "ping -c 1 my-test-domain.com");
    assert.match(ping, /^PING my-test-domain\.com \(127\.0\.0\.1\) [^]*, 0% packet loss/);
    assert.match(await typed(terminal, "getent hosts $HOSTNAME"), /\d/, "what is in /etc/hosts is known, too");
  });

  test("/etc/hosts: the same in a shell of a container", async (t) => {
    const terminal = await shellIn(t, image);
    await typed(
      terminal,
      "/usr/bin/workaround-docker-2267; echo 127.0.0.1 my-test-domain.com >> /etc/workaround-docker-2267/hosts",
    );
    assert.match(await typed(terminal, "getent hosts my-test-domain.com"), /^127\.0\.0\.1 +my-test-domain\.com\n$/);
  });

  test("disabling SSH: neither keys nor a daemon, with a key of root's too", async (t) => {
    const without = await dropIn(
      t,
      template(
        "RUN /usr/sbin/enable_insecure_key\nRUN rm -rf /etc/service/sshd /etc/my_init.d/00_regen_ssh_host_keys.sh",
      ),
    );
    const container = await startContainer(t, { image: without });
    await container.waitForLog("Runit started as PID");
    await container.until("sv status cron");
    assert.equal(await container.sh("ls /etc/ssh/ssh_host_* 2> /dev/null; pgrep sshd || true"), "");
  });

  test("one-shot: each step is logged", async (t) => {
    const rc = await dropIn(t, template("ADD rc.local /etc/rc.local"), { "rc.local": "#!/bin/sh\n" });
    const { status, stdout, stderr } = await runContainer(t, { image: rc, command: ["/sbin/my_init", "--", "ls"] });
    assert.equal(status, 0);
    assert.match(stdout, /^bin\nboot\ndev\netc\nhome\n[^]*usr\nvar\n$/m);
    const pid = /Runit started as PID (\d+)/.exec(stderr)?.[1];
    assert.deepEqual(
      stderr.split("\n").filter((line) => line.startsWith("*** ")),
      [
        "*** Running /etc/my_init.d/00_regen_ssh_host_keys.sh...",
        "*** Running /etc/rc.local...",
        "*** Booting runit daemon...",
        `*** Runit started as PID ${pid}`,
        "*** Running ls...",
        "*** ls exited with exit code 0.",
        `*** Shutting down runit daemon (PID ${pid})...`,
        "*** Killing all processes...",
      ],
    );
  });

  test("one-shot: options skip steps and messages, and --help names them", async (t) => {
    const loud = await dropIn(t, template("ADD loud.sh /etc/my_init.d/loud.sh"), {
      "loud.sh": "#!/bin/sh\necho loud\n",
    });
    const options = ["--skip-startup-files", "--quiet", "--"];
    const quiet = await runContainer(t, { image: loud, command: ["/sbin/my_init", ...options, "ls"] });
    const plain = await runContainer(t, { image: loud, command: ["ls"] });
    assert.deepEqual([quiet.status, quiet.stdout, quiet.stderr], [0, plain.stdout, ""]);
    const services = "until pgrep -x cron > /dev/null; do sleep 0.05; done; echo services run";
    const running = await runContainer(t, {
      image: loud,
      command: ["/sbin/my_init", ...options, "sh", "-c", services],
    });
    assert.deepEqual([running.status, running.stdout], [0, "services run\n"]);
    const help = await runContainer(t, { image: loud, command: ["/sbin/my_init", "--help"] });
    assert.equal(help.status, 0);
    for (const option of ["--skip-startup-files", "--skip-runit", "--quiet", "--enable-insecure-key"])
      assert.ok(help.stdout.includes(option), option);
  });

  test("SSH: the insecure key for one container, over docker stop and start", async (t) => {
    const { login } = await startClient(t);
    const container = await startContainer(t, { command: ["/sbin/my_init", "--enable-insecure-key"] });
    const greeted = async () => {
      const { stdout, stderr } = await login("insecure_key", container, ["echo", "hello", "world"]);
      assert.equal(stdout, "hello world\n", stderr);
    };
    await greeted();
    await container.stop();
    await run(["start", container.id]);
    await greeted();
    const other = await startContainer(t);
    await other.waitForLog("Runit started as PID");
    assert.equal(await other.sh("ls /root/.ssh; pgrep sshd || true"), "");
  });

  test("SSH: the insecure key for good, and an own key", async (t) => {
    const { sh, login } = await startClient(t);
    const [forGood, ownKey] = await Promise.all([
      dropIn(t, template("RUN /usr/sbin/enable_insecure_key")),
      dropIn(
        t,
        template(`ADD your_key.pub /tmp/your_key.pub
RUN cat /tmp/your_key.pub >> /root/.ssh/authorized_keys && rm -f /tmp/your_key.pub`),
        { "your_key.pub": await sh("cat /root/your_key.pub") },
      ),
    ]);
    const insecure = await startContainer(t, { image: forGood });
    assert.equal((await login("insecure_key", insecure, ["echo", "hello", "world"])).stdout, "hello world\n");
    const own = await startContainer(t, { image: ownKey });
    assert.equal((await login("your_key", own, ["echo", "hello", "world"])).stdout, "hello world\n");
    const stranger = await login("insecure_key", own, ["true"]);
    assert.equal(stranger.status, 255);
    assert.match(stranger.stderr, /Permission denied \(publickey\)/);
  });

  const hasRoot = process.getuid?.() === 0 ? false : "needs root";
  test("nsenter: a shell and a command, by the container's main process", { skip: hasRoot }, async (t) => {
    const container = await startContainer(t);
    const pid = await container.inspect("{{ .State.Pid }}");
    const enter = ["nsenter", "--target", pid, "--mount", "--uts", "--ipc", "--net", "--pid"];
    const hello = await runTool(t, [...enter, "--", "echo", "hello", "world"]);
    assert.deepEqual(hello, { status: 0, stdout: "hello world\n", stderr: "" });
    const terminal = startAtTerminal(t, [...enter, "bash", "-l"]);
    await terminal.waitFor(/# $/);
    assert.equal(await typed(terminal, "hostname; ps -o comm= 1"), `${container.id.slice(0, 12)}\nmy_init\n`);
    terminal.type("exit\n");
    assert.equal(await terminal.ended(), 0);
  });

  test("docker-bash and docker-ssh: installed from the archive of the source, and used", {
    skip: hasRoot,
  }, async (t) => {
    const directory = mkdtempSync(join(tmpdir(), "baseimage-test-"));
    t.after(() => rmSync(directory, { recursive: true, force: true }));
    archiveOfSource(directory);
    // The source and the destination are the test's.
    const lines = `curl --fail -L -O file://${directory}/archive/master.tar.gz && \\
tar xzf master.tar.gz && \\
./baseimage-docker-master/install-tools.sh`;
    const name = image.slice(0, image.lastIndexOf(":"));
    const env = { PREFIX: `${directory}/usr/local`, DESTDIR: "", NAME: name, IMAGE: "", XDG_STATE_HOME: directory };
    const installed = await startTool(t, ["sh", "-c", `cd ${directory} && ${lines}`], { env }).ended(900_000);
    assert.equal(installed.status, 0, installed.stderr);

    const container = await startContainer(t, { command: ["/sbin/my_init", "--enable-insecure-key"] });
    const listed = (await run(["ps"])).stdout;
    const id = listed.split(/\s+/).find((word) => word.length === 12 && container.id.startsWith(word)) ?? "";
    const environment = Object.entries({ ...env, CONTAINER_ENGINE: engine }).map(([key, value]) => `${key}=${value}`);
    for (const tool of ["docker-bash", "docker-ssh"]) {
      const words = ["env", ...environment, `${directory}/usr/local/bin/${tool}`, id];
      const hello = await runTool(t, [...words, "echo", "hello", "world"]);
      assert.deepEqual(hello, { status: 0, stdout: "hello world\n", stderr: "" });
      const terminal = startAtTerminal(t, words);
      await terminal.waitFor(/# $/);
      assert.equal(await typed(terminal, "hostname; shopt -q login_shell && echo login"), `${id}\nlogin\n`);
      terminal.type("exit 4\n");
      assert.equal(await terminal.ended(), 4);
    }
  });
});

/** Makes archive/master.tar.gz in the directory, of what is or would be committed here; its build finds our packages. */
function archiveOfSource(directory: string): void {
  const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "--deduplicate"], { encoding: "utf8" });
  writeFileSync(join(directory, "files"), files);
  symlinkSync(resolve("node_modules"), join(directory, "node_modules"));
  const line = `mkdir archive && cd archive &&
    tar --create --gzip --file master.tar.gz --transform 's,^,baseimage-docker-master/,S' \\
      --directory "$1" --files-from "$2/files" --directory "$2" node_modules`;
  execFileSync("sh", ["-c", line, "sh", process.cwd(), directory], { cwd: directory });
}
