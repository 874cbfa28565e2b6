// A service whose end ends the container: a file `essential` in its directory. See docs/reference/container_exit.md
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { processRing, runInit, signalService, startInit } from "../support/process.ts";

const lasting = "echo up; exec sleep 1000";

describe("essential", processRing, () => {
  for (const [line, status] of [
    ["exit 3", 3],
    ["exit 0", 0],
    ["exit 255", 255],
    ["kill -9 $$", 137],
    ["kill -TERM $$", 143],
    ["ulimit -c 0; kill -SEGV $$", 139],
  ] as const) {
    test(`a service that ends by '${line}' ends the container with ${status}, in order`, async (t) => {
      const ended = await runInit(t, {
        scripts: {
          "/etc/service/main/run": `until [ -e /tmp/up ]; do sleep 0.02; done; echo run; ${line}`,
          "/etc/service/other/run": 'trap "echo stopped; exit 0" TERM; : > /tmp/up; while :; do sleep 0.05; done',
          "/etc/my_init.post_shutdown.d/bye": "echo bye",
        },
        files: { "/etc/service/main/essential": "" },
      });
      assert.equal(ended.status, status);
      assert.match(ended.stdout, /stopped\nbye\n$/);
      const how =
        status < 128 || status === 255 ? `exited with status ${status}` : `was killed by signal ${status - 128} `;
      assert.ok(ended.stderr.includes(`*** the essential service main ${how}`), ended.stderr);
      assert.ok(ended.stderr.includes(`: the container ends with exit status ${status}\n`), ended.stderr);
    });
  }

  test("it is not started again, however long the shutdown takes", async (t) => {
    const ended = await runInit(t, {
      scripts: {
        // After a second of life runsv restarts a service without a pause: the shutdown script lasts longer than that.
        "/etc/service/main/run": "echo run; sleep 1; exit 3",
        "/etc/my_init.pre_shutdown.d/slow": "sleep 1; echo slow",
      },
      files: { "/etc/service/main/essential": "" },
    });
    assert.equal(ended.status, 3);
    assert.equal(ended.stdout, "run\nslow\n");
  });

  test("a service without the file is started again", async (t) => {
    const init = await startInit(t, { scripts: { "/etc/service/main/run": "echo once more; exit 3" } });
    await init.waitFor(/once more\n(?:.*\n)*once more/);
    init.signal("SIGTERM");
    assert.equal((await init.ended()).status, 0);
  });

  test("the service's own finish script, with the same arguments, and its own control script run first", async (t) => {
    const init = await startInit(t, {
      scripts: {
        "/etc/service/main/run": lasting,
        "/etc/service/main/finish": 'echo "finish $*"; exit 9',
        "/etc/service/main/control/t": 'echo "own t"; exit 1',
      },
      files: { "/etc/service/main/essential": "" },
    });
    await init.waitFor("up");
    await init.exec("sv restart main");
    await init.waitFor(/own t\nfinish -1 15\nup\n/);
    // The shell that has printed the line may not have executed sleep yet.
    await init.exec("until pkill -KILL -x sleep; do sleep 0.02; done").catch(() => {});
    const ended = await init.ended();
    assert.equal(ended.status, 137);
    assert.match(ended.stdout, /\nfinish -1 9\n/);
  });

  test("an administrator's sv restart, term, kill, down and up do not end the container", async (t) => {
    const init = await startInit(t, {
      scripts: { "/etc/service/main/run": 'trap "exit 0" TERM; echo "up $$"; while :; do sleep 0.05; done' },
      files: { "/etc/service/main/essential": "" },
    });
    let starts = 0;
    const started = () => init.waitFor(new RegExp(`(?:up \\d+\\n(?:.*\\n)*?){${++starts}}`));
    await started();
    // `sv start` waits until runsv has recorded the start; until then `sv -v down` would find it down already.
    for (const line of [
      "sv restart main",
      "sv term main",
      "sv kill main",
      "sv force-restart main",
      "sv start main; sv -v down main; sv up main",
    ]) {
      await init.exec(line);
      await started();
    }
    await init.exec(signalService("main", "KILL")).catch(() => {});
    assert.equal((await init.ended()).status, 137);
  });

  test("the container's status stays that of the stop, and that of the first essential service", async (t) => {
    const scripts = {
      "/etc/service/a/run": lasting,
      "/etc/service/b/run": "trap 'exit 44' TERM; echo b; while :; do sleep 0.05; done",
    };
    const files = { "/etc/service/a/essential": "", "/etc/service/b/essential": "" };
    const stopped = await startInit(t, { scripts, files });
    await stopped.waitFor("up");
    await stopped.waitFor("b");
    stopped.signal("SIGTERM");
    assert.equal((await stopped.ended()).status, 0);
    const ended = await startInit(t, { scripts, files });
    await ended.waitFor("b");
    await ended.exec(signalService("a", "USR1")).catch(() => {});
    assert.equal((await ended.ended()).status, 128 + 10);
  });

  test("its end ends a container that runs a command, also after a restart of the container", async (t) => {
    const first = await startInit(t, {
      scripts: {
        "/etc/service/main/run": "until [ -e /go ]; do sleep 0.02; done; exit 5",
        "/etc/service/main/finish": "echo finish",
      },
      files: { "/etc/service/main/essential": "" },
      args: ["sh", "-c", "echo ready; exec sleep 1000"],
    });
    await first.waitFor("ready");
    first.signal("SIGTERM");
    assert.equal((await first.ended()).status, 143);
    const again = await startInit(t, { view: first.view, args: ["sh", "-c", "echo ready; exec sleep 1000"] });
    await again.waitFor("ready");
    first.view.write("/go", "");
    const ended = await again.ended();
    assert.equal(ended.status, 5);
    assert.equal(ended.stdout, "ready\nfinish\n");
  });

  test("once the file is removed, the service's end no longer ends the container", async (t) => {
    const init = await startInit(t, {
      scripts: { "/etc/service/main/run": "echo up; until [ -e /go ]; do sleep 0.02; done; rm /go; exit 5" },
      files: { "/etc/service/main/essential": "" },
    });
    await init.waitFor("up");
    await init.exec("rm /etc/service/main/essential; touch /go");
    await init.waitFor(/up\n(?:.*\n)*up\n/);
    init.signal("SIGTERM");
    assert.equal((await init.ended()).status, 0);
  });

  test("also in a directory that cannot be written", async (t) => {
    const { status, stderr } = await runInit(t, {
      scripts: { "/srv/main/run": "exit 3" },
      files: { "/srv/main/essential": "" },
      prepare: `mkdir $root/run/supervise-main; ln -s /run/supervise-main $root/srv/main/supervise
        mount --bind $root/srv/main $root/srv/main; mount -o remount,bind,ro $root/srv/main; ln -s /srv/main $root/etc/service/main`,
    });
    assert.equal(status, 3);
    assert.ok(stderr.includes("*** the essential service main exited with status 3"), stderr);
  });
});
