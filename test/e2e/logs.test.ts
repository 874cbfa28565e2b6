// LOG_PREFIX and LOG_FORMAT in real containers. The tests without a container engine are in
// test/process/logs.test.ts.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { cleanUp, engine, image, run, runContainer, startContainer } from "../support/container.ts";
import { imageWith } from "../support/derived-image.ts";
import { patient } from "../support/patience.ts";

interface Line {
  readonly time: string;
  readonly service: string;
  readonly stream: string;
  readonly message: string;
}

function parse(text: string): Line {
  const line = JSON.parse(text) as Line;
  assert.deepEqual(Object.keys(line), ["time", "service", "stream", "message"], text);
  return line;
}

function parseAll(log: string): Line[] {
  assert.ok(log.endsWith("\n"));
  return log.slice(0, -1).split("\n").map(parse);
}

const life = {
  "/etc/my_init.d/50_start": "echo starting; logger -t script started",
  "/etc/service/web/run": "echo hello; echo trouble >&2; logger -t web served; exec sleep 1000",
  "/etc/service/web/finish": "echo finished",
  "/etc/service/logged/run": "echo to the log; echo past the log >&2; exec sleep 1000",
  "/etc/service/logged/log/run": "exec sed -u s/^/LOGGED:/",
  "/etc/service/other/run": "exec setuser nobody sh -c 'echo as $(id -u) > /dev/stdout; exec sleep 1000'",
  "/etc/my_init.pre_shutdown.d/10_bye": "echo bye; logger -t script bye",
  "/etc/my_init.post_shutdown.d/90_last": "logger -t script last; echo last >&2",
};
const job = "RUN echo '@reboot root echo from a job' > /etc/cron.d/job";

test("as JSON, every line from boot to shutdown is an object that names its service", async (t) => {
  const derived = await imageWith(t, life, job);
  const begin = Date.now();
  const container = await startContainer(t, { image: derived, env: { LOG_FORMAT: "json" } });
  await container.waitForLog("from a job");
  await container.waitForLog("LOGGED:to the log");
  await container.waitForLog("as 65534");
  await container.sh("logger -t me 'say \"hi\"'");
  await container.waitForLog('say \\"hi\\"');
  await container.stop();
  assert.equal(await container.exitCode(), 0);
  const { stderr, stdout } = await container.logs();
  const [out, err] = [parseAll(stdout), parseAll(stderr)];
  for (const line of out) assert.equal(line.stream, "stdout");
  for (const line of err) assert.equal(line.stream, "stderr");
  for (const { time } of [...out, ...err]) {
    assert.equal(new Date(time).toISOString(), time);
    assert.ok(Date.parse(time) >= begin - 1000 && Date.parse(time) <= Date.now() + 1000, time);
  }
  const has = (lines: readonly Line[], service: string, message: string | RegExp) =>
    assert.ok(
      lines.some((line) => {
        const isSo = typeof message === "string" ? line.message === message : message.test(line.message);
        return line.service === service && isSo;
      }),
      `${service}: ${message}\n${stdout}${stderr}`,
    );
  has(out, "50_start", "starting");
  has(out, "web", "hello");
  has(err, "web", "trouble");
  has(out, "web", "finished");
  has(out, "logged", "LOGGED:to the log");
  has(err, "logged", "past the log");
  has(out, "other", "as 65534");
  has(out, "10_bye", "bye");
  has(err, "90_last", "last");
  for (const message of ["script: started", "web: served", 'me: say "hi"', "script: bye", "script: last"]) {
    has(out, "syslog", new RegExp(`${message}$`));
  }
  has(out, "syslog", /CRON\[\d+\]: \(root\) from a job$/);
  has(err, "my_init", "*** Booting runit daemon...");
  has(err, "my_init", "*** Killing all processes...");
  assert.ok(!out.some(({ message }) => message === "to the log"));
});

test("with a prefix, every line begins with its service's name", async (t) => {
  const derived = await imageWith(t, life, job);
  const container = await startContainer(t, { image: derived, env: { LOG_PREFIX: "yes" } });
  await container.waitForLog("[web] hello\n");
  await container.waitForLog("[other] as 65534\n");
  await container.waitForLog(/^\[syslog\] .* from a job$/m);
  await container.stop();
  const { stderr, stdout } = await container.logs();
  const names = ["my_init", "syslog", "cron", "50_start", "web", "logged", "other", "10_bye", "90_last"];
  for (const line of (stdout + stderr).split("\n").slice(0, -1)) {
    assert.ok(names.includes(/^\[([^\]]*)\] /.exec(line)?.[1] ?? ""), line);
  }
});

test("by default lines are unchanged, and no log writer runs", async (t) => {
  const derived = await imageWith(t, {
    "/etc/service/web/run": "printf 'caf\\303\\251\\r b\\n\\n[x] {\"y\":1}\\nready'; exec sleep 1000",
  });
  const container = await startContainer(t, { image: derived });
  await container.until("ps -e -o args | grep -q '^sleep 1000'");
  assert.equal(await container.sh("ps -e -o args | grep -c '^log_lines' || true"), "0\n");
  await container.stop();
  const { stdoutBytes } = await run(["logs", container.id]);
  assert.equal(stdoutBytes.toString("latin1"), 'caf\xc3\xa9\r b\n\n[x] {"y":1}\nready');
});

for (const [how, args] of [
  ["as another user on a read-only root", ["--user", "1000", "--read-only", "--tmpfs", "/run", "--tmpfs", "/tmp"]],
  ["without capabilities", ["--cap-drop", "ALL", "--security-opt", "no-new-privileges"]],
  ["with no place to write but /dev/shm", ["--read-only"]],
] as const) {
  test(`it works ${how}`, async (t) => {
    const derived = await imageWith(t, {
      "/etc/my_init.d/50_start": "echo starting",
      "/etc/service/web/run": "echo hello > /dev/stdout; exec sleep 1000",
    });
    const container = await startContainer(t, { image: derived, args, env: { LOG_FORMAT: "json" } });
    await container.waitForLog("hello");
    await container.stop();
    assert.equal(await container.exitCode(), 0);
    const { stderr, stdout } = await container.logs();
    const services = parseAll(stdout).map(({ service }) => service);
    assert.ok(services.includes("50_start") && services.includes("web"), stdout);
    assert.ok(parseAll(stderr).every(({ message, service }) => service !== "my_init" || message.startsWith("*** ")));
  });
}

test("if there is no place for the FIFOs, one line reports it, and lines are as by default", async (t) => {
  const derived = await imageWith(t, { "/etc/my_init.d/50_start": "echo starting" });
  const { status, stderr, stdout } = await runContainer(t, {
    image: derived,
    args: ["--read-only", "--ipc", "none", "--user", "1000"],
    env: { LOG_PREFIX: "yes" },
    command: ["/sbin/my_init", "--quiet", "--", "true"],
  });
  assert.equal(status, 0);
  assert.equal(stdout, "starting\n");
  assert.match(stderr, /^\[my_init\] \*\*\* left out, as uid 1000 is not root: .*LOG_PREFIX=yes,/);
});

/** The lines that `writer` prints, by their number: with bytes that are no UTF-8, quotes and control characters. */
const PATTERNS = Array.from({ length: 61 }, (_, i) => {
  const bytes = Array.from({ length: 90 }, (_each, j) => {
    const isHostile = (i * 31 + j * 17) % 11 === 0;
    const byte = isHostile ? (i * 131 + j * 29) % 256 : 32 + ((i * 7 + j * 5) % 95);
    return byte === 10 ? 11 : byte;
  });
  return Buffer.from(bytes);
});
const LINES = 250_000;
const WRITERS = ["a", "b", "c", "d"];
const writer = `exec perl -e '
  my @patterns = map { pack("H*", $_) } qw(${PATTERNS.map((pattern) => pattern.toString("hex")).join(" ")});
  for my $n (1..${LINES}) { printf("%09d %s\\n", $n, $patterns[$n % @patterns]); }
  close(STDOUT); sleep(1000);'`;

test("100 MB through JSON: every line is there, in order for each service, and is JSON whatever bytes it has", async (t) => {
  const derived = await imageWith(t, Object.fromEntries(WRITERS.map((name) => [`/etc/service/${name}/run`, writer])));
  const texts = PATTERNS.map((pattern) => pattern.toString("utf8"));
  const name = `baseimage-test-logs-${process.pid}`;
  const words = ["run", "--rm", "--name", name, "--log-driver", "none", "--env", "LOG_FORMAT=json", derived];
  const begin = performance.now();
  const client = spawn(engine, words, { stdio: ["ignore", "pipe", "ignore"] });
  cleanUp(t, () => run(["rm", "--force", "--volumes", name]));
  const seen = new Map(WRITERS.map((each) => [each, 0]));
  let left = LINES * WRITERS.length;
  for await (const text of createInterface({ input: client.stdout })) {
    const { message, service } = JSON.parse(text) as Line;
    const number = (seen.get(service) ?? Number.NaN) + 1;
    if (Number.isNaN(number)) continue; // cron or syslog
    if (message !== `${String(number).padStart(9, "0")} ${texts[number % texts.length]}`) {
      assert.fail(`line ${number} of ${service} is ${text}`);
    }
    seen.set(service, number);
    if (--left === 0) await run(["stop", name]);
  }
  assert.deepEqual(
    [...seen.values()],
    WRITERS.map(() => LINES),
  );
  // A busy machine has taken 98 seconds; `make bench` has the figures.
  assert.ok(performance.now() - begin < patient(600_000), `${performance.now() - begin} ms`);
});

test("docker stop in the middle of a flood ends in order and in time, and no line is lost", async (t) => {
  const counts = `i=0
    trap 'echo "last $i"; exit 0' TERM
    while :; do i=$((i + 1)); echo "line $i"; done`;
  const derived = await imageWith(t, { "/etc/service/a/run": counts, "/etc/service/b/run": counts });
  const container = await startContainer(t, {
    image: derived,
    env: { LOG_FORMAT: "json", SHUTDOWN_TIMEOUT: "60" },
  });
  await container.waitForLog("line 20000");
  const tookMs = await container.stop({ graceSeconds: 60 });
  assert.equal(await container.exitCode(), 0);
  assert.ok(tookMs < patient(25_000), `${tookMs} ms`);
  const lines = parseAll((await container.logs()).stdout);
  for (const name of ["a", "b"]) {
    const own = lines.filter(({ service }) => service === name).map(({ message }) => message);
    const last = Number(own.pop()?.slice("last ".length));
    // If TERM comes after it has counted, it has not printed that number.
    assert.ok([last, last - 1].includes(own.length), `${own.length} of ${last}`);
    for (const [i, message] of own.entries()) assert.equal(message, `line ${i + 1}`);
  }
});

test("the output of a single command is the same with it as without", async (t) => {
  const { stderr, stdout } = await runContainer(t, {
    env: { LOG_FORMAT: "json" },
    image,
    command: ["/sbin/my_init", "--quiet", "--", "echo", "X"],
  });
  assert.equal(stdout, "X\n");
  assert.equal(stderr, "");
});
