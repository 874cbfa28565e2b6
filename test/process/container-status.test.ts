// container_status: real services under a real runit, and a real terminal. See docs/reference/container_status.md
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { dockerEnv, processRing, runInit, startInit } from "../support/process.ts";

const lasting = "exec sleep 1000";

describe("container_status", processRing, () => {
  test("the table and the JSON tell the same, and memory counts descendants", async (t) => {
    const init = await startInit(t, {
      scripts: {
        "/etc/service/db/run": lasting,
        "/etc/service/db/check": "echo hidden; exit 4",
        "/etc/service/web/run": "sleep 1000 & wait",
        "/etc/service/web/log/run": "exec cat",
        "/etc/service/job/run": lasting,
      },
      files: { "/etc/service/job/down": "" },
    });
    await init.waitFor("Runit started as PID");
    await init.exec("until container_health | grep -q '^db: its check failed'; do sleep 0.1; done");
    await init.exec("until container_status web | grep -q '^web/log *up'; do sleep 0.1; done");
    await init.exec(`until container_status --json web | grep -q '"name":"web","healthy":true'; do sleep 0.1; done`);
    const table = await init.exec("container_status 2>&1");
    const [container = "", head = "", ...rows] = table.trim().split("\n");
    assert.match(
      container,
      /^container: up \d+ s since [\d-]+T[\d:]+Z, boot took \d+\.\d\d s, not healthy: db: its check failed/,
    );
    assert.match(head, /^service +state +for +pid +starts +memory +check +last end$/);
    assert.deepEqual(
      rows.map((row) => row.split(" ")[0]),
      ["db", "job", "web", "web/log"],
    );
    assert.match(rows[0] ?? "", /^db +up +\d+ s +\d+ +1 +\d+\.\d MiB +failed \(exit status 4\) +-$/);
    assert.match(rows[1] ?? "", /^job +down +\d+ s +- +0 +- +- +-$/);
    const tell = async () => JSON.parse(await init.exec("container_status --json web"));
    const json = await tell();
    assert.equal(json.healthy, false);
    assert.equal(json.services.length, 2);
    const [web] = json.services;
    assert.deepEqual([web.name, web.healthy, web.state, web.wanted, web.starts], ["web", true, "up", true, 1]);
    const measure = async () => {
      const resident = await init.exec(
        `for pid in ${web.pid} $(cat /proc/${web.pid}/task/${web.pid}/children); do sed -n 's/^VmRSS:\\s*\\([0-9]*\\) kB/\\1/p' /proc/$pid/status; done`,
      );
      const [shell = 0, child = 0] = resident.trim().split("\n").map(Number);
      assert.ok(shell > 0 && child > 0);
      return (shell + child) * 1024;
    };
    // The memory changes while a process still starts, and where the kernel takes pages back.
    let [before, told, after] = [0, 0, 1];
    while (before !== after) {
      before = await measure();
      told = (await tell()).services[0].memoryBytes;
      after = await measure();
    }
    assert.equal(told, before);
  });

  test("at a terminal --watch ends with q or a signal, and the terminal is as before", async (t) => {
    const init = await startInit(t, {
      hasTerminal: true,
      env: { ...dockerEnv, TERM: "xterm" },
      scripts: { "/etc/service/web/run": lasting },
      args: [
        "--quiet",
        "--",
        "sh",
        "-c",
        "stty -g > /before; for i in 1 2; do container_status --watch; echo ended-$?; stty -g | cmp - /before; done; echo same",
      ],
    });
    const isDrawn = /\x1b\[Hx?\x1b\[K[^\n]*container: up/;
    await init.waitFor(isDrawn);
    init.type("x");
    init.type("q");
    await init.waitFor(/^ended-0\r?$/m);
    // The container may end before pkill does.
    await init.exec("until pkill -f '^container_status --watch'; do sleep 0.05; done").catch(() => {});
    await init.waitFor(/^ended-143\r?$/m);
    await init.waitFor(/^same\r?$/m);
    assert.equal((await init.ended()).status, 0);
  });

  test("another user's container, no container and no terminal: one line, and status 1", async (t) => {
    const init = await startInit(t, { scripts: { "/etc/service/web/run": lasting } });
    await init.waitFor("Runit started as PID");
    const asked = (words: string) => init.exec(`${words} 2>&1; echo "status $?"`);
    assert.match(
      await asked("setuser nobody container_status"),
      /^container_status: cannot look into my_init .*\nstatus 1\n$/,
    );
    assert.match(
      await asked("container_status nope"),
      /^container_status: there is no service "nope"; .*\nstatus 1\n$/,
    );
    assert.match(
      await asked("container_status --watch"),
      /^container_status: --watch needs a terminal, .*\nstatus 1\n$/,
    );
    const alone = await runInit(t, { program: "container_status" });
    assert.deepEqual([alone.status, alone.stderr], [1, "container_status: no my_init is running\n"]);
  });
});
