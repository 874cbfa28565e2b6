// Restart rules and tasks: a file `restart` in a service's directory. See docs/reference/services.md
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { patient } from "../support/patience.ts";
import { dockerEnv, processRing, startInit } from "../support/process.ts";

/** Counts its starts in a file, and prints the number. */
const counted = (name: string) =>
  `n=$(($(cat /tmp/${name} 2> /dev/null || echo 0) + 1)); echo $n > /tmp/${name}; echo "${name} $n"`;

/** Two lines of services, with lines of the image between them. */
const afterEachOther = (one: string, other: string) => new RegExp(`^${one}\\n(?:\\*{3} .*\\n)*${other}$`, "m");

const lasting = (name: string) => `echo "${name} is up"; exec sleep 1000`;

describe("restart", processRing, () => {
  test("a database, a migration that fails twice, and an app that needs it come up in order", async (t) => {
    const init = await startInit(t, {
      scripts: {
        "/etc/service/app/run": lasting("app"),
        "/etc/service/db/run": `sleep 0.3; ${lasting("db")}`,
        "/etc/service/db/check": "[ -e /tmp/migrate ] || touch /tmp/db-is-up",
        "/etc/service/migrate/run": `[ -e /tmp/db-is-up ] || exit 9; ${counted("migrate")}; [ $n = 3 ]`,
      },
      files: {
        "/etc/service/app/needs": "migrate\n",
        "/etc/service/migrate/needs": "db\n",
        "/etc/service/migrate/restart": "policy on-failure\ngive-up 9 60\n",
      },
    });
    await init.waitFor("app is up");
    assert.equal(await init.exec("container_health --wait 50"), "");
    assert.match(await init.exec("container_status migrate"), /\nmigrate +done .* 3 +- +- +ended with exit code 0, /);
    assert.match(await init.exec("sv status migrate"), /^down: migrate: \d+s, normally up$/m);
    init.signal("SIGTERM");
    const { status, stdout, stderr } = await init.ended();
    assert.equal(status, 0);
    // The check of db does not say when its line comes.
    assert.equal(stdout.replace("db is up\n", ""), "migrate 1\nmigrate 2\nmigrate 3\napp is up\n");
    assert.match(stderr, /^\*\*\* migrate ended with exit code 1 after \d+\.\d s$/m);
    assert.doesNotMatch(stderr, /migrate ended with exit code 0|not started again/);
  });

  test("a migration that never succeeds gives up: the app is not started, and the container is not healthy", async (t) => {
    const init = await startInit(t, {
      scripts: { "/etc/service/app/run": lasting("app"), "/etc/service/migrate/run": `${counted("migrate")}; exit 3` },
      files: {
        "/etc/service/app/needs": "migrate\n",
        "/etc/service/migrate/restart": "policy on-failure\ngive-up 3 60 # tries\n",
      },
    });
    await init.waitFor(
      /\(3rd time\) and is not started again: it ended 3 times within 60 s; "sv up migrate" starts it$/m,
    );
    // The line comes from its finish program, which still runs.
    await init.exec("until container_status migrate | grep '^migrate  *gave up'; do sleep 0.1; done");
    const health = await init.exec("container_health; echo $?");
    assert.match(health, /^migrate: gave up, and is not started again; it last ended with exit code 3 \(.*: 3\)$/m);
    assert.match(health, /^app: waits for migrate$/m);
    assert.match(health, /^1$/m);
    await init.exec("sv up migrate");
    await init.waitFor("migrate 4");
    await init.waitFor(/\(6th time\) and is not started again/);
    await init.exec("sv down migrate");
    await init.exec("until container_status migrate | grep '^migrate  *down '; do sleep 0.1; done");
    init.signal("SIGTERM");
    const { status, output } = await init.ended();
    assert.equal(status, 0);
    assert.doesNotMatch(output, /app is up|migrate 7/);
  });

  test("where it is essential, the container ends with its status when it gives up, and lives when it is done", async (t) => {
    const start = (last: string) =>
      startInit(t, {
        scripts: {
          "/etc/service/app/run": lasting("app"),
          "/etc/service/migrate/run": `${counted("migrate")}; ${last}`,
        },
        files: {
          "/etc/service/app/needs": "migrate\n",
          "/etc/service/migrate/restart": "policy on-failure\ngive-up 2 60\n",
          "/etc/service/migrate/essential": "",
        },
      });
    const failing = await (await start("exit 7")).ended();
    assert.equal(failing.status, 7);
    assert.match(failing.stderr, /^\*\*\* the essential service migrate exited with status 7: the container ends/m);
    assert.match(failing.stdout, /^migrate 1\nmigrate 2\n$/);
    const init = await start("[ $n = 2 ]");
    await init.waitFor("app is up");
    init.signal("SIGTERM");
    assert.equal((await init.ended()).status, 0);
  });

  test("an essential task that no service needs is the work of the container", async (t) => {
    const init = await startInit(t, {
      scripts: { "/etc/service/job/run": `${counted("job")}; [ $n = 2 ]` },
      files: { "/etc/service/job/restart": "policy on-failure\n", "/etc/service/job/essential": "" },
    });
    const { status, stdout } = await init.ended();
    assert.deepEqual([status, stdout], [0, "job 1\njob 2\n"]);
  });

  test("a service waits for its delay, `sv` ends the wait, and the stop does not wait for it", async (t) => {
    const init = await startInit(t, {
      scripts: { "/etc/service/web/run": `${counted("web")}; exit 1`, "/etc/service/web/finish": 'echo "finish $1"' },
      env: { ...dockerEnv, SHUTDOWN_TIMEOUT: "60" },
      files: { "/etc/service/web/restart": "delay 600\n" },
    });
    await init.waitFor(afterEachOther("web 1", "finish 1"));
    await init.exec('until container_status web | grep -q "starting again in"; do sleep 0.1; done');
    assert.match(await init.exec("container_status --json web"), /"state":"delayed".*"starts":1,/);
    await init.exec("sv up web");
    await init.waitFor(afterEachOther("web 2", "finish 1"));
    await init.exec('until container_status web | grep -q "starting again in"; do sleep 0.1; done');
    await init.exec("sv restart web");
    await init.waitFor(afterEachOther("finish 143", "web 3"));
    await init.exec('until container_status web | grep -q "starting again in"; do sleep 0.1; done');
    await init.exec("sv down web");
    await init.exec('until container_status web | grep -q "web  *down"; do sleep 0.1; done');
    await init.exec("sv up web");
    await init.waitFor(afterEachOther("web 4", "finish 1"));
    await init.exec('until container_status web | grep -q "starting again in"; do sleep 0.1; done');
    const begin = performance.now();
    init.signal("SIGTERM");
    const { status, stdout } = await init.ended();
    assert.equal(status, 0);
    assert.ok(performance.now() - begin < patient(20_000), "the stop took too long");
    assert.doesNotMatch(stdout, /web 5/);
  });

  test("what a runsv before has recorded in a prepared directory is forgotten at the boot", async (t) => {
    const init = await startInit(t, {
      scripts: { "/etc/service/web/run": lasting("web"), "/etc/my_init.d/10": "chmod 777 /etc/service/web/supervise" },
      files: {
        "/etc/service/web/restart": "delay 600\n",
        "/etc/service/web/supervise/restarts": "again 600000 99999999999\n",
        "/etc/service/web/supervise/ends": "7 7 1 0 1 1 0 0 0 0\n",
      },
    });
    await init.waitFor("web is up");
    // runsv records the start a moment after it.
    await init.exec("until container_status web | grep -q '^web  *up '; do sleep 0.02; done");
    assert.match(await init.exec("container_status web"), /\nweb +up .* 1 +\d+\.\d MiB +- +-\n$/);
    init.signal("SIGTERM");
    assert.equal((await init.ended()).status, 0);
  });
});
