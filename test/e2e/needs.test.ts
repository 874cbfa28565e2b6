// Services that need each other, in real containers: docs/reference/services.md.
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { runContainer, startContainer } from "../support/container.ts";
import { imageWith } from "../support/derived-image.ts";
import { patient } from "../support/patience.ts";

/** A service that prints when it is up and when it ends. */
const server = (name: string) => `exec /fixtures/says-goodbye.sh ${name} 0.1`;

/** web needs app, which is ready when it has printed that it is up; app needs db, whose check needs /tmp/ready. */
const threeServices = {
  "/etc/service/web/run": server("web"),
  "/etc/service/app/run": `trap "echo app said goodbye; exit 0" TERM
echo app is up
touch /tmp/app-is-up
while :; do sleep 0.05; done`,
  "/etc/service/app/check": "[ -e /tmp/app-is-up ]",
  "/etc/service/db/run": server("db"),
  "/etc/service/db/check": "[ -e /tmp/ready ]",
};
const threeNeeds = `RUN echo app > /etc/service/web/needs && echo db > /etc/service/app/needs`;

function order(log: string, words: RegExp): string[] {
  return [...log.matchAll(words)].map(([word]) => word);
}

/** A container with a service `app` that needs `db`. @param needs a line of a Dockerfile */
function appAndDb(t: TestContext, needs: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const scripts = { "/etc/service/app/run": server("app"), "/etc/service/db/run": server("db"), ...more };
  return imageWith(t, scripts, needs);
}

describe("needs", { concurrency: 3 }, () => {
  const restrictions = {
    root: [],
    "uid 1000 on a read-only root without capabilities": [
      ...["--user", "1000", "--read-only", "--tmpfs", "/run", "--tmpfs", "/tmp", "--cap-drop", "ALL"],
      ...["--security-opt", "no-new-privileges"],
    ],
  };
  for (const [name, args] of Object.entries(restrictions)) {
    test(`as ${name}: start when ready, health and sv meanwhile, stop in the reverse order`, async (t) => {
      const image = await imageWith(t, threeServices, threeNeeds);
      const container = await startContainer(t, { image, args, env: { SHUTDOWN_TIMEOUT: "60" } });
      await container.waitForLog("db is up");
      await container.waitForLog("*** web: waits for app (it waits for db)");
      const health = await container.exec(["container_health"]);
      assert.equal(health.status, 1);
      assert.match(health.stdout, /^app: waits for db\ndb: its check failed \(exit status 1\)\nweb: waits for app\n$/);
      assert.match(
        (await container.exec(["container_health", "--json"])).stdout,
        /"name":"app",[^}]*"state":"waiting"/,
      );
      assert.match(await container.sh("sv status app /etc/service/db"), /^run: app: .*\nrun: .*\/db: /);
      assert.doesNotMatch((await container.logs()).stdout, /(app|web) is up/);

      await container.sh("touch /tmp/ready");
      await container.waitForLog("web is up");
      assert.equal((await container.exec(["container_health", "--wait", "60"])).status, 0);
      const tookMs = await container.stop({ graceSeconds: 60 });
      assert.ok(tookMs < patient(20_000), `${tookMs} ms`); // half of the time limit is 30 seconds
      assert.equal(await container.exitCode(), 0);
      const { stdout, stderr } = await container.logs();
      assert.deepEqual(order(stdout, /\w+ is up/g), ["db is up", "app is up", "web is up"]);
      assert.deepEqual(
        order(stdout, /\w+ said goodbye/g),
        ["web", "app", "db"].map((name) => `${name} said goodbye`),
      );
      assert.doesNotMatch(stderr, /Forcing|is told to stop while/);
    });
  }

  test("a needed service may end and start again; a service that needs it waits again only at its own next start", async (t) => {
    const image = await imageWith(t, threeServices, threeNeeds);
    const container = await startContainer(t, { image });
    await container.sh("touch /tmp/ready");
    await container.waitForLog("web is up");
    const appPid = await container.sh("sv status app | cut -d' ' -f4");
    await container.sh("sv -w 50 down db");
    assert.equal(await container.sh("sv status app | cut -d' ' -f4"), appPid);
    await container.exec(["sv", "-w", "50", "restart", "app"]);
    await container.until("container_health | grep -q '^app: waits for db$'");
    await container.waitForLog("*** app: waits for db (it is down, and is to stay down)");
    assert.equal((await container.logs()).stdout.match(/app is up/g)?.length, 1);
    await container.sh("sv up db");
    await container.until("container_health");
    assert.equal((await container.logs()).stdout.match(/app is up/g)?.length, 2);
    // While it waits it can be stopped like any other service.
    await container.sh("sv -w 50 down db && sv -w 50 restart app && sv -w 50 down app");
    await container.stop();
    assert.equal(await container.exitCode(), 0);
  });

  test("if an essential service's time limit for its needs is over, the container ends", async (t) => {
    const needs = "RUN echo 'db 2' > /etc/service/app/needs && touch /etc/service/app/essential";
    const image = await appAndDb(t, needs, { "/etc/service/db/check": "exit 9" });
    const { status, stdout, stderr } = await runContainer(t, { image });
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^\*\*\* app: db, which it needs, is not ready after 2 s: its check failed \(exit status 9\)$/m,
    );
    assert.doesNotMatch(stdout, /app is up/);
  });

  const refusals = {
    "echo dbx > needs": /line 1: there is no service "dbx" in \/etc\/service; correct the name or take the line out/,
    "echo app > ../db/needs; echo db > needs":
      /services need each other in a circle, app -> db -> app; take one of them out/,
    "echo 'db soon' > needs": /line 1: "soon" is no limit in whole seconds, 1 or more; write NAME or NAME SECONDS/,
    "mkdir needs": /cannot read "\/etc\/service\/app\/needs": is a directory \(EISDIR\)/,
    "mkfifo needs": /cannot read "\/etc\/service\/app\/needs": it is no file/,
    "head -c 1000000 /dev/zero > needs": /cannot read "\/etc\/service\/app\/needs": file is too large \(EFBIG\)/,
    "head -c 1000 /dev/zero > needs": /line 1: there is no service "\\x00/,
  };
  for (const [line, message] of Object.entries(refusals)) {
    test(`refused: ${line}`, async (t) => {
      const image = await appAndDb(t, `RUN cd /etc/service/app && ${line}`);
      const { status, stdout, stderr } = await runContainer(t, { image });
      assert.equal(status, 1);
      assert.doesNotMatch(stdout, /is up/);
      const lines = stderr.split("\n").filter((each) => each.includes("services are not started"));
      assert.equal(lines.length, 1, stderr);
      assert.match(lines[0] ?? "", message);
    });
  }

  test("the command of a one-shot container can wait for services by container_health --wait", async (t) => {
    const needs = "RUN printf 'db\\r\\n# more' > /etc/service/app/needs";
    const image = await appAndDb(t, needs, { "/etc/service/db/check": "sleep 0.3" });
    const { status, stdout } = await runContainer(t, {
      image,
      command: ["/sbin/my_init", "--quiet", "--", "sh", "-c", "container_health --wait 50 && sv status app && exit 7"],
    });
    assert.equal(status, 7);
    assert.match(stdout, /db is up[^]*app is up[^]*run: app:[^]*app said goodbye[^]*db said goodbye/);
  });

  test("services that hang at the stop cost half of the time limit, and a message names them", async (t) => {
    const needs = "RUN echo db > /etc/service/app/needs";
    const image = await appAndDb(t, needs, { "/etc/service/app/run": "exec /fixtures/ignores-term.sh" });
    const container = await startContainer(t, { image, env: { KILL_PROCESS_TIMEOUT: "6" } });
    await container.waitForLog("deaf as PID");
    const tookMs = await container.stop({ graceSeconds: 30 });
    const { stdout, stderr } = await container.logs();
    assert.ok(tookMs > 5800 && tookMs < patient(11_800), `${tookMs} ms`); // not the whole limit for each
    assert.match(stderr, /^\*\*\* db is told to stop while app, which needs it, still runs$/m);
    assert.match(stderr, /ignores-term\.sh \(PID \d+, service app\) did not shut down in time\. Forcing it to exit/);
    assert.match(stdout, /db said goodbye/);
  });

  test("a check that hangs is killed with its children; a child that a check leaves behind delays nothing", async (t) => {
    const needs = "RUN printf 'db 12\\ncache 12' > /etc/service/app/needs";
    const image = await appAndDb(t, needs, {
      "/etc/service/db/check": "if mkdir /tmp/asked 2> /dev/null; then sleep 3333; fi; exit 0",
      "/etc/service/cache/run": server("cache"),
      "/etc/service/cache/check": "sleep 4444 & exit 0",
    });
    const container = await startContainer(t, { image, env: { SHUTDOWN_TIMEOUT: "60" } });
    await container.waitForLog("app is up");
    await container.until("! pgrep -f '^sleep 3333'"); // a killed process is gone a moment later
    await container.waitForLog(/^\*\*\* app: waits for db \(its check /m);
    const tookMs = await container.stop({ graceSeconds: 60 });
    assert.ok(tookMs < patient(20_000), `${tookMs} ms`);
  });

  test("services can be added and removed while others run, and then report their errors themselves", async (t) => {
    const image = await appAndDb(t, "RUN echo db > /etc/service/app/needs");
    const container = await startContainer(t, { image });
    await container.waitForLog("app is up");
    await container.sh(`mkdir /etc/service/late /etc/service/wrong
      echo app > /etc/service/late/needs; echo 'nobody 1' > /etc/service/wrong/needs
      for each in late wrong; do
        printf '#!/bin/sh\\nexec /fixtures/says-goodbye.sh %s\\n' $each > /etc/service/$each/run
        chmod 755 /etc/service/$each/run
      done`);
    await container.waitForLog("late is up");
    await container.waitForLog("*** wrong: nobody, which it needs, is not ready after 1 s: it is no longer there");
    await container.sh("rm -r /etc/service/wrong");
    await container.until("! pgrep -f '^runsv wrong'");
    await container.stop();
    const { stdout } = await container.logs();
    assert.deepEqual(
      order(stdout, /\w+ said goodbye/g),
      ["late", "app", "db"].map((name) => `${name} said goodbye`),
    );
  });

  test("without a file `needs` runsv starts the service's own run; the mirror is in the container's own /dev", async (t) => {
    const image = await imageWith(t, threeServices);
    const container = await startContainer(t, { image });
    await container.waitForLog("web is up");
    const mirror = (await container.sh("pgrep -a runsvdir")).match(/-P (\/dev\/my_init-services-0)$/m)?.[1];
    assert.ok(mirror);
    assert.equal(
      await container.sh(`readlink ${mirror}/web/run /etc/service/web/supervise; ls -A /run/my_init`),
      "/etc/service/web/run\n/dev/my_init-services-0/web/supervise\n",
    );
  });

  test("a second my_init that starts during the boot of the first one does not disturb it", async (t) => {
    const untilGo = "until [ -e /tmp/go ]; do sleep 0.05; done";
    const image = await appAndDb(t, "RUN echo db > /etc/service/app/needs", { "/etc/my_init.d/10_slow": untilGo });
    const container = await startContainer(t, { image });
    await container.waitForLog("Running /etc/my_init.d/10_slow");
    const second = await container.exec(["my_init", "--skip-startup-files", "--", "sh", "-c", "exit 5"]);
    assert.equal(second.status, 5);
    assert.match(second.stderr, /services are not started: another my_init runs them/);
    await container.sh("touch /tmp/go");
    await container.waitForLog("app is up");
    await container.stop();
    assert.equal(await container.exitCode(), 0);
    assert.doesNotMatch((await container.logs()).stderr, /another my_init|cannot/);
  });
});
