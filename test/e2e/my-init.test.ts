// my_init with a real container engine: its signals, terminals, namespaces and time limit. See docs/reference/my_init.md
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { engine, image, run, runContainer, startContainer } from "../support/container.ts";
import { imageWith } from "../support/derived-image.ts";
import { patient } from "../support/patience.ts";
import { startAtTerminal } from "../support/terminal.ts";

const several = { concurrency: 4 };

const ZOMBIES = "ps -e -o stat= | grep -c ^Z";

/** A name for a container that is not started by startContainer. */
const uniqueName = (what: string) => `baseimage-test-${what}-${process.pid}`;

describe("one-shot", several, () => {
  const cases = [
    ["a command's own status", ["sh", "-c", "exit 42"], 42],
    ["128 + signal of a command that died", ["sh", "-c", "kill -9 $$"], 137],
    ["127 for a command that is not found", ["no-such-command"], 127],
    ["126 for one that cannot be executed", ["/etc/passwd"], 126],
    ["2 for bad usage", ["--bogus"], 2],
  ] as const;
  for (const args of [[], ["--init"]]) {
    for (const [what, words, status] of cases) {
      test(`the container's exit code is ${what}${args.length ? ", with --init too" : ""}`, async (t) => {
        const outcome = await runContainer(t, {
          args,
          command: ["/sbin/my_init", "--", ...words].filter((word) => word !== "--" || words[0] !== "--bogus"),
        });
        assert.equal(outcome.status, status, outcome.stderr);
      });
    }
  }

  test("--quiet -- echo X prints X and nothing else on both streams", async (t) => {
    const outcome = await runContainer(t, { command: ["/sbin/my_init", "--quiet", "--", "echo", "X"] });
    assert.deepEqual([outcome.status, outcome.stdout, outcome.stderr], [0, "X\n", ""]);
  });

  test("a variable of `docker run --env` reaches script, service and command as it would without my_init", async (t) => {
    const env = {
      QUOTES: `it's "quoted" \\ $HOME \`id\``,
      NEWLINES: "two\nlines\n\n",
      CARRIAGE: "a\r\nb\r",
      UTF8: "café €",
      LONG: "z".repeat(100_000),
      EMPTY: "",
      "my.env": "dot",
      "1X": "digit",
      "a:b": "colon",
    };
    const show = 'tr "\\0" "\\n" < /proc/$$/environ | sort';
    const derived = await imageWith(t, {
      "/etc/my_init.d/10_a": `${show} > /tmp/script`,
      "/etc/service/web/run": `${show} > /tmp/service.new; mv /tmp/service.new /tmp/service; exec sleep 1000`,
      "/show": `${show} > /tmp/command; until [ -e /tmp/service ]; do sleep 0.01; done; cmp /tmp/script /tmp/service && cmp /tmp/script /tmp/command && cat /tmp/command`,
    });
    const args = ["--hostname", "box"];
    const ours = await runContainer(t, {
      image: derived,
      env,
      args,
      command: ["/sbin/my_init", "--quiet", "--", "/show"],
    });
    assert.equal(ours.status, 0, ours.stderr + ours.stdout);
    const plain = await runContainer(t, {
      image: derived,
      env,
      args: [...args, "--entrypoint", "sh"],
      command: ["-c", show],
    });
    const own = /^(INITRD|LANG)=/; // from the image's directory
    const lines = (text: string) => text.split("\n").filter((line) => !own.test(line));
    assert.deepEqual(lines(ours.stdout), lines(plain.stdout));
    for (const name of Object.keys(env)) assert.ok(ours.stdout.includes(`${name}=`), name);
  });

  test("bytes that are not UTF-8 arrive from the command line as they would without my_init, and from the directory unchanged", async (t) => {
    const derived = await imageWith(t, {
      "/etc/my_init.d/10_a": "printf '\\377\\376x' > /etc/container_environment/RAW",
    });
    const script = (entry: string) =>
      `exec ${engine} run --rm --env "GIVEN=$(printf 'a\\377b')" ${entry} | od -An -tx1`;
    const ours = execFileSync("sh", ["-c", script(`${derived} /sbin/my_init --quiet -- printenv GIVEN RAW`)], {
      encoding: "utf8",
    });
    const plain = execFileSync("sh", ["-c", script(`--entrypoint printenv ${image} GIVEN`)], { encoding: "utf8" });
    assert.equal(ours.trim(), `${plain.trim()} ff fe 78 0a`);
  });
});

describe("docker stop", several, () => {
  /** A stop that waits for an event lasts much less than this; one that waits for a deadline, half of it or more. */
  const unhurried = { SHUTDOWN_TIMEOUT: "60" };
  const half = (name: string) => `echo "${name} begins"; sleep 0.1; echo "${name} ends"`;
  let derived: string;
  let cleanUp: (() => Promise<unknown>) | undefined;

  before(async () => {
    // An image for all of them, removed after the last: imageWith needs only the end of a test.
    const context = { after: (act: () => Promise<unknown>) => void (cleanUp = act) } as Parameters<typeof imageWith>[0];
    derived = await imageWith(context, {
      "/etc/my_init.d/10_a": half("first"),
      "/etc/my_init.d/20_b": half("second"),
      "/etc/rc.local": half("third"),
      "/etc/service/one/run": "exec /fixtures/says-goodbye.sh one",
      "/etc/service/two/run": "exec /fixtures/says-goodbye.sh two",
      "/etc/my_init.pre_shutdown.d/10_a": half("fourth"),
      "/etc/my_init.post_shutdown.d/10_a": half("fifth"),
    });
  });
  after(() => cleanUp?.());

  for (let moment = 0; moment < 20; moment++) {
    const ms = moment * 25;
    test(`${ms} ms after docker run ends in order, and no script is lost half-way`, async (t) => {
      const args = moment % 5 === 4 ? ["--init"] : [];
      const container = await startContainer(t, { image: derived, args, env: unhurried });
      await pause(ms);
      const tookMs = await container.stop({ graceSeconds: 60 });
      assert.ok(tookMs < patient(25_000), `${tookMs} ms`);
      assert.equal(await container.exitCode(), 0);
      const { stdout, stderr } = await container.logs();
      for (const name of ["first", "second", "third", "fourth", "fifth"]) {
        assert.equal(stdout.includes(`${name} begins`), stdout.includes(`${name} ends`), `${name} is whole`);
      }
      for (const name of ["fourth", "fifth"]) assert.ok(stdout.includes(`${name} ends`), `${name} ran`);
      for (const name of ["one", "two"]) {
        assert.equal(stdout.includes(`${name} is up`), stdout.includes(`${name} said goodbye`), `${name} was stopped`);
      }
      assert.doesNotMatch(stderr, /Forcing/);
    });
  }

  test("of a command gives 143, or the status of a command that handles TERM", async (t) => {
    const plain = await startContainer(t, { command: ["/sbin/my_init", "--", "sleep", "1000"] });
    const handles = await startContainer(t, {
      image: derived,
      command: ["/sbin/my_init", "--", "/fixtures/says-goodbye.sh", "command"],
    });
    await plain.waitForLog("Running sleep");
    await handles.waitForLog("command is up");
    await Promise.all([plain.stop(), handles.stop()]);
    assert.equal(await plain.exitCode(), 143);
    assert.equal(await handles.exitCode(), 0);
  });

  for (const args of [[], ["--init"]]) {
    test(`a service that ignores TERM is named and killed before Docker's time limit${args.length ? ", with --init too" : ""}`, async (t) => {
      const deaf = await imageWith(t, {
        "/etc/service/deaf/run": "exec /fixtures/ignores-term.sh",
        "/etc/my_init.post_shutdown.d/10_a": "echo reached the last",
      });
      const container = await startContainer(t, { image: deaf, args });
      await container.waitForLog("deaf as PID");
      await container.stop({ graceSeconds: 10 });
      assert.equal(await container.exitCode(), 0, "137 would be Docker's");
      const { stdout, stderr } = await container.logs();
      const [, pid] = /^deaf as PID (\d+)$/m.exec(stdout) ?? [];
      assert.match(
        stderr,
        new RegExp(
          `^\\*\\*\\* /bin/bash /fixtures/ignores-term\\.sh \\(PID ${pid}, service deaf\\) did not shut down in time`,
          "m",
        ),
      );
      assert.match(stdout, /reached the last/);
    });
  }

  test("is not delayed by a process of docker exec: a bash at a terminal, a program without", async (t) => {
    const container = await startContainer(t, { env: unhurried });
    await container.waitForLog("Runit started as PID");
    const guest = startAtTerminal(t, [engine, "exec", "-it", container.id, "bash"]);
    guest.type("echo inside-$((40 + 2))\n");
    await guest.waitFor(/inside-42/);
    const sleeper = container.exec(["sleep", "1000"]);
    await container.sh("until pgrep -x sleep; do sleep 0.02; done");
    const tookMs = await container.stop({ graceSeconds: 60 });
    assert.ok(tookMs < patient(25_000), `${tookMs} ms`);
    assert.equal(await container.exitCode(), 0);
    await sleeper;
    await guest.ended();
    assert.doesNotMatch((await container.logs()).stderr, /Forcing/);
  });

  test("is not delayed by a process that it has no right to end, and reports it", async (t) => {
    const container = await startContainer(t, { args: ["--user", "1000"], env: unhurried });
    await container.waitForLog("Runit started as PID");
    execFileSync(engine, ["exec", "--detach", "--user", "0", container.id, "sleep", "1000"]);
    await container.sh("until pgrep -x sleep; do sleep 0.02; done");
    const tookMs = await container.stop({ graceSeconds: 60 });
    assert.ok(tookMs < patient(25_000), `${tookMs} ms`);
    assert.equal(await container.exitCode(), 0);
    assert.match((await container.logs()).stderr, /^\*\*\* cannot signal sleep 1000 \(PID \d+\): .*EPERM/m);
  });

  test("of a hundred services that trap TERM runs all handlers at the same time", async (t) => {
    const many = await imageWith(t, {
      "/make": "for i in $(seq 100); do mkdir /etc/service/s$i; cp /service /etc/service/s$i/run; done",
      "/service":
        'trap "echo handler of ${PWD##*/} ran; exit 0" TERM; touch /tmp/up-${PWD##*/}; while :; do sleep 1000 & wait; done',
      "/etc/my_init.d/10_a": "sh /make",
    });
    const container = await startContainer(t, { image: many, env: unhurried });
    await container.sh("until [ $(ls /tmp | grep -c ^up-) = 100 ]; do sleep 0.05; done");
    const tookMs = await container.stop({ graceSeconds: 60 });
    const { stdout, stderr } = await container.logs();
    assert.equal(new Set(stdout.match(/^handler of s\d+ ran$/gm)).size, 100);
    assert.equal(await container.exitCode(), 0);
    assert.doesNotMatch(stderr, /Forcing/);
    t.diagnostic(`${tookMs.toFixed()} ms`);
    assert.ok(tookMs < patient(25_000), `${tookMs} ms`); // on a machine that is busy with other tests; `make bench` has the true figure
  });
});

describe("a container", several, () => {
  test("that was stopped, or killed, starts again with its services", async (t) => {
    const derived = await imageWith(t, { "/etc/service/worker/run": "exec /fixtures/says-goodbye.sh worker" });
    const container = await startContainer(t, { image: derived, env: { COLOUR: "red" } });
    for (let round = 1; round <= 3; round++) {
      await container.waitForLog(new RegExp(`(worker is up[^]*){${round}}`));
      if (round === 2) await container.signal("KILL");
      else await container.stop();
      if (round < 3) assert.equal((await run(["start", container.id])).status, 0);
    }
    assert.equal(await container.exitCode(), 0);
  });

  test("passes a signal of `docker kill --signal` on to its command, and ends by a signal that requests it", async (t) => {
    const derived = await imageWith(t, {});
    const container = await startContainer(t, {
      image: derived,
      command: ["/sbin/my_init", "--", "/fixtures/prints-signals.sh", "/tmp/end"],
    });
    await container.waitForLog("listening as PID");
    for (const name of ["HUP", "USR1", "USR2", "WINCH", "CONT", "RTMIN+1"]) {
      await container.signal(name);
      await container.waitForLog(`got ${name}\n`);
    }
    await container.exec(["touch", "/tmp/end"]); // the container may end before touch does
    assert.equal(await container.waitForExit(), 0);
    for (const name of ["TERM", "INT", "QUIT", "PWR", "RTMIN+3"]) {
      const other = await startContainer(t, { image: derived });
      await other.waitForLog("Runit started as PID");
      await other.signal(name);
      assert.equal(await other.waitForExit(), 0, name);
    }
  });

  test("has no zombie soon after 5,000 orphans", async (t) => {
    const derived = await imageWith(t, {});
    const container = await startContainer(t, { image: derived });
    await container.waitForLog("Runit started as PID");
    await container.sh("/fixtures/leaves-orphans.sh 2500 & /fixtures/leaves-orphans.sh 2500; wait");
    await container.until(`[ "$(${ZOMBIES})" = 0 ]`);

    const careless = await startContainer(t, { image: derived, args: ["--entrypoint", "sleep"], command: ["1000"] });
    await careless.sh("/fixtures/leaves-orphans.sh 100");
    // The test can fail: a PID 1 that does not reap. The last of them may still be about to end.
    await careless.until(`[ "$(${ZOMBIES})" -ge 100 ]`);
    await run(["kill", careless.id]);
  });

  test("at a terminal has job control, and gives the exit status", async (t) => {
    const name = uniqueName("terminal");
    t.after(() => run(["rm", "--force", name]));
    const terminal = startAtTerminal(t, [
      engine,
      "run",
      "--rm",
      "-it",
      "--name",
      name,
      image,
      "/sbin/my_init",
      "--quiet",
      "--",
      "bash",
      "--norc",
    ]);
    const answers = async (sign: string) => {
      terminal.type(`echo ${sign}-$((40 + 2))\n`);
      await terminal.waitFor(new RegExp(`^${sign}-42\\r$`, "m"));
    };
    await answers("ready");
    assert.doesNotMatch(terminal.output, /job control|terminal process group/);
    terminal.type("sleep 1000\n");
    assert.equal((await run(["exec", name, "sh", "-c", "until pgrep -x sleep; do sleep 0.02; done"])).status, 0);
    terminal.type("\x03");
    await answers("again");
    assert.match((await run(["exec", name, "sh", "-c", "pgrep -c -x sleep"])).stdout, /^0$/m);
    terminal.type("sleep 1000\n");
    assert.equal((await run(["exec", name, "sh", "-c", "until pgrep -x sleep; do sleep 0.02; done"])).status, 0);
    terminal.type("\x1a");
    await terminal.waitFor(/Stopped/);
    terminal.type("disown -a; exit 7\n");
    assert.equal(await terminal.ended(), 7);
  });

  test("at a terminal and without a command ends in order by Ctrl-C", async (t) => {
    const name = uniqueName("ctrl-c");
    t.after(() => run(["rm", "--force", name]));
    const terminal = startAtTerminal(t, [engine, "run", "--rm", "-it", "--name", name, image]);
    await terminal.waitFor(/Runit started as PID/);
    terminal.type("\x03");
    assert.equal(await terminal.ended(), 0);
    assert.match(terminal.output, /Shutting down runit/);
  });
});

describe("foreign processes", several, () => {
  const services = {
    "/etc/service/worker/run": "exec /fixtures/says-goodbye.sh worker",
    "/etc/service/deaf/run": "exec /fixtures/ignores-term.sh",
    "/etc/my_init.d/10_a": "/fixtures/daemonises.sh /fixtures/says-goodbye.sh daemon",
  };
  const env = { KILL_PROCESS_TIMEOUT: "3", KILL_ALL_PROCESSES_TIMEOUT: "3" };

  test("of a container whose PID namespace is shared are not harmed", async (t) => {
    const derived = await imageWith(t, services);
    const stranger = await startContainer(t, {
      image: derived,
      args: ["--entrypoint", "/fixtures/prints-signals.sh"],
      command: ["/tmp/end", "stranger"],
    });
    await stranger.waitForLog("stranger listening");
    const child = stranger.exec(["/fixtures/prints-signals.sh", "/tmp/end", "other"]);
    const guest = await startContainer(t, { image: derived, args: [`--pid=container:${stranger.id}`], env });
    await guest.waitForLog("deaf as PID");
    await guest.waitForLog("daemon is up");
    await guest.waitForLog("worker is up");
    await guest.stop();
    assert.equal(await guest.exitCode(), 0);
    const log = await guest.logs();
    for (const name of ["worker", "daemon"]) assert.match(log.stdout, new RegExp(`${name} said goodbye`));
    assert.match(log.stderr, /service deaf\) did not shut down in time/);

    await stranger.exec(["touch", "/tmp/end"]); // the container may end before touch does
    assert.equal(await stranger.waitForExit(), 0);
    assert.doesNotMatch((await child).stdout, /^got/m);
    const { stdout } = await stranger.logs();
    assert.match(stdout, /stranger ends unhurt/);
    assert.doesNotMatch(stdout, /^got/m);
  });

  test("on the host are not harmed by a container in the host's PID namespace", async (t) => {
    const derived = await imageWith(t, services);
    const stranger = spawn("test/fixtures/prints-signals.sh", ["/nowhere", "host"], {
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    t.after(() => stranger.kill("SIGKILL"));
    let heard = "";
    stranger.stdout.setEncoding("utf8").on("data", (text: string) => void (heard += text));
    const hears = async (sign: string) => {
      while (!heard.includes(sign)) await new Promise((done) => stranger.stdout.once("data", done));
    };
    await hears("host listening");
    const guest = await startContainer(t, { image: derived, args: ["--pid=host"], env });
    await guest.waitForLog("deaf as PID");
    await guest.waitForLog("daemon is up");
    await guest.stop();
    assert.equal(await guest.exitCode(), 0);
    assert.match((await guest.logs()).stdout, /daemon said goodbye/);
    stranger.kill("SIGUSR1");
    await hears("got USR1");
    assert.deepEqual(heard.match(/^got .*/gm), ["got USR1"], "it lives, and heard only the test");
    assert.equal(stranger.exitCode, null);
  });
});
