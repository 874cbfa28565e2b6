// Log lines that name their service, with the real log writer and real pipes: docs/reference/logs.md.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { patient } from "../support/patience.ts";
import {
  dockerEnv,
  type Init,
  makeView,
  processRing,
  runInit,
  startInit,
  until,
  untilFull,
} from "../support/process.ts";

const json = { ...dockerEnv, LOG_FORMAT: "json" };
const prefix = { ...dockerEnv, LOG_PREFIX: "yes" };

interface Line {
  readonly time: string;
  readonly service: string;
  readonly stream: string;
  readonly message: string;
  readonly partial?: boolean;
}

/** Every line of an output; each has to be JSON of the documented form. */
function parse(output: string): Line[] {
  return output
    .split("\n")
    .filter((line) => line !== "")
    .map((text) => {
      const line = JSON.parse(Buffer.from(text, "latin1").toString("utf8")) as Line;
      assert.deepEqual(Object.keys(line).slice(0, 4), ["time", "service", "stream", "message"]);
      assert.match(line.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      return line;
    });
}

function messages(output: string, service: string): string[] {
  return parse(output).flatMap((line) => (line.service === service ? [line.message] : []));
}

function logWriterPid(init: Init): number | undefined {
  return init.processes().find((each) => each.name === "log_lines" && each.state !== "Z")?.pid;
}

/** Waits until all pipes from the service of `counts` to the reader are full: it and the log writer are blocked. */
async function untilNothingMoves(init: Init): Promise<void> {
  await untilFull(init, "stdout");
  const areAsleep = () => {
    const both = init.processes().filter(({ name, pid }) => name === "run" || pid === logWriterPid(init));
    return both.length === 2 && both.every(({ state }) => state === "S");
  };
  await until(areAsleep, "the service and the log writer are blocked");
}

/** Prints numbered lines until it gets TERM, and then the last number. */
const counts = `i=0
  trap 'echo "last $i"; exit 0' TERM
  while :; do i=$((i + 1)); echo "line $i"; done`;

/** What `counts` printed, as far as it came: all of it, in its order. */
function assertWhole(lines: readonly string[]): void {
  const last = Number(lines.at(-1)?.slice("last ".length));
  // If TERM comes after it has counted, it has not printed that number yet.
  assert.ok([last, last + 1].includes(lines.length), `${lines.length} lines, of which the last is ${lines.at(-1)}`);
  for (const [i, line] of lines.slice(0, -1).entries()) assert.equal(line, `line ${i + 1}`);
}

describe("log lines", processRing, () => {
  test("by default lines are unchanged, and no log writer runs", async (t) => {
    const init = await startInit(t, {
      scripts: {
        "/etc/my_init.d/10_a": "printf 'no newline'",
        "/etc/service/web/run":
          "printf 'odd \\377 bytes\\n'; tr '\\0' ' ' < /proc/self/environ; echo; echo ready; exec sleep 1000",
      },
    });
    await init.waitFor("ready");
    assert.equal(logWriterPid(init), undefined);
    init.signal("SIGTERM");
    const { stdout } = await init.ended();
    assert.ok(stdout.startsWith("no newlineodd \xff bytes\n"), stdout);
    assert.ok(!stdout.includes("MY_INIT"));
  });

  test("as JSON, every line from boot to shutdown has its time, service, stream and message", async (t) => {
    const init = await startInit(t, {
      env: json,
      scripts: {
        "/etc/my_init.d/10_start": "echo starting; echo careful >&2",
        "/etc/service/web/run": "echo hello; printf unfinished >&2; exec sleep 1000",
        "/etc/service/web/finish": "echo finished $2",
        "/etc/my_init.pre_shutdown.d/10_bye": "echo bye",
        "/etc/my_init.post_shutdown.d/90_gone": "printf gone",
      },
    });
    await init.waitFor(/unfinished/);
    init.signal("SIGTERM");
    const { stderr, stdout, status } = await init.ended();
    assert.equal(status, 0);
    // The lines of one service are in order; the order of two services is not fixed.
    const summary = (output: string) => parse(output).map((line) => `${line.service} ${line.stream} ${line.message}`);
    assert.deepEqual(messages(stdout, "web"), ["hello", "finished 15"]);
    assert.deepEqual(summary(stdout).sort(), [
      "10_bye stdout bye",
      "10_start stdout starting",
      "90_gone stdout gone",
      "web stdout finished 15",
      "web stdout hello",
    ]);
    const others = summary(stderr).filter((line) => !line.startsWith("my_init "));
    assert.deepEqual(others.sort(), ["10_start stderr careful", "web stderr unfinished"]);
    const own = messages(stderr, "my_init");
    assert.equal(own[0], "*** Running /etc/my_init.d/10_start...");
    assert.equal(own.at(-1), "*** Killing all processes...");
  });

  test("with a prefix, every line begins with its service's name, and its bytes are unchanged", async (t) => {
    const init = await startInit(t, {
      env: prefix,
      scripts: { "/etc/service/web/run": "printf 'a \\377\\0\\r b\\n\\nready\\n'; exec sleep 1000" },
    });
    await init.waitFor("[web] ready");
    init.signal("SIGTERM");
    const { stderr, stdout } = await init.ended();
    assert.equal(stdout, "[web] a \xff\0\r b\n[web] \n[web] ready\n");
    assert.ok(
      stderr.split("\n").every((line) => line === "" || line.startsWith("[my_init] *** ")),
      stderr,
    );
  });

  test("a line is valid JSON in UTF-8, whatever its bytes", async (t) => {
    const view = await makeView(t);
    const all = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join("");
    const pieces = [
      "\xc3\xa9",
      "\xe2\x82\xac",
      "\xf0\x9f\x98\x80",
      "\xed\xa0\x80",
      "\xe2\x82",
      "\xf4\x90",
      "\xc0\xaf",
      "\xff",
      "\x80",
      '"',
      "\\",
      "x",
    ];
    let seed = 7;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
      return (seed >> 8) % below;
    };
    const lines = Array.from({ length: 3000 }, () =>
      Array.from({ length: random(12) }, () =>
        random(3) === 0 ? all.charAt(random(256)) : pieces[random(pieces.length)],
      ).join(""),
    );
    const hostile = [all, "", "\r", "\0", ...lines].join("\n");
    view.write("/hostile", hostile);
    const { stdout } = await runInit(t, {
      view,
      env: json,
      scripts: { "/etc/my_init.d/10_hostile": "cat /hostile" },
      args: ["--skip-runit", "true"],
    });
    const expected = hostile.split("\n").map((line) => Buffer.from(line, "latin1").toString("utf8"));
    if (expected.at(-1) === "") expected.pop();
    assert.deepEqual(messages(stdout, "10_hostile"), expected);
  });

  test("a very long line comes in pieces that are marked as partial", async (t) => {
    const { stdout } = await runInit(t, {
      env: json,
      scripts: { "/etc/my_init.d/10_long": "head -c 600000 /dev/zero | tr '\\0' x; echo end; echo next" },
      args: ["--skip-runit", "true"],
    });
    const lines = parse(stdout);
    assert.deepEqual(
      lines.map(({ partial }) => partial),
      [true, true, undefined, undefined],
    );
    assert.equal(lines.map(({ message }) => message).join(""), `${"x".repeat(600_000)}endnext`);
    assert.equal(lines.at(-1)?.message, "next");
  });

  test("a prompt is written after a moment of silence, and is marked as partial", async (t) => {
    const init = await startInit(t, {
      env: json,
      scripts: {
        "/etc/service/web/run":
          "printf 'Password: '; until [ -e /tmp/go ]; do sleep 0.01; done; echo thanks; exec sleep 1000",
      },
    });
    await init.waitFor(/Password/);
    init.view.write("/tmp/go", "");
    await init.waitFor(/thanks/);
    init.signal("SIGTERM");
    const lines = parse((await init.ended()).stdout);
    assert.deepEqual(
      lines.map(({ message, partial }) => [message, partial]),
      [
        ["Password: ", true],
        ["thanks", undefined],
      ],
    );
  });

  test("a container that is stopped in the middle of a flood ends immediately, and no line is lost", async (t) => {
    // A wait until the shutdown's deadline would take most of this minute.
    const init = await startInit(t, {
      env: { ...json, SHUTDOWN_TIMEOUT: "60" },
      scripts: Object.fromEntries(["a", "b", "c"].map((name) => [`/etc/service/${name}/run`, counts])),
    });
    for (const name of ["a", "b", "c"]) await init.waitFor(new RegExp(`"${name}".*line 200"`));
    const begin = performance.now();
    init.signal("SIGTERM");
    const { status, stdout } = await init.ended();
    assert.equal(status, 0);
    assert.ok(performance.now() - begin < patient(25_000), `${performance.now() - begin} ms`);
    for (const name of ["a", "b", "c"]) assertWhole(messages(stdout, name));
  });

  test("no line is lost if the reader stops reading for a while", async (t) => {
    // Lines that are not written at the shutdown's deadline are lost, as documented: a slow machine gets a minute here.
    const env = { ...json, SHUTDOWN_TIMEOUT: "60" };
    const init = await startInit(t, { env, scripts: { "/etc/service/a/run": counts } });
    await init.waitFor(/line 100"/);
    for (let i = 0; i < 5; i++) {
      init.stopReading();
      await untilNothingMoves(init);
      init.readAgain();
    }
    init.signal("SIGTERM");
    assertWhole(messages((await init.ended()).stdout, "a"));
  });

  test("a container whose output has no reader any more still ends within its time limit", async (t) => {
    const init = await startInit(t, {
      env: { ...json, SHUTDOWN_TIMEOUT: "2" },
      scripts: { "/etc/service/a/run": counts },
    });
    await init.waitFor(/line 100"/);
    init.stopReading();
    await untilNothingMoves(init);
    init.signal("SIGTERM");
    // Without the limit it would wait for ever: the reader reads again only then.
    await until(() => init.isGone, "it has ended", 60_000);
    init.readAgain();
    const { status, stderr } = await init.ended();
    assert.equal(status, 0);
    assert.ok(
      parse(stderr).some(({ message }) => message.includes("log_lines") && message.includes("Forcing it to exit")),
      stderr,
    );
  });

  test("a killed log writer is started again immediately; lines it had not read are not lost, and every line is JSON", async (t) => {
    const init = await startInit(t, { env: json, scripts: { "/etc/service/a/run": counts } });
    await init.waitFor(/line 100"/);
    // One that ends in its first second is started again only after a pause, and its age shows no other sign.
    await pause(1000);
    const killed = logWriterPid(init);
    await init.exec(`kill -9 ${killed}`);
    await until(() => ![undefined, killed].includes(logWriterPid(init)), "there is another");
    const { length } = init.output;
    await until(() => init.output.length > length + 100_000, "it goes on");
    init.signal("SIGTERM");
    const { stderr, stdout } = await init.ended();
    const all = stdout.split("\n").slice(0, -1);
    const lines = all.filter((line) => line.startsWith("{") && line.endsWith("}"));
    assert.deepEqual(all, lines, "no line is cut off, and none is empty");
    assert.ok(!stderr.split("\n").slice(0, -1).includes(""), stderr);
    // The end of a line whose beginning was lost, perhaps.
    const numbers = messages(lines.join("\n"), "a").flatMap((message) => {
      const number = /^(?:line|last) (\d+)$/.exec(message)?.[1];
      return number === undefined ? [] : [Number(number)];
    });
    numbers.pop(); // the last line repeats the last number
    assert.ok(numbers.length >= lines.length - 3);
    const gaps = numbers.slice(1).map((number, i) => number - (numbers[i] ?? 0) - 1);
    assert.ok(gaps.filter((gap) => gap !== 0).length <= 1, `${gaps.filter((gap) => gap !== 0).length} gaps`);
    // What it reads at a time, in lines of this length.
    const lost = gaps.reduce((sum, gap) => sum + gap, 0);
    assert.ok(lost >= 0 && lost <= 16_384 / "line 1000\n".length + 2, `${lost} lines lost`);
    const words = "*** log_lines was killed by signal 9 (SIGKILL); it is started again";
    assert.ok(messages(stderr, "my_init").includes(words));
  });

  test("lines printed while there is no log writer are written by the next one", async (t) => {
    const { stderr, stdout } = await runInit(t, {
      env: prefix,
      scripts: {
        // The bracket keeps pkill from matching itself.
        "/etc/my_init.d/10_kills": "until pkill -9 -f 'log_line[s].* prefix'; do sleep 0.02; done; echo kept",
        "/etc/my_init.d/20_next": "echo kept, too",
      },
      args: ["--skip-runit", "true"],
    });
    const lines = stdout.split("\n").filter((line) => line !== "");
    assert.deepEqual(lines.sort(), ["[10_kills] kept", "[20_next] kept, too"], stderr);
  });

  test("if both outputs are the same pipe, no line is torn", async (t) => {
    const both = `${counts.replace('echo "line $i"', 'echo "line $i"; echo "line $i" >&2')}`;
    const init = await startInit(t, { env: json, redirect: "2>&1", scripts: { "/etc/service/a/run": both } });
    await init.waitFor(/line 200"/);
    for (let i = 0; i < 3; i++) {
      init.stopReading();
      await untilNothingMoves(init);
      init.readAgain();
    }
    init.signal("SIGTERM");
    const { stderr, stdout } = await init.ended();
    assert.equal(stderr, "");
    assert.ok(parse(stdout).length > 400);
  });

  test("a service that has switched to another user can open its outputs again", async (t) => {
    const init = await startInit(t, {
      env: prefix,
      scripts: {
        "/etc/service/web/run":
          "exec setuser nobody sh -c 'echo out > /dev/stdout; echo err > /dev/stderr; id -u >> /dev/stdout; exec sleep 1000'",
      },
    });
    await init.waitFor("[web] 65534");
    init.signal("SIGTERM");
    const { stderr, stdout } = await init.ended();
    assert.equal(stdout, "[web] out\n[web] 65534\n");
    assert.ok(stderr.includes("[web] err\n"));
  });

  test("a service's output goes to its log service; standard error and the log service's output go to the container's", async (t) => {
    const init = await startInit(t, {
      env: prefix,
      scripts: {
        "/etc/service/web/run": "echo to the log; echo past it >&2; exec sleep 1000",
        "/etc/service/web/log/run": "exec sed -u 's/^/LOGGED: /'",
      },
    });
    await init.waitFor("[web] LOGGED: to the log");
    await init.waitFor("[web] past it");
    init.signal("SIGTERM");
    assert.equal((await init.ended()).status, 0);
  });

  test("runit's own messages are marked, too", async (t) => {
    const init = await startInit(t, {
      env: json,
      scripts: { "/etc/service/broken/run": "exec sleep 1000" },
      files: { "/etc/service/broken/log/run": "no program\n" },
    });
    await init.waitFor(/unable to start log\/\.\/run/);
    await init.waitFor(/broken: cannot run .*make it executable with chmod \+x/);
    init.signal("SIGTERM");
    const { stderr } = await init.ended();
    assert.ok(messages(stderr, "broken").some((message) => message.startsWith("runsv broken: fatal")));
  });

  test("the environment and the descriptors of services are the same as by default", async (t) => {
    const seen = async (variable: string, sign: string) => {
      const init = await startInit(t, {
        env: { ...dockerEnv, LOG_PREFIX: variable },
        scripts: { "/etc/service/web/run": "env | sort; ls /proc/self/fd; echo ready; exec sleep 1000" },
      });
      await init.waitFor(sign);
      init.signal("SIGTERM");
      return (await init.ended()).stdout.replaceAll("[web] ", "").replace(/^LOG_PREFIX=.*$/m, "");
    };
    const plain = await seen("no", "ready");
    assert.ok(plain.includes("PATH="), plain);
    assert.equal(await seen("yes", "[web] ready"), plain);
  });

  test("not a byte of the command's outputs is changed", async (t) => {
    const ended = await runInit(t, {
      env: json,
      scripts: {
        "/etc/service/web/run": "echo noise; exec sleep 1000",
        "/etc/my_init.d/10_a": "echo script",
        "/app": "printf 'data \\377'; printf 'oops' >&2; exit 3",
      },
      args: ["/app"],
    });
    assert.equal(ended.status, 3);
    assert.ok(ended.stdout.includes("data \xff"));
    assert.ok(ended.stderr.includes("oops"));
    assert.deepEqual(messages(ended.stdout.replace("data \xff", ""), "10_a"), ["script"]);
    assert.ok(messages(ended.stderr.replace("oops", ""), "my_init").includes("*** /app exited with exit code 3."));
  });

  test("--quiet -- COMMAND prints what the command prints, and nothing else", async (t) => {
    for (const more of [[], ["--skip-runit"], ["--skip-runit", "--skip-startup-files"]]) {
      const { stderr, stdout } = await runInit(t, { env: json, args: [...more, "--quiet", "--", "echo", "X"] });
      assert.equal(stdout, "X\n");
      assert.equal(stderr, "");
    }
  });

  test("a log writer that is slow to start writes all earlier lines, and delays nothing beyond its start", async (t) => {
    const view = await makeView(t);
    const directory = "/usr/lib/baseimage";
    await runInit(t, {
      view,
      args: [
        "sh",
        "-c",
        `mkdir ${directory}/own && cp ${directory}/log_lines ${directory}/own && rm ${directory}/log_lines`,
      ],
    });
    view.script(`${directory}/log_lines`, `sleep 0.5; exec ${directory}/own/log_lines "$@"`);
    // A wait until the shutdown's deadline would take most of this minute.
    const begin = performance.now();
    const { stderr, stdout } = await runInit(t, {
      view,
      env: { ...json, SHUTDOWN_TIMEOUT: "60" },
      scripts: { "/etc/my_init.d/10_a": "echo script" },
      args: ["--skip-runit", "true"],
    });
    assert.deepEqual(messages(stdout, "10_a"), ["script"]);
    assert.equal(messages(stderr, "my_init").length, 4, stderr);
    assert.ok(performance.now() - begin < patient(30_000), `${performance.now() - begin} ms`);
  });

  test("an unknown value gives a warning, and the default stays", async (t) => {
    const { stderr, stdout } = await runInit(t, {
      env: { ...dockerEnv, LOG_FORMAT: "xml" },
      scripts: { "/etc/my_init.d/10_a": "echo script" },
      args: ["--quiet", "--skip-runit", "true"],
    });
    assert.equal(stdout, "script\n");
    assert.equal(stderr, '*** LOG_FORMAT is "xml", which is neither json nor text; the default stands\n');
  });

  test("a file of /etc/container_environment can switch it on", async (t) => {
    const { stdout } = await runInit(t, {
      files: { "/etc/container_environment/LOG_PREFIX": "yes\n" },
      scripts: { "/etc/my_init.d/10_a": "echo script" },
      args: ["--quiet", "--skip-runit", "true"],
    });
    assert.equal(stdout, "[10_a] script\n");
  });

  test("it works for another user, and for a my_init that is not PID 1", async (t) => {
    const asUser = await runInit(t, {
      env: prefix,
      wrapper: ["setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", "--inh-caps", "-all"],
      scripts: { "/etc/my_init.d/10_a": "id -u" },
      args: ["--quiet", "--skip-runit", "true"],
    });
    assert.equal(asUser.stdout, "[10_a] 1000\n");
    const notInit = await startInit(t, {
      env: prefix,
      besides: { after: "echo leftover: $(inside 'ls /run/my_init' | grep -c logs)" },
      scripts: { "/etc/service/web/run": "echo ready; exec sleep 1000" },
    });
    await notInit.waitFor("[web] ready");
    notInit.signal("SIGTERM");
    const { status, stdout } = await notInit.ended();
    assert.equal(status, 0);
    assert.ok(stdout.includes("leftover: 0"), stdout);
  });

  test("two my_init that share /run, each PID 1 of its namespace, do not disturb each other", async (t) => {
    const view = await makeView(t);
    const scripts = { "/etc/service/web/run": "echo ready; exec sleep 1000" };
    const first = await startInit(t, { view, env: prefix, scripts });
    await first.waitFor("[web] ready");
    view.script("/etc/my_init.d/10_a", "echo second");
    const second = await runInit(t, { view, env: prefix, args: ["--quiet", "--skip-runit", "true"] });
    assert.equal(second.stdout, "[10_a] second\n");
    assert.deepEqual(
      view.list("/run/my_init").filter((name) => name.includes("logs")),
      ["my_init-logs-1"],
    );
    first.signal("SIGTERM");
    assert.match((await first.ended()).stderr, /^\[my_init\] \*\*\* Killing all processes/m);
  });

  test("nothing is left in /run when the container has ended, and leftovers of a killed one are removed", async (t) => {
    const view = await makeView(t);
    const first = await startInit(t, {
      view,
      env: json,
      scripts: { "/etc/service/web/run": "echo ready; exec sleep 1000" },
    });
    await first.waitFor(/ready/);
    assert.deepEqual(
      view.list("/run/my_init").filter((name) => name.includes("logs")),
      ["my_init-logs-1"],
    );
    first.signal("SIGKILL");
    await first.ended();
    const second = await startInit(t, { view, env: json });
    await second.waitFor(/Runit started/);
    second.signal("SIGTERM");
    await second.ended();
    assert.deepEqual(
      view.list("/run/my_init").filter((name) => name.includes("logs")),
      [],
    );
  });
});

// After the others: what they measure would wait for so many processes.
describe("log lines of many services", processRing, () => {
  /** Services that print a line when they start, and a line when they get TERM. */
  const manyServices = (count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, i) => [
        `/etc/service/s${i}/run`,
        `trap 'echo end of s${i}; exit' TERM; echo start of s${i}; while :; do sleep 1 & wait; done`,
      ]),
    );

  test("with more services than the soft limit of descriptors allows, every line comes with its name", async (t) => {
    const init = await startInit(t, {
      env: json,
      wrapper: ["prlimit", "--nofile=64:1024"],
      scripts: { ...manyServices(60), "/etc/service/limits/run": "ulimit -S -n; exec sleep 1000" },
    });
    for (let i = 0; i < 60; i++) await init.waitFor(new RegExp(`"s${i}".*start of s${i}"`));
    await init.waitFor(/"limits".*"64"/); // services keep their own limit
    init.signal("SIGTERM");
    const { status, stderr, stdout } = await init.ended();
    assert.equal(status, 0);
    for (let i = 0; i < 60; i++) assert.deepEqual(messages(stdout, `s${i}`), [`start of s${i}`, `end of s${i}`]);
    assert.doesNotMatch(stderr, /others/);
  });

  test("with more than the hard limit allows, every line comes, some without a name, and one warning gives the reason", async (t) => {
    const init = await startInit(t, {
      env: json,
      wrapper: ["prlimit", "--nofile=64:64"],
      scripts: manyServices(60),
    });
    for (let i = 0; i < 60; i++) await init.waitFor(new RegExp(`start of s${i}"`));
    init.signal("SIGTERM");
    const { status, stderr, stdout } = await init.ended();
    assert.equal(status, 0);
    const all = parse(stdout).map(({ message }) => message);
    const expected = Array.from({ length: 60 }, (_, i) => [`start of s${i}`, `end of s${i}`]).flat();
    assert.deepEqual(all.filter((message) => / of s\d+$/.test(message)).sort(), expected.sort());
    const named = new Set(parse(stdout).map(({ service }) => service));
    assert.ok(named.has("others") && named.size > 15, [...named].join(" "));
    const warnings = parse(stderr).filter(({ message }) => message.includes("hard limit of open files"));
    assert.equal(warnings.length, 1, stderr);
    assert.match(warnings[0]?.message ?? "", /^\*\*\* cannot name the log lines of "s\d+" .* is 64; .*--ulimit nofile/);
  });

  test("the lines of more startup scripts than descriptors have their names, too", async (t) => {
    const scripts = Array.from({ length: 100 }, (_, i) => [`/etc/my_init.d/${100 + i}`, `echo script ${100 + i}`]);
    const { status, stdout } = await runInit(t, {
      env: json,
      wrapper: ["prlimit", "--nofile=160:1024"],
      scripts: Object.fromEntries(scripts),
      args: ["--skip-runit", "true"],
    });
    assert.equal(status, 0);
    for (let i = 100; i < 200; i++) assert.deepEqual(messages(stdout, `${i}`), [`script ${i}`]);
  });
});
