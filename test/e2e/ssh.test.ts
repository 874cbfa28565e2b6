// SSH: which users can log in, when sshd runs, host keys, and the environment of a session. See docs/reference/ssh.md
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import {
  buildImage,
  type Container,
  type ContainerOptions,
  image,
  type Outcome,
  run,
  runContainer,
  startContainer,
  untilLine,
} from "../support/container.ts";
import { patient } from "../support/patience.ts";

const insecure = { command: ["/sbin/my_init", "--enable-insecure-key"] };
const regen = "/etc/my_init.d/00_regen_ssh_host_keys.sh";

/** The client: a container of the same image, so that the host needs only a network of containers. */
type Client = {
  readonly container: Container;
  /** Logs in to `server` and runs `command`; without one, a login shell that reads `input`. */
  ssh(server: Container, command?: string, options?: SshOptions): Promise<Outcome>;
  /** The public host keys that `server` shows, without its address; waits until it answers. */
  hostKeys(server: Container): Promise<string[]>;
};

type SshOptions = {
  readonly user?: string;
  readonly words?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
};

/** sshd may not be up yet: 20 tries, one a second. */
const patiently = ["-o", "ConnectTimeout=20", "-o", "ConnectionAttempts=20"];
const quietly = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"];

async function startClient(t: TestContext): Promise<Client> {
  const container = await startContainer(t, { command: ["sleep", "600"] });
  await container.sh("install -m 600 /etc/insecure_key /root/.ssh/id_ed25519");
  const client: Client = {
    container,
    ssh: async (server, command, { user = "root", words = [], env = {}, input } = {}) => {
      const login = [...patiently, ...quietly, ...words, `${user}@${await addressOf(server)}`];
      const wanted = command === undefined ? [] : [command];
      return container.exec(["ssh", ...login, ...wanted], { env, ...(input === undefined ? {} : { input }) });
    },
    hostKeys: async (server) => {
      const scan = `ssh-keyscan -T 30 ${await addressOf(server)} 2> /dev/null | grep -v '^#'`;
      const lines = await container.sh(
        // Again once it answers: each kind of key is asked for by itself, and sshd may have come up in between.
        `n=500; until ${scan} > /tmp/keys; do n=$((n - 1)); [ $n -gt 0 ] || exit 1; sleep 0.02; done; ${scan}`,
      );
      return lines
        .trim()
        .split("\n")
        .map((line) => line.slice(line.indexOf(" ") + 1))
        .sort();
    },
  };
  return client;
}

async function addressOf(container: Container): Promise<string> {
  const address = await container.inspect("{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}");
  assert.notEqual(address, "", "the container has an address");
  return address;
}

/** Waits until the container is booted and runit has looked at sshd. @returns whether sshd is up */
async function isUp(container: Container): Promise<boolean> {
  await container.waitForLog("Runit started as PID");
  return (await container.sh(`${untilLine("sv status sshd > /tmp/status 2>&1")}; cat /tmp/status`)).startsWith("run:");
}

const hostKeyFiles = (container: Container) =>
  container.sh("find /etc/ssh /run -name '*_key' -o -name '*_key.pub' -o -name '.new*' | sort");

const sshdCount = async (container: Container) => Number((await container.sh("pgrep -c -x sshd || true")).trim());

function derived(t: TestContext, ...lines: string[]): Promise<string> {
  return buildImage(t, `FROM ${image}\n${lines.join("\n")}\n`);
}

/** Lines of a user's Dockerfile with an own key. The client has the private half. */
async function ownKey(t: TestContext, client: Client, ...lines: string[]): Promise<string> {
  const make = "ssh-keygen -q -t ed25519 -N '' -C own -f /root/own && cat /root/own.pub";
  const key = (await client.container.sh(make)).trim();
  const add = "cat /tmp/your_key.pub >> /root/.ssh/authorized_keys && rm -f /tmp/your_key.pub";
  return derived(t, ...lines, `RUN echo '${key}' > /tmp/your_key.pub && ${add}`);
}

describe("sshd", { concurrency: 3 }, () => {
  test("without a key no sshd runs and no host key is made", async (t) => {
    const container = await startContainer(t);
    assert.equal(await isUp(container), false);
    assert.equal(await sshdCount(container), 0);
    assert.equal(await hostKeyFiles(container), "");
  });

  test("the image holds no host key, no authorized key, and a `down` file", async (t) => {
    const outcome = await runContainer(t, {
      command: ["sh", "-c", "ls -A /etc/ssh /root/.ssh; stat -c '%a %U %n' /root/.ssh; ls /etc/service/sshd"],
    });
    assert.doesNotMatch(outcome.stdout, /ssh_host|authorized/);
    assert.match(outcome.stdout, /^700 root \/root\/\.ssh$/m);
    assert.match(outcome.stdout, /^down\nneeds-root\nrun$/m);
  });

  test("with --enable-insecure-key root can log in as soon as the container has started", async (t) => {
    const client = await startClient(t);
    const container = await startContainer(t, insecure);
    const began = Number(await container.sh(`date +%s%N -d '${await container.inspect("{{.State.StartedAt}}")}'`));
    // Tries as fast as it can: what is measured is the server.
    const outcome = await client.container.exec([
      "timeout",
      "60",
      "sh",
      "-c",
      `until ssh ${quietly.join(" ")} root@${await addressOf(container)} date +%s%N 2> /dev/null; do :; done`,
    ]);
    const tookMs = (Number(outcome.stdout) - began) / 1e6;
    t.diagnostic(`logged in ${Math.round(tookMs)} ms after the container's start`);
    assert.ok(tookMs < patient(30_000), `${tookMs} ms`);
  });

  test("--enable-insecure-key works together with --skip-startup-files", async (t) => {
    const client = await startClient(t);
    const container = await startContainer(t, { command: [...insecure.command, "--skip-startup-files"] });
    assert.equal((await client.ssh(container, "echo hello world")).stdout, "hello world\n");
  });

  test("enabling the insecure key prints a warning, also with --quiet", async (t) => {
    for (const words of [[], ["--quiet"]]) {
      const outcome = await runContainer(t, { command: [...insecure.command, ...words, "--", "true"] });
      assert.equal(outcome.status, 0, outcome.stderr);
      assert.match(outcome.stderr, /\*{20}/);
      assert.match(outcome.stderr, /WARNING: THE INSECURE SSH KEY IS ENABLED FOR root/);
      // Messages of sshd, if it is up before the command has ended, go to the output as all of syslog does.
      const lines = outcome.stdout.split("\n").filter((line) => line !== "" && !line.includes(" sshd["));
      assert.deepEqual(lines, [], "the command's output stays its own");
    }
  });

  test("`RUN /usr/sbin/enable_insecure_key` in a Dockerfile lets root log in, and bakes no host key", async (t) => {
    const client = await startClient(t);
    const from = await derived(t, "RUN /usr/sbin/enable_insecure_key");
    const files = await runContainer(t, { image: from, command: ["ls", "/etc/ssh", "/etc/service/sshd"] });
    assert.doesNotMatch(files.stdout, /ssh_host/);
    assert.match(files.stdout, /^down$/m, "a line that removes it can follow");
    const container = await startContainer(t, { image: from });
    assert.equal((await client.ssh(container, "echo hello world")).stdout, "hello world\n");
  });

  test("enable_insecure_key adds its line once, after a last line without an end, and keeps other keys", async (t) => {
    const container = await startContainer(t, { command: ["sleep", "600"] });
    await container.sh("rmdir /root/.ssh && enable_insecure_key && enable_insecure_key 2> /tmp/second");
    assert.equal(await container.sh("cat /root/.ssh/authorized_keys"), await container.sh("cat /etc/insecure_key.pub"));
    assert.equal(await container.sh("stat -c %a%U /root/.ssh /root/.ssh/authorized_keys"), "700root\n600root\n");
    assert.match(await container.sh("cat /tmp/second"), /already/);

    const mine = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5mine";
    await container.sh(`printf '#%s\\n%s' "$(cat /etc/insecure_key.pub)" '${mine}' > /root/.ssh/authorized_keys`);
    await container.sh("enable_insecure_key");
    const lines = (await container.sh("cat /root/.ssh/authorized_keys")).split("\n");
    assert.equal(lines.length, 4, "a line that is commented out does not count");
    assert.equal(lines[1], mine);
    assert.equal(`${lines[2]}\n`, await container.sh("cat /etc/insecure_key.pub"));
  });

  test("an own key in authorized_keys lets root log in; the insecure key does not", async (t) => {
    const client = await startClient(t);
    const container = await startContainer(t, { image: await ownKey(t, client) });
    const outcome = await client.ssh(container, "echo hello world", { words: ["-i", "/root/own"] });
    assert.equal(outcome.stdout, "hello world\n");
    const stranger = await client.ssh(container, "true", { words: ["-o", "BatchMode=yes"] });
    assert.equal(stranger.status, 255);
    assert.match(stranger.stderr, /Permission denied \(publickey\)/);
  });

  test("the 2014 and the present way of a Dockerfile to make host keys both work", async (t) => {
    const client = await startClient(t);
    const old = await ownKey(t, client, `RUN ${regen}`);
    const present = await derived(t, `RUN rm -f /etc/service/sshd/down && ${regen}`, "RUN enable_insecure_key");
    for (const [from, key] of [
      [old, "/root/own"],
      [present, "/root/.ssh/id_ed25519"],
    ] as const) {
      const container = await startContainer(t, { image: from });
      assert.equal((await client.ssh(container, "echo ok", { words: ["-i", key] })).stdout, "ok\n");
    }
    const baked = await runContainer(t, { image: present, command: ["ls", "/etc/ssh"] });
    assert.match(
      baked.stdout,
      /ssh_host_ed25519_key\n/,
      "a Dockerfile that makes them gets the same keys in all containers",
    );
  });

  test("an authorized_keys that is empty or all comments is no key; one without a final newline is", async (t) => {
    const cases: Record<string, boolean> = {
      "": false,
      "\\n\\n": false,
      "# ssh-ed25519 AAAAC3Nza me\\n  # ssh-rsa AAAAB3Nza\\n": false,
      "# mine\\nssh-ed25519 AAAAC3Nza me": true,
      "  no-pty ssh-rsa AAAAB3Nza me\\n": true,
    };
    const container = await startContainer(t, { command: ["sleep", "600"] });
    for (const [content, isKey] of Object.entries(cases)) {
      await container.sh(`printf '${content}' > /root/.ssh/authorized_keys && ${regen}`);
      const isDown = (await container.exec(["test", "-e", "/etc/service/sshd/down"])).status === 0;
      assert.equal(isDown, !isKey, JSON.stringify(content));
      assert.equal((await hostKeyFiles(container)) !== "", isKey, JSON.stringify(content));
      await container.sh("rm -f /etc/ssh/ssh_host_*");
    }
  });

  test("a key that is removed again switches sshd off at the next start", async (t) => {
    const client = await startClient(t);
    const container = await startContainer(t, { image: await derived(t, "RUN enable_insecure_key") });
    assert.equal((await client.ssh(container, "rm /root/.ssh/authorized_keys")).status, 0);
    await container.stop();
    await run(["start", container.id]);
    await container.waitForLog(/Runit started[^]*Runit started/);
    await container.until("sv status sshd | grep -q ^down:");
    assert.equal(await sshdCount(container), 0);
  });

  test("`down` can be removed after a boot with a key as well: sshd goes on, and starts without a key from then on", async (t) => {
    const client = await startClient(t);
    const container = await startContainer(t, { image: await derived(t, "RUN enable_insecure_key") });
    await client.hostKeys(container);
    assert.match(await container.sh("sv status sshd"), /^run: sshd: \(pid \d+\) \d+s\n$/, "not `normally down`");
    await container.sh("rm /etc/service/sshd/down /root/.ssh/authorized_keys");
    await container.stop();
    await run(["start", container.id]);
    await container.waitForLog(/Runit started[^]*Runit started/);
    assert.equal((await container.exec(["container_health", "--wait", "60"])).status, 0);
    assert.equal((await client.hostKeys(container)).length, 2);
  });

  test("without the `down` file sshd starts, key or not", async (t) => {
    const client = await startClient(t);
    for (const words of [[], ["--skip-startup-files"]]) {
      const from = await derived(t, "RUN rm -f /etc/service/sshd/down");
      const container = await startContainer(t, { image: from, command: ["/sbin/my_init", ...words] });
      assert.equal((await client.hostKeys(container)).length, 2);
      assert.equal((await client.ssh(container, "true", { words: ["-o", "BatchMode=yes"] })).status, 255);
    }
  });

  test("without /etc/service/sshd and its startup script it never starts, whatever the keys", async (t) => {
    const from = await derived(t, `RUN rm -rf /etc/service/sshd ${regen}`, "RUN enable_insecure_key");
    const container = await startContainer(t, { image: from, ...insecure });
    await container.waitForLog("Runit started as PID");
    const { stderr } = await container.logs();
    assert.doesNotMatch(stderr, /failed|cannot/);
    assert.equal(await sshdCount(container), 0);
    assert.equal(await hostKeyFiles(container), "");
    await container.stop();
    assert.equal(await container.exitCode(), 0);
  });

  test("without /etc/service/sshd alone no host key is made", async (t) => {
    const from = await derived(t, "RUN rm -rf /etc/service/sshd", "RUN enable_insecure_key");
    const container = await startContainer(t, { image: from });
    await container.waitForLog("Runit started as PID");
    assert.equal(await hostKeyFiles(container), "");
  });

  test("-f makes host keys while `down` is there, and keeps existing ones", async (t) => {
    const container = await startContainer(t, { command: ["sleep", "600"] });
    await container.sh(regen);
    assert.equal(await hostKeyFiles(container), "");
    await container.sh(`${regen} -f`);
    const files = await hostKeyFiles(container);
    assert.equal(files.split("\n").length, 5);
    const sums = await container.sh("sha256sum /etc/ssh/ssh_host_*");
    await container.sh(`${regen} -f`);
    assert.equal(await container.sh("sha256sum /etc/ssh/ssh_host_*"), sums);
    assert.equal(await container.sh("stat -c %a /etc/ssh/ssh_host_*_key | sort -u"), "600\n");
    assert.equal(await container.sh("ls /etc/service/sshd"), "down\nneeds-root\nrun\n");
  });

  test("sshd can be switched on at run time as the original's own test does", async (t) => {
    const client = await startClient(t);
    const container = await startContainer(t);
    assert.equal(await isUp(container), false);
    await container.sh(`enable_insecure_key; ${regen} -f; rm -f /etc/service/sshd/down; sv start /etc/service/sshd`);
    assert.equal((await client.ssh(container, "echo ok")).stdout, "ok\n");
  });

  test("host keys survive a restart, and two containers have different ones", async (t) => {
    const client = await startClient(t);
    const [one, two] = [await startContainer(t, insecure), await startContainer(t, insecure)];
    const keys = await client.hostKeys(one);
    assert.deepEqual(
      keys.map((key) => key.split(" ")[0]),
      ["ecdsa-sha2-nistp256", "ssh-ed25519"],
    );
    for (const key of await client.hostKeys(two)) assert.ok(!keys.includes(key));
    await one.stop();
    await run(["start", one.id]);
    assert.deepEqual(await client.hostKeys(one), keys);
  });

  test("an RSA host key that the image's author brings is shown too", async (t) => {
    const client = await startClient(t);
    const from = await derived(t, "RUN ssh-keygen -q -t rsa -N '' -f /etc/ssh/ssh_host_rsa_key");
    const container = await startContainer(t, { image: from, ...insecure });
    assert.deepEqual(
      (await client.hostKeys(container)).map((key) => key.split(" ")[0]),
      ["ecdsa-sha2-nistp256", "ssh-ed25519", "ssh-rsa"],
    );
  });

  test("a startup script that is killed while it makes host keys leaves no half of one", async (t) => {
    const container = await startContainer(t, { command: ["sleep", "600"] });
    // As ssh-keygen does it, but it stops when half is written.
    await container.sh(`
    cat > /usr/local/bin/ssh-keygen << 'SLOW'
#!/bin/sh
for file; do :; done
echo half > "$file"
touch /tmp/began
sleep 600
SLOW
    chmod +x /usr/local/bin/ssh-keygen
    setsid ${regen} -f > /dev/null 2>&1 &
    until [ -e /tmp/began ]; do sleep 0.02; done
    kill -KILL -$!
    rm /usr/local/bin/ssh-keygen`);
    assert.doesNotMatch(await hostKeyFiles(container), /^\/etc\/ssh\/ssh_host/m);
    await container.sh(`${regen} -f`);
    await container.sh("mkdir -p /run/sshd && sshd -t");
    assert.doesNotMatch(await hostKeyFiles(container), /new/);
  });

  test("an upgrade of the package in a Dockerfile makes no host keys and keeps the configuration", async (t) => {
    const container = await startContainer(t, { command: ["sleep", "600"] });
    const sums = "sha256sum /etc/ssh/sshd_config /etc/pam.d/sshd";
    const before = await container.sh(sums);
    await container.sh(
      "apt-get -q update && apt-get -qy install --reinstall openssh-server && dpkg-reconfigure openssh-server",
    );
    assert.equal(await hostKeyFiles(container), "");
    assert.equal(await container.sh(sums), before);
  });

  test("no login works with a password: root, a user, keyboard-interactive", async (t) => {
    const client = await startClient(t);
    const container = await startContainer(t, insecure);
    await container.sh("useradd -m ann && echo 'root:secret\nann:secret' | chpasswd");
    for (const user of ["root", "ann"]) {
      const outcome = await passwordLogin(client, container, user);
      assert.equal(outcome.status, 255);
      assert.match(outcome.stderr, /Permission denied \(publickey\)\./, "publickey is all that is offered");
    }
  });

  test("a file of sshd_config.d takes precedence: it can allow passwords", async (t) => {
    const client = await startClient(t);
    const from = await derived(t, "RUN echo 'PasswordAuthentication yes' > /etc/ssh/sshd_config.d/mine.conf");
    const container = await startContainer(t, { image: from, ...insecure });
    await container.sh("useradd -m ann && echo 'ann:secret' | chpasswd");
    const outcome = await passwordLogin(client, container, "ann");
    assert.equal(outcome.status, 0, outcome.stderr);
  });

  async function passwordLogin(client: Client, server: Container, user: string): Promise<Outcome> {
    await client.container.sh("printf '#!/bin/sh\\necho secret\\n' > /root/answer && chmod +x /root/answer");
    return client.ssh(server, "true", {
      user,
      words: ["-o", "PubkeyAuthentication=no", "-o", "NumberOfPasswordPrompts=1"],
      env: { SSH_ASKPASS: "/root/answer", SSH_ASKPASS_REQUIRE: "force" },
    });
  }

  test("failed logins lock out no client: all may come from one address", async (t) => {
    const client = await startClient(t);
    const container = await startContainer(t, insecure);
    for (let count = 0; count < 8; count += 1) {
      const words = ["-o", "BatchMode=yes", "-o", "PubkeyAuthentication=no"];
      const { status, stderr } = await client.ssh(container, "true", { words });
      assert.equal(status, 255);
      assert.match(stderr, /Permission denied/);
    }
    assert.equal((await client.ssh(container, "echo ok")).stdout, "ok\n");
  });

  test("sshd reports no error in its configuration", async (t) => {
    const client = await startClient(t);
    const container = await startContainer(t, insecure);
    assert.equal((await client.ssh(container, "true")).status, 0);
    const outcome = await container.exec(["sh", "-c", "sshd -t; sshd -T > /tmp/effective"]);
    assert.deepEqual([outcome.status, outcome.stdout, outcome.stderr], [0, "", ""]);
    // OpenSSH 10.6 writes words as sshd_config(5) does, and the newer of two words with one meaning.
    const effective = (await container.sh("cat /tmp/effective")).toLowerCase();
    for (const line of [
      "passwordauthentication no",
      "kbdinteractiveauthentication no",
      "permitemptypasswords no",
      /^permitrootlogin (without|prohibit)-password$/m,
      "usepam yes",
      "usedns no",
      "syslogfacility authpriv",
      "x11forwarding yes",
      "subsystem sftp /usr/lib/openssh/sftp-server",
    ]) {
      assert.match(effective, typeof line === "string" ? new RegExp(`^${line}$`, "m") : line);
    }
    const { stdout, stderr } = await container.logs();
    assert.doesNotMatch(stdout + stderr, /error:|PAM |lastlog|wtmp|deprecated/i);
  });

  test("the insecure key pair is one key in all its formats, and no other project's", async (t) => {
    const container = await startContainer(t, { command: ["sleep", "600"] });
    await container.sh("install_clean putty-tools && install -m 600 /etc/insecure_key /tmp/key");
    const words = (await container.sh("cat /etc/insecure_key.pub")).trim().split(" ");
    assert.equal(words[2], "baseimage-docker-insecure-key");
    assert.equal((await container.sh("ssh-keygen -y -f /tmp/key")).trim(), words.join(" "));
    assert.equal(
      (await container.sh("puttygen /etc/insecure_key.ppk -O public-openssh -o /dev/stdout")).trim(),
      words.join(" "),
    );
    await container.sh("puttygen /etc/insecure_key.ppk -O private-openssh -o /tmp/from-putty");
    assert.equal((await container.sh("ssh-keygen -y -f /tmp/from-putty")).trim(), words.join(" "));
    assert.match(await container.sh("stat -c %a /etc/insecure_key"), /^644$/m);
  });

  test("PuTTY's own client logs in with the key in its format", async (t) => {
    const client = await startClient(t);
    await client.container.sh("install_clean putty-tools");
    const container = await startContainer(t, insecure);
    const [key = ""] = (await client.hostKeys(container)).filter((line) => line.startsWith("ssh-ed25519"));
    await client.container.sh(`echo '${key}' > /tmp/host.pub`);
    const print = (await client.container.sh("ssh-keygen -l -f /tmp/host.pub")).split(" ")[1] ?? "";
    const words = ["-batch", "-hostkey", print, "-i", "/etc/insecure_key.ppk"];
    const outcome = await client.container.exec(["plink", ...words, `root@${await addressOf(container)}`, "echo ok"]);
    assert.equal(outcome.stdout, "ok\n", outcome.stderr);
  });

  /** Variables as `env -0` prints them. */
  function variables(output: Buffer): Map<string, string> {
    const entries = output
      .toString("latin1")
      .split("\0")
      .filter((entry) => entry !== "");
    return new Map(entries.map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]));
  }

  /** A container whose environment is hard to pass on, and its users: ann is in no group, bob is in docker_env. */
  async function startWithEnvironment(t: TestContext, options: ContainerOptions = {}): Promise<Container> {
    const from = await derived(
      t,
      "RUN cd /etc/container_environment && printf 'a\\377\\\\n\\r b' > BYTES && printf yes > with.dot",
      "RUN useradd -m -s /bin/bash ann && useradd -m -s /bin/bash -G docker_env bob",
      ...["ann", "bob"].map(
        (user) =>
          `RUN install -d -m 700 -o ${user} ~${user}/.ssh && install -o ${user} /etc/insecure_key.pub ~${user}/.ssh/authorized_keys`,
      ),
    );
    const env = {
      QUOTED: `it's "so" $HOME \`id\``,
      LINES_OF_IT: "one\ntwo\n\n",
      EMPTY: "",
      PATH: "/opt/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    };
    return startContainer(t, { ...insecure, image: from, env, ...options });
  }

  /** The container environment as my_init has it. */
  async function containerEnvironment(container: Container): Promise<Map<string, string>> {
    const line =
      'cd /etc/container_environment; for f in * .[!.]*; do [ ! -e "$f" ] || { printf \'%s=\' "$f"; cat "$f"; printf \'\\0\'; }; done';
    const outcome = await container.exec(["sh", "-c", line]);
    return new Map([...variables(outcome.stdoutBytes)].map(([name, value]) => [name, value.replace(/\n$/, "")]));
  }

  test("root and members of docker_env see the container's environment byte for byte, however they log in", async (t) => {
    const client = await startClient(t);
    const container = await startWithEnvironment(t);
    await client.hostKeys(container);
    const wanted = await containerEnvironment(container);
    for (const name of ["BYTES", "QUOTED", "LINES_OF_IT", "EMPTY", "with.dot", "PATH", "LANG"])
      assert.ok(wanted.has(name));
    const inTerminal = { words: ["-tt"] };
    const logins: Record<string, (user: string) => Promise<Buffer>> = {
      "ssh HOST COMMAND": async (user) => (await client.ssh(container, "env -0", { user })).stdoutBytes,
      "a login shell": async (user) =>
        (await client.ssh(container, undefined, { user, input: "env -0\n" })).stdoutBytes,
      "ssh -t HOST COMMAND": async (user) =>
        fromBase64((await client.ssh(container, "env -0 | base64 -w 0", { user, ...inTerminal })).stdout),
      "ssh -t HOST, a shell": async (user) =>
        fromBase64(
          (
            await client.ssh(container, undefined, {
              user,
              ...inTerminal,
              input: 'stty -echo\necho "<$(env -0 | base64 -w 0)>"\nexit\n',
            })
          ).stdout,
        ),
    };
    for (const user of ["root", "bob"]) {
      for (const [how, login] of Object.entries(logins)) {
        const seen = variables(await login(user));
        for (const [name, value] of wanted) assert.equal(seen.get(name), value, `${name} of ${user} in ${how}`);
        assert.equal(seen.get("HOME"), user === "root" ? "/root" : "/home/bob", how);
        assert.equal(seen.get("USER"), user, how);
      }
    }
  });

  test("a session has its own agent, terminal, display and directory, not those of the container's first process", async (t) => {
    const client = await startClient(t);
    const from = await derived(
      t,
      `ENTRYPOINT ["bash", "-c", "cd /opt && exec \\"$@\\"", "entrypoint"]`,
      "RUN echo :9 > /etc/container_environment/WAYLAND_DISPLAY",
    );
    const env = { SSH_AUTH_SOCK: "/agent", DISPLAY: ":7", XDG_RUNTIME_DIR: "/run/user/7", SSH_HOST: "backup" };
    const container = await startContainer(t, { ...insecure, image: from, env });
    await client.hostKeys(container);
    const login = `ssh ${quietly.join(" ")} -A root@${await addressOf(container)}`;
    const show = 'echo "$PWD ${DISPLAY-} ${XDG_RUNTIME_DIR-} ${WAYLAND_DISPLAY-} $SSH_HOST"; ssh-add -l';
    await client.container.sh(`printf '%s\\n' '${show}' > /tmp/show`);
    const shown = async (line: string) => {
      const agent = await client.container.sh(`ssh-agent sh -c 'ssh-add -q && ssh-add -l && ${line}'`);
      const [own, seen, ...keys] = agent.trim().split("\n");
      assert.deepEqual(keys, [own], "the keys are those of the client's agent");
      return seen;
    };
    // Only a login shell reads the value of a file: sshd could not distinguish it from the client's.
    assert.equal(await shown(`${login} "$(cat /tmp/show)"`), "/root    backup");
    assert.equal(await shown(`${login} < /tmp/show`), "/root   :9 backup");
    const inTmp = ["exec", "-w", "/tmp", container.id, "bash", "-lc", 'echo "$PWD $DISPLAY $SSH_HOST"'];
    assert.equal((await run(inTmp)).stdout, "/tmp :7 backup\n", "what `docker exec` itself hands on stays");
  });

  for (const hasIpv6 of [false, true]) {
    test(`a client's X display reaches a session on a network with${hasIpv6 ? "" : "out"} IPv6`, async (t) => {
      const client = await startClient(t);
      const from = await derived(t, "RUN install_clean xauth", "ENV DISPLAY=:7");
      const args = ["--sysctl", `net.ipv6.conf.all.disable_ipv6=${hasIpv6 ? 0 : 1}`];
      const container = await startContainer(t, { ...insecure, image: from, args });
      for (const command of [
        `echo $DISPLAY; grep -c ':177A 0' /proc/net/tcp /proc/net/tcp6; xauth list`,
        `bash -lc 'echo $DISPLAY'`,
      ]) {
        const outcome = await client.ssh(container, command, { words: ["-Y"], env: { DISPLAY: ":3" } });
        assert.match(outcome.stdout, /^localhost:10\.0\n/, outcome.stderr);
        if (!command.includes("xauth")) continue;
        assert.match(outcome.stdout, hasIpv6 ? /tcp:1\n.*tcp6:1$/m : /tcp:1\n.*tcp6:0$/m);
        assert.match(outcome.stdout, /MIT-MAGIC-COOKIE-1/);
      }
      const outcome = await container.exec(["bash", "-c", ": < /dev/tcp/::1/22"]);
      assert.equal(outcome.status === 0, hasIpv6, "sshd listens where there is IPv6");
    });
  }

  test("a file of sshd_config.d that sshd would skip silently is named, and the distribution's SSHD_OPTS are used", async (t) => {
    const client = await startClient(t);
    const from = await derived(
      t,
      "RUN cd /etc/ssh/sshd_config.d && touch mine other.cfg old.conf.disabled .hidden read.conf",
      `RUN echo 'SSHD_OPTS="-o ClientAliveInterval=77"' > /etc/default/ssh`,
    );
    const container = await startContainer(t, { ...insecure, image: from });
    assert.equal((await client.ssh(container, "true")).status, 0);
    const { stdout, stderr } = await container.logs();
    const line = /^sshd passes over, as a name has to end in \.conf: (.*)$/m.exec(stdout + stderr);
    assert.deepEqual(line?.[1]?.split(" ").sort(), ["/etc/ssh/sshd_config.d/mine", "/etc/ssh/sshd_config.d/other.cfg"]);
    assert.match(await container.sh("tr '\\0' ' ' < /proc/$(cat /run/sshd.pid)/cmdline"), /-o ClientAliveInterval=77/);
  });

  test("without IPv6 sshd starts with a ListenAddress of IPv6 all the same", async (t) => {
    const client = await startClient(t);
    const line = "printf 'ListenAddress 0.0.0.0\\nListenAddress ::\\n' > /etc/ssh/sshd_config.d/mine.conf";
    const args = ["--sysctl", "net.ipv6.conf.all.disable_ipv6=1"];
    const container = await startContainer(t, { ...insecure, image: await derived(t, `RUN ${line}`), args });
    assert.equal((await client.ssh(container, "echo ok")).stdout, "ok\n");
  });

  /** The text between the last < and > where there is one, decoded. */
  function fromBase64(text: string): Buffer {
    const [, inside = text] = /<([A-Za-z0-9+/=]+)>(?![^]*<[A-Za-z0-9+/=]+>)/.exec(text) ?? [];
    return Buffer.from(inside.trim(), "base64");
  }

  test("other users see neither the container environment nor an error about it; the locale is UTF-8 all the same", async (t) => {
    const client = await startClient(t);
    const container = await startWithEnvironment(t);
    for (const input of ["env -0\n", undefined]) {
      const options = input === undefined ? {} : { input };
      const outcome = await client.ssh(container, input === undefined ? "env -0" : undefined, {
        user: "ann",
        ...options,
      });
      assert.equal(outcome.stderr, "");
      const seen = variables(outcome.stdoutBytes);
      assert.ok(seen.size > 3);
      for (const name of ["BYTES", "QUOTED", "LINES_OF_IT", "EMPTY", "with.dot"]) assert.ok(!seen.has(name), name);
      assert.match(seen.get("LANG") ?? "", /\.UTF-8$/);
    }
    const locale = await client.ssh(container, "locale charmap", {
      user: "ann",
      env: { LANG: "xx_XX.UTF-8", LC_ALL: "xx_XX.UTF-8" },
    });
    assert.deepEqual([locale.stdout, locale.stderr], ["UTF-8\n", ""]);
    const secret = await client.ssh(container, "cat /etc/container_environment.sh", { user: "ann" });
    assert.match(secret.stderr, /Permission denied/);
  });

  test("files are copied by scp, old and new, and by sftp", async (t) => {
    const client = await startClient(t);
    const container = await startContainer(t, insecure);
    await client.hostKeys(container);
    const address = await addressOf(container);
    const options = quietly.join(" ");
    await client.container.sh("head -c 300000 /dev/urandom > /tmp/file");
    const sum = (await client.container.sh("sha256sum < /tmp/file")).trim();
    await client.container.sh(`scp ${options} /tmp/file root@${address}:/tmp/by-sftp`);
    await client.container.sh(`scp -O ${options} /tmp/file root@${address}:/tmp/by-rcp`);
    await client.container.sh(`echo 'put /tmp/file /tmp/by-batch' | sftp ${options} -b - root@${address}`);
    for (const name of ["by-sftp", "by-rcp", "by-batch"]) {
      assert.equal((await container.sh(`sha256sum < /tmp/${name}`)).trim(), sum, name);
    }
    await client.container.sh(`scp ${options} root@${address}:/tmp/by-rcp /tmp/back && cmp /tmp/file /tmp/back`);
  });

  test("a session prints nothing of its own and passes on its command's status, signal and both streams", async (t) => {
    const client = await startClient(t);
    const container = await startContainer(t, insecure);
    const outcome = await client.ssh(container, "echo out; echo err >&2; exit 42");
    assert.deepEqual([outcome.status, outcome.stdout, outcome.stderr], [42, "out\n", "err\n"]);
    const shell = await client.ssh(container, undefined, { input: "exit 7\n" });
    assert.deepEqual([shell.status, shell.stdout, shell.stderr], [7, "", ""]);
    const terminal = await client.ssh(container, "tty; exit 3", { words: ["-tt"] });
    assert.equal(terminal.status, 3);
    assert.match(terminal.stdout, /^\/dev\/pts\/\d+\r\n$/);
    const motd = await client.ssh(container, undefined, { words: ["-tt"], input: "exit\n" });
    assert.doesNotMatch(motd.stdout, /Debian|Ubuntu|Last login|mail/i);
  });

  test("a locked password does not prevent a login with a key", async (t) => {
    const client = await startClient(t);
    const container = await startWithEnvironment(t);
    for (const field of ["*", "!", "!!"]) {
      await container.sh(`usermod -p '${field}' root && usermod -p '${field}' ann`);
      for (const user of ["root", "ann"]) {
        assert.equal((await client.ssh(container, "id -un", { user })).stdout, `${user}\n`, field);
      }
    }
  });

  test("sshd is started again after it was killed", async (t) => {
    const client = await startClient(t);
    const container = await startContainer(t, insecure);
    assert.equal((await client.ssh(container, "true")).status, 0);
    const before = (await container.sh("cat /run/sshd.pid")).trim();
    await container.sh(`kill -KILL ${before}`);
    await container.until(`[ "$(cat /run/sshd.pid)" != ${before} ]`);
    assert.equal((await client.ssh(container, "echo ok")).stdout, "ok\n");
  });

  test("`docker stop` ends open sessions immediately and in order", async (t) => {
    const client = await startClient(t);
    const container = await startContainer(t, { ...insecure, env: { SHUTDOWN_TIMEOUT: "60" } });
    await client.hostKeys(container);
    const login = `ssh -tt ${quietly.join(" ")} root@${await addressOf(container)}`;
    const shell = client.container.exec(["sh", "-c", `sleep 600 | ${login}`]);
    const command = client.container.exec(["sh", "-c", `${login} sleep 601`]);
    await container.until("pgrep -f '^sleep 601' > /dev/null && pgrep -x bash > /dev/null");
    const tookMs = await container.stop({ graceSeconds: 60 });
    t.diagnostic(`stopped in ${Math.round(tookMs)} ms`);
    assert.ok(tookMs < patient(25_000), `${tookMs} ms`);
    assert.equal(await container.exitCode(), 0);
    assert.doesNotMatch((await container.logs()).stderr, /not exited|did not|Forcing|killed/i);
    await client.container.sh("pkill -x sleep || true");
    await Promise.all([shell, command]);
  });

  test("sshd costs no more than its share of the container's memory", async (t) => {
    const client = await startClient(t);
    const container = await startContainer(t, insecure);
    assert.equal((await client.ssh(container, "true")).status, 0);
    await container.until("[ $(pgrep -c sshd) -eq 1 ]");
    const kib = Number((await container.sh("awk '/RssAnon/ { print $2 }' /proc/$(cat /run/sshd.pid)/status")).trim());
    t.diagnostic(`sshd: ${kib} KiB of its own`);
    assert.ok(kib < 1500, `${kib} KiB`);
  });

  test("on a read-only root a key that is in the image starts sshd, and a session sees the environment", async (t) => {
    const client = await startClient(t);
    const from = await derived(t, "RUN enable_insecure_key");
    const args = ["--read-only", "--tmpfs", "/run", "--tmpfs", "/tmp"];
    const container = await startContainer(t, { image: from, args, env: { GIVEN: "it" } });
    const outcome = await client.ssh(container, `echo $GIVEN; bash -lc 'unset GIVEN; . /etc/profile; echo $GIVEN'`);
    assert.equal(outcome.stdout, "it\nit\n", outcome.stderr);
  });

  test("where /etc/ssh cannot be written, host keys are made in /run", async (t) => {
    const client = await startClient(t);
    const from = await derived(t, "RUN enable_insecure_key && rm /etc/service/sshd/down");
    const container = await startContainer(t, {
      image: from,
      args: ["--read-only", "--tmpfs", "/run", "--tmpfs", "/tmp"],
    });
    assert.equal((await client.ssh(container, "echo ok")).stdout, "ok\n");
    assert.match(await hostKeyFiles(container), /^\/run\/sshd\/ssh_host_ed25519_key$/m);
  });

  test("as another user than root the container boots without a message about SSH", async (t) => {
    const outcome = await runContainer(t, { args: ["--user", "1000"], command: ["/sbin/my_init", "--", "true"] });
    assert.equal(outcome.status, 0, outcome.stderr);
    assert.doesNotMatch(outcome.stderr, /host key|authorized|sshd\/down|sh: /);
  });
});
