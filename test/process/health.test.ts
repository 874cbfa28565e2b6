// container_health: its report about real services under a real runit. See docs/reference/container_health.md
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { patient } from "../support/patience.ts";
import { type Init, processRing, runInit, shortest, startInit } from "../support/process.ts";

const lasting = "exec sleep 1000";

/** Runs container_health. @returns its status and standard output */
async function ask(init: Init, words = ""): Promise<{ status: number; printed: string }> {
  const text = await init.exec(`container_health ${words} 2>/dev/null; echo "asked: $?"`);
  const [printed = "", status] = text.split("asked: ");
  return { status: Number(status), printed };
}

/** A line of `sh`: starts `container_health --wait`, runs `line` once it waits, and prints its status. */
function whileWaiting(line: string): string {
  // It blocks signals from its first instruction on, and sleeps only where it waits.
  const waits = "grep -q '^SigBlk:.*[1-9a-f]' /proc/$!/status && grep -q '^State:.S' /proc/$!/status";
  return `container_health --wait 1000 2> /dev/null & until ${waits}; do sleep 0.01; done; ${line}; wait $!; echo $?`;
}

describe("container_health", processRing, () => {
  test("a container is healthy once every service is up, and --wait waits for that", async (t) => {
    const init = await startInit(t, { scripts: { "/etc/service/web/run": lasting, "/etc/service/db/run": lasting } });
    await init.waitFor("Runit started as PID");
    // Longer than a test may take: it does not wait for the end of this time.
    assert.deepEqual(await ask(init, "--wait 1000"), { status: 0, printed: "" });
    assert.deepEqual(await ask(init), { status: 0, printed: "" });
  });

  test("a container is not healthy during the boot", async (t) => {
    const init = await startInit(t, {
      scripts: { "/etc/my_init.d/10_slow": "echo slow; until [ -e /go ]; do sleep 0.02; done" },
    });
    await init.waitFor("slow");
    assert.deepEqual(await ask(init), {
      status: 1,
      printed: "my_init: the boot is not over, or the shutdown has begun\n",
    });
    assert.equal((await ask(init, "--wait 1")).status, 1);
    assert.equal(await init.exec(whileWaiting("touch /go")), "0\n");
  });

  test("with --skip-runit a container is healthy once the command runs", async (t) => {
    const init = await startInit(t, {
      scripts: { "/etc/my_init.d/10_slow": "echo slow; until [ -e /go ]; do sleep 0.02; done" },
      args: ["--skip-runit", "sh", "-c", "echo command; exec sleep 1000"],
    });
    await init.waitFor("slow");
    assert.equal((await ask(init)).status, 1);
    await init.exec("touch /go");
    await init.waitFor("command");
    assert.deepEqual(await ask(init), { status: 0, printed: "" });
  });

  test("a service that ends again and again, has no run script, or hangs in its finish script is named", async (t) => {
    const init = await startInit(t, {
      scripts: {
        "/etc/service/dying/run": "echo once more; exit 1",
        "/etc/service/finishing/run": "exit 1",
        "/etc/service/finishing/finish": "echo finishing; exec sleep 1000",
        "/etc/service/good/run": lasting,
        "/etc/service/odd \x1b\xff '\"$(name)/run": "exit 1",
      },
      files: { "/etc/service/empty/README": "", "/etc/service/no-service": "" },
    });
    await init.waitFor("finishing");
    await init.waitFor('*** empty: cannot run "/etc/service/empty/run": no such file or directory (ENOENT)');
    await init.exec(`until container_health --json | grep -q '"good","healthy":true'; do sleep 0.1; done`);
    // At any moment of a service's life, end and pause before the next start.
    const deaths = () => init.output.split("once more\n").length - 1;
    for (const enough = deaths() + 2; deaths() < enough; ) {
      const { status, printed } = await ask(init);
      assert.equal(status, 1);
      const names = printed.split("\n").map((line) => line.slice(0, line.indexOf(": ")));
      assert.deepEqual(names, ["dying", "empty", "finishing", "odd \\x1b\xff '\"$(name)", ""], printed);
    }
    const { printed } = await ask(init, "--json");
    const services = JSON.parse(Buffer.from(printed, "latin1").toString()).services;
    assert.equal(services.length, 5);
    assert.equal(services[4].name, "odd \x1b\udcff '\"$(name)");
    assert.deepEqual(
      services.find(({ name }: { name: string }) => name === "good"),
      {
        name: "good",
        healthy: true,
        state: "up",
        detail: "",
        ends: 0,
        lastEnd: "",
      },
    );
  });

  test("a service is unhealthy while it is killed or paused, and healthy when it is back or not wanted", async (t) => {
    const init = await startInit(t, {
      scripts: {
        "/etc/service/web/run": lasting,
        "/etc/service/web/finish": "until [ -e /go ]; do sleep 0.02; done",
        "/etc/service/job/run": lasting,
      },
      files: { "/etc/service/job/down": "" },
    });
    await init.waitFor("Runit started as PID");
    assert.equal((await ask(init, "--wait 20")).status, 0);
    await init.exec("sv kill web; until container_health | grep '^web: '; do sleep 0.01; done; touch /go");
    assert.equal((await ask(init, "--wait 20")).status, 0);
    await init.exec("sv pause web");
    await init.exec("until container_health | grep paused; do sleep 0.01; done");
    await init.exec("sv cont web; container_health --wait 20");
    await init.exec("sv -v down web");
    assert.equal((await ask(init)).status, 0);
    await init.exec("sv -v up job");
    await init.exec("container_health --wait 20");
    await init.exec("sv status job | grep ^run");
  });

  test("a killed runsv is reported, and the one in its place counts", async (t) => {
    const init = await startInit(t, { scripts: { "/etc/service/web/run": lasting } });
    await init.waitFor("Runit started as PID");
    assert.equal((await ask(init, "--wait 20")).status, 0);
    // A killed process is gone a moment later.
    const untilReported =
      "n=100; while printed=$(container_health); do n=$((n - 1)); [ $n -gt 0 ] || break; sleep 0.02; done";
    const printed = await init.exec(
      `pkill -STOP -x runsvdir; pkill -KILL -x runsv; ${untilReported}; echo "$printed"; pkill -CONT -x runsvdir`,
    );
    assert.equal(printed, "web: has no runsv: not started yet, or killed\n");
    assert.equal((await ask(init, "--wait 20")).status, 0);
  });

  test("a check decides; it runs in its directory with the services' environment; its output is on standard error", async (t) => {
    const init = await startInit(t, {
      scripts: {
        "/etc/service/web/run": lasting,
        "/etc/service/web/check": 'pwd; echo "$COLOR"; [ -e /good ]',
        "/etc/service/other/run": lasting,
        "/etc/service/other/check": "exit 0",
      },
      files: { "/etc/container_environment/COLOR": "blue" },
    });
    await init.waitFor("Runit started as PID");
    await init.exec("touch /good; container_health --wait 20; rm /good");
    assert.deepEqual(await ask(init), { status: 1, printed: "web: its check failed (exit status 1)\n" });
    assert.equal(
      await init.exec("container_health 2>&1 >/dev/null; true"),
      "/run/my_init/my_init-services-0/web\nblue\n",
    );
    await init.exec("touch /good");
    assert.equal((await ask(init)).status, 0);
  });

  test("a check that hangs is killed with its children when the time limit is over", async (t) => {
    const init = await startInit(t, {
      scripts: { "/etc/service/web/run": lasting, "/etc/service/web/check": "sleep 4711; exit 0" },
    });
    await init.waitFor("Runit started as PID");
    await init.exec("until sv status web | grep ^run; do sleep 0.1; done");
    const tookMs = await shortest(4000, async () => {
      const begin = performance.now();
      const { status, printed } = await ask(init, "--wait 1");
      assert.equal(status, 1);
      assert.equal(printed, "web: its check did not end in time, and was killed\n");
      return performance.now() - begin;
    });
    // Without this limit a check has five seconds.
    assert.ok(tookMs < patient(4000), `${tookMs} ms`);
    await init.exec("while pgrep -f 'sleep [4]711'; do sleep 0.02; done"); // a killed process is gone a moment later
  });

  test("a runsvdir, a runsv and a my_init of another user are ignored, whatever their names", async (t) => {
    const evil = (command: string) =>
      `mkdir -p /tmp/evil; setuser nobody sh -c 'mkdir -p /tmp/evil/x; cd /tmp/evil/x
        printf "#!/bin/sh\\nexec sleep 1000\\n" > run; printf "#!/bin/sh\\nid -u > /tmp/ran\\n" > check; chmod +x run check
        ${command} > /dev/null 2>&1 &'; until [ -e /tmp/evil/x/supervise/ok ]; do sleep 0.02; done`;
    const withoutRunit = await startInit(t, {
      scripts: { "/etc/my_init.d/10_evil": `chmod 777 /tmp; mkdir -m 777 /tmp/evil; ${evil("runsvdir -P /tmp/evil")}` },
      args: ["--skip-runit", "sh", "-c", "echo command; exec sleep 1000"],
    });
    await withoutRunit.waitFor("command");
    const { status, printed } = await ask(withoutRunit, "--json");
    assert.deepEqual([status, JSON.parse(printed).services], [0, []]);
    assert.equal(withoutRunit.view.exists("/tmp/ran"), false);

    const init = await startInit(t, {
      scripts: {
        "/etc/my_init.d/10_evil": `chmod 777 /tmp; mkdir -m 777 /tmp/evil
          setuser nobody my_init --skip-startup-files --skip-runit -- sleep 1000 > /dev/null 2>&1 &
          ${evil("runsv /tmp/evil/x")}`,
        "/etc/service/web/run": lasting,
      },
      besides: {},
    });
    await init.waitFor("Runit started as PID");
    assert.deepEqual(await ask(init, "--wait 20"), { status: 0, printed: "" });
    init.signal("SIGTERM");
    assert.equal((await init.ended()).status, 0);
    assert.equal(init.view.exists("/tmp/ran"), false);
    const record = init.view.read("/run/my_init/last_shutdown");
    assert.match(record, / service web$/m);
    assert.doesNotMatch(record, / service .*x$/m, "it is no service of the container");
  });

  test("it ends by TERM", async (t) => {
    const init = await startInit(t, { scripts: { "/etc/service/web/run": "exit 1" } });
    await init.waitFor("Runit started as PID");
    assert.equal(await init.exec(whileWaiting("kill $!")), "143\n");
  });

  test("bad usage is status 2, and without my_init the container is not healthy", async (t) => {
    for (const args of [["x"], ["--wait"], ["--wait", "soon"]]) {
      const bad = await runInit(t, { program: "container_health", args });
      assert.equal(bad.status, 2);
      assert.match(bad.stderr, /^usage: container_health/m);
    }
    const alone = await runInit(t, { program: "container_health" });
    assert.equal(alone.status, 1);
    assert.equal(alone.stdout, "my_init: no my_init is running\n");
  });
});
