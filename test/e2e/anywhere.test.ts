// Every user, with every restriction: docs/reference/anywhere.md. All cells of the table: one half runs
// a command, the other half services, so that each of the two meets any five of the six choices together.
import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import { image, run, runContainer, startContainer } from "../support/container.ts";
import { imageWith } from "../support/derived-image.ts";
import { patient } from "../support/patience.ts";

/** Options for Docker, and their effect on the expected lines. */
const users = { root: ["--user", "0"], "uid 1000": ["--user", "1000"], "uid 12345": ["--user", "12345:0"] };
const capabilities = { "all capabilities": [], "no capabilities": ["--cap-drop", "ALL"] };
const privileges = { "new privileges": [], "no-new-privileges": ["--security-opt", "no-new-privileges"] };
const roots = { "writable root": [], "read-only root": ["--read-only", "--tmpfs", "/run", "--tmpfs", "/tmp"] };
const inits = { "PID 1": [], "not PID 1": ["--init"] };
const terminals = { "no terminal": [], "a terminal": ["--tty"] };

interface Cell {
  words: string[];
  args: string[];
  /** The sum of the choices' places: which half of the cells it belongs to. */
  sum: number;
}

/** One of each, in all ways. */
const cells = [users, capabilities, privileges, roots, inits, terminals].reduce<Cell[]>(
  (cells, choices) =>
    cells.flatMap(({ words, args, sum }) =>
      Object.entries(choices).map(([word, more], place) => ({
        words: [...words, word],
        args: [...args, ...more],
        sum: sum + place,
      })),
    ),
  [{ words: [], args: [], sum: 0 }],
);

/** A service with a log service, which writes to standard error; and a user's calls of `sv`. */
const scripts = {
  "/etc/service/worker/run": `exec 2>&1
trap 'echo worker said goodbye; kill $! 2> /dev/null; exit 0' TERM
echo worker is up with GIVEN=$GIVEN
sleep 600 &
wait`,
  "/etc/service/worker/log/run": "exec cat >&2",
  "/check": `tries=0
wait_until() { until "$@"; do [ $((tries += 1)) -le 1200 ] || exit 81; sleep 0.05; done; }
is_up() { status=$(sv status worker 2> /dev/null) && echo "$status" | grep -q '^run: worker: .*; run: log: '; }
pid() { echo "$status" | cut -d' ' -f4; }
is_another() { is_up && [ "$(pid)" != "$old" ]; }
wait_until is_up
old=$(pid)
sv -w 50 restart worker > /dev/null || exit 83
wait_until is_another
if [ -n "\${SVDIR-}" ]; then /usr/bin/sv status worker > /dev/null || exit 85; fi
[ "$(setuser "$(id -u)" id)" = "$(id)" ] || exit 86
if [ "$(id -u)" -ne 0 ] && setuser root true 2> /dev/null; then exit 87; fi
echo "GIVEN=$GIVEN"
exit 7`,
};

let from = "";
before(async () => {
  const lines = Object.entries(scripts).map(([path, text]) => {
    const base64 = Buffer.from(`#!/bin/sh\n${text}\n`).toString("base64");
    return `RUN mkdir -p ${path.slice(0, path.lastIndexOf("/") + 1)} && echo ${base64} | base64 -d > ${path} && chmod 755 ${path}`;
  });
  from = `baseimage-test:anywhere-${process.pid}`;
  const { status, stdout, stderr } = await run(["build", "--force-rm", "--tag", from, "-"], {
    input: `FROM ${image}\n${lines.join("\n")}\n`,
    withinMs: 600_000,
  });
  assert.equal(status, 0, stdout + stderr);
});
after(() => run(["rmi", "--force", from]));

/** The lines that a cell may have beside its service's. */
function allowedLines(words: readonly string[]): string[] {
  const uid = words[0]?.split(" ")[1];
  if (uid !== undefined) {
    const things = "the variables of /etc/container_environment, the system log, the service cron";
    return [`*** left out, as uid ${uid} is not root: ${things}`];
  }
  const cron = "cron: without the capabilities SETUID and SETGID: no jobs will run";
  return words.includes("no capabilities") ? [cron] : [];
}

/** Whether the output has only allowed lines: no other warning, no supervisor's complaint, no stack. */
function assertOnly(output: string, words: readonly string[], more: RegExp): void {
  const allowed = allowedLines(words);
  const lines = output.split(/\r?\n/).filter((line) => line !== "" && !more.test(line));
  assert.deepEqual(
    lines.filter((line) => !allowed.includes(line)),
    [],
  );
  assert.ok(lines.length <= 1, lines.join("\n"));
  if (words[0] !== "root") assert.deepEqual(lines, allowed);
}

const serviceWords = /^worker (is up with GIVEN=it|said goodbye)$/;
const ordinary =
  /^worker |^\*\*\* (Running \/etc\/my_init\.d|Booting runit|Runit started|Shutting down|Killing all processes\.\.\.)/;

async function oneShot(t: TestContext, words: readonly string[], args: readonly string[]): Promise<void> {
  const { status, stdout, stderr } = await runContainer(t, {
    image: from,
    args,
    env: { GIVEN: "it" },
    command: ["/sbin/my_init", "--quiet", "--", "/check"],
  });
  assert.equal(status, 7, stdout + stderr);
  const isTerminal = args.includes("--tty");
  if (isTerminal) assert.match(stdout, /^GIVEN=it\r$/m);
  else assert.equal(stdout, "GIVEN=it\n");
  assertOnly(isTerminal ? stdout.replace(/^GIVEN=it\r$/m, "") : stderr, words, serviceWords);
}

async function services(t: TestContext, words: readonly string[], args: readonly string[]): Promise<void> {
  const container = await startContainer(t, { image: from, args, env: { GIVEN: "it", SHUTDOWN_TIMEOUT: "60" } });
  await container.waitForLog("worker is up with GIVEN=it");
  const check = await container.exec(["/check"]);
  assert.equal(check.status, 7, check.stdout + check.stderr);
  assert.equal(check.stdout + check.stderr, "GIVEN=it\n");
  const tookMs = await container.stop({ graceSeconds: 60 });
  assert.equal(await container.exitCode(), 0);
  assert.ok(tookMs < patient(25_000), `${tookMs} ms`);
  const { stdout, stderr } = await container.logs();
  assert.equal((stdout + stderr).match(/worker said goodbye/g)?.length, 2, "restarted once, and then stopped");
  assertOnly(stdout + stderr, words, ordinary);
}

/** runsv records the start of a service a moment after it. */
const isRunning = "sv status worker | grep -q '^run: worker: '";

describe("anywhere", { concurrency: 6 }, () => {
  for (const { words, args, sum } of cells) {
    const isCommand = sum % 2 === 0;
    const act = isCommand ? oneShot : services;
    test(`${isCommand ? "a command" : "services"}: ${words.join(", ")}`, (t) => act(t, words, args));
  }

  test("root's `sv` in a shell of docker exec finds the services of another user, another user's does not", async (t) => {
    const container = await startContainer(t, { image: from, args: ["--user", "1000"] });
    await container.until(isRunning);
    const status = (user: string) => container.exec(["sv", "status", "worker"], { user });
    assert.match((await status("0")).stdout, /^run: worker: /);
    assert.match((await status("1001")).stdout, /access denied/);
  });

  test("root's `sv` ignores a mirror of root's in an image that was made from another container", async (t) => {
    const image = await imageWith(t, scripts, "RUN mkdir -p /run/my_init/my_init-services-0/worker/supervise");
    const container = await startContainer(t, { image, args: ["--user", "1000"] });
    await container.until(isRunning);
    assert.match((await container.exec(["sv", "status", "worker"], { user: "0" })).stdout, /^run: worker: /);
  });

  test("a mirror that another user has faked is ignored", async (t) => {
    const container = await startContainer(t, { image: from });
    await container.until(isRunning);
    const directory = "/run/my_init/my_init-services-1000";
    const made = await container.exec(["mkdir", directory, `${directory}/worker`], { user: "1000" });
    assert.equal(made.status, 0, made.stderr);
    assert.match((await container.exec(["sv", "status", "worker"])).stdout, /^run: worker: /);
  });

  test("the stock image as another user is healthy although it can run no service, and logs one line", async (t) => {
    const container = await startContainer(t, { image, args: ["--user", "1000"] });
    await container.waitForLog("Runit started as PID");
    await container.until("container_health --wait 20");
    const { stderr } = await container.logs();
    assert.doesNotMatch(stderr, /fatal|unable/);
    assert.equal(stderr.match(/left out/g)?.length, 1, stderr);
  });

  test("a service that belongs to the user runs, while others are unavailable", async (t) => {
    const own = await imageWith(t, scripts, "RUN chown -R 1000 /etc/service/worker");
    const command = ["/sbin/my_init", "--quiet", "--", "container_health", "--wait", "60"];
    const { status, stderr } = await runContainer(t, { image: own, args: ["--user", "1000"], command });
    assert.equal(status, 0, stderr);
    assert.doesNotMatch(stderr, /fatal|unable/);
    assert.equal(stderr.match(/left out/g)?.length, 1, stderr);
  });

  test("if only /dev and /dev/shm can be written, services run, and one line names what is unavailable", async (t) => {
    const container = await startContainer(t, {
      image: from,
      args: ["--read-only"],
      env: { GIVEN: "it" },
      command: ["/sbin/my_init", "--quiet"],
    });
    await container.waitForLog("*** cron ended with exit code 1 after"); // it cannot write its PID file
    const check = await container.exec(["/check"]);
    assert.equal(check.status, 7, check.stdout + check.stderr);
    const { stderr } = await container.logs();
    const lines = stderr.split("\n").filter((line) => line.startsWith("*** ") && !/^\*\*\* cron ended/.test(line));
    assert.equal(lines.length, 1, stderr);
    assert.match(lines[0] ?? "", /^\*\*\* left out: the copies of the environment .*, the system log \(\/run: .*EROFS/);
  });

  test("the table is whole", () => assert.equal(cells.length, 96));
});
