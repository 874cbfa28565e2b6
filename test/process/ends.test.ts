// How services end: what the log, container_health and the record have of it. See docs/reference/services.md
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isSanitized, processRing, startInit } from "../support/process.ts";

const endsOf = (name: string) => `/run/my_init/my_init-services-0/${name}/supervise/ends`;

const ring = isSanitized ? { ...processRing, skip: "with the sanitizers, each end takes seconds" } : processRing;

describe("the ends of services", ring, () => {
  test("each failure has its cause in the log, once; a success and what sv asked for have no line", async (t) => {
    const init = await startInit(t, {
      scripts: {
        "/etc/service/status/run": "exit 3",
        "/etc/service/segv/run": "ulimit -c 0; kill -SEGV $$",
        // dash writes its own words, "...: not found", in two pieces: a line of my_init could come between them.
        "/etc/service/absent/run": "exec 2> /dev/null; exec /nope/program",
        "/etc/service/good/run": "sleep 0.2; exit 0",
        "/etc/service/asked/run": 'trap "exit 143" TERM; echo "asked is up"; while :; do sleep 0.02; done',
      },
    });
    await init.waitFor("asked is up");
    await init.exec("sv restart asked");
    await init.waitFor(/asked is up\n(?:.*\n)*asked is up/);
    await init.exec("sv down asked");
    for (const name of ["status", "segv", "absent", "good"]) {
      await init.exec(`until [ "$(cut -d ' ' -f 1 ${endsOf(name)})" -ge 3 ]; do sleep 0.05; done`);
    }
    const health = await init.exec("container_health; true");
    init.signal("SIGTERM");
    const { status, stderr } = await init.ended();
    assert.equal(status, 0);
    const lines = stderr.split("\n").filter((line) => / after \d/.test(line));
    for (const pattern of [
      /^\*\*\* status ended with exit code 3 after \d+\.\d s$/,
      /^\*\*\* segv was killed by SIGSEGV after \d+\.\d s$/,
      /^\*\*\* absent ended with exit code 127 after \d+\.\d s$/,
    ]) {
      assert.equal(lines.filter((line) => pattern.test(line)).length, 1, `${pattern} in\n${stderr}`);
    }
    assert.equal(lines.length, 3, stderr);
    assert.match(health, /^status: .*; it last ended with exit code 3 \(ends since the boot: \d+\)$/m);
  });

  test("a service that goes to the background has one line, with the number of processes that it has left", async (t) => {
    const init = await startInit(t, {
      scripts: { "/etc/service/daemon/run": "setsid sleep 1000 & exit 0" },
    });
    const line = await init.waitFor(/\*\*\* daemon ended with exit code 0 .*/);
    assert.ok(line, "it has a line");
    init.signal("SIGTERM");
    const { stderr } = await init.ended();
    assert.match(stderr, /5 times in a row, and has left 5 processes in the background: a service has to stay in/);
  });

  test("the service's own finish gets runsv's words, and scripts find runsv's files in /etc/service", async (t) => {
    const init = await startInit(t, {
      scripts: {
        "/etc/service/web/run": 'echo "web is up"; exec sleep 1000',
        "/etc/service/web/finish": 'echo "finish $0 $*"',
      },
    });
    await init.waitFor("web is up");
    const pid = "/etc/service/web/supervise/pid";
    await init.exec(`until [ -s ${pid} ]; do sleep 0.02; done; kill -9 $(cat ${pid})`);
    // The line on standard error may come before or after it.
    await init.waitFor(/^finish \.\/finish\.own -1 9\n(?:\*\*\* .*\n)?web is up\n/m);
    assert.equal(await init.exec("env | grep SVDIR; true"), "");
    await init.exec(`until [ -s ${pid} ]; do sleep 0.02; done`);
    await init.exec("until sv status /etc/service/web | grep '^run: /etc/service/web: (pid'; do sleep 0.02; done");
    init.signal("SIGTERM");
    const { stdout } = await init.ended();
    assert.match(stdout, /\nfinish \.\/finish -1 15\n$/);
  });

  test("a hundred services that end at once each have one line in a minute, and nothing is lost", async (t) => {
    const names = Array.from({ length: 100 }, (_, index) => `s${index}`);
    const begin = performance.now();
    const init = await startInit(t, {
      scripts: Object.fromEntries(names.map((name) => [`/etc/service/${name}/run`, "exit 5"])),
    });
    for (const name of names) {
      await init.exec(`until [ "$(cut -d ' ' -f 1 ${endsOf(name)})" -ge 3 ]; do sleep 0.1; done`);
    }
    init.signal("SIGTERM");
    const { status, stderr } = await init.ended();
    assert.equal(status, 0);
    const most = 1 + Math.floor((performance.now() - begin) / 60_000);
    for (const name of names) {
      const lines = stderr.split("\n").filter((line) => line.startsWith(`*** ${name} ended with exit code 5 after`));
      assert.ok(lines.length >= 1 && lines.length <= most, `${name}: ${lines.join("\n")}`);
    }
  });
});
