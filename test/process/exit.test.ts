// container_exit: the real program asks the real my_init to end with a status. See docs/reference/container_exit.md
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { dockerEnv, type Init, isSanitized, processRing, runInit, startInit, until } from "../support/process.ts";

/** A service that runs until it gets TERM, and prints that. */
const orderly = 'trap "echo stopped; exit 0" TERM; echo up; : > /tmp/up; while :; do sleep 0.1; done';

/** Calls container_exit from outside; the namespace may end before the caller does. */
async function askIn(init: Init, status: number): Promise<void> {
  await init.exec(`container_exit ${status}`).catch(() => {});
}

describe("container_exit", processRing, () => {
  test("called in a finish script it ends the container with its status, in order", async (t) => {
    const ended = await runInit(t, {
      scripts: {
        "/etc/service/main/run": "until [ -e /tmp/up ]; do sleep 0.02; done; exit 9",
        "/etc/service/main/finish": "container_exit 3",
        "/etc/service/other/run": orderly,
        "/etc/my_init.post_shutdown.d/bye": "echo bye",
      },
    });
    assert.equal(ended.status, 3);
    assert.match(ended.stdout, /^up\n(?:.*\n)*stopped\nbye\n$/);
    assert.match(ended.stderr, /^\*\*\* container_exit was called: the container ends with exit status 3$/m);
  });

  test("called by the command, its status takes precedence over the command's own", async (t) => {
    for (const [line, status] of [
      ["container_exit 7; echo status $?", 7],
      ["container_exit; exit 5", 0],
      ["container_exit 255; exec sleep 1000", 255],
    ] as const) {
      const ended = await runInit(t, { args: ["--skip-runit", "--", "sh", "-c", line] });
      assert.equal(ended.status, status, line);
      assert.ok(!ended.stdout.includes("status") || ended.stdout === "status 0\n", ended.stdout);
    }
  });

  test("called by a process without a parent in the container, it finds my_init, while a command runs", async (t) => {
    const init = await startInit(t, {
      args: ["sh", "-c", 'trap "echo got TERM; exit 8" TERM; echo ready; sleep 1000 & wait'],
    });
    await init.waitFor("ready");
    await askIn(init, 44);
    const ended = await init.ended();
    assert.equal(ended.status, 44);
    assert.match(ended.stdout, /got TERM/);
  });

  test("called by a startup script it ends the boot", async (t) => {
    const ended = await runInit(t, {
      scripts: {
        "/etc/my_init.d/10_ask": "container_exit 6; echo first goes on",
        "/etc/my_init.d/20_next": "echo next ran",
        "/etc/my_init.post_shutdown.d/bye": "echo bye",
      },
      args: ["echo", "command ran"],
    });
    assert.equal(ended.status, 6);
    assert.equal(ended.stdout, "first goes on\nbye\n");
  });

  test("it finds a my_init that is not PID 1, called by its child or by another process", async (t) => {
    const inside = await runInit(t, { besides: {}, args: ["sh", "-c", "container_exit 21"] });
    assert.equal(inside.status, 21);
    const init = await startInit(t, { besides: {} });
    await init.waitFor("Runit started as PID");
    await askIn(init, 22);
    assert.equal((await init.ended()).status, 22);
  });

  test("the first status counts, whether the next comes before or during the shutdown", async (t) => {
    const ended = await runInit(t, {
      args: ["sh", "-c", "container_exit 1; container_exit 2; container_exit 3; exit 4"],
      scripts: { "/etc/my_init.pre_shutdown.d/more": "container_exit 5; echo $?" },
    });
    assert.equal(ended.status, 1);
    assert.equal(ended.stdout, "0\n");
  });

  test("many calls at the same time cause one shutdown, with one of their statuses", async (t) => {
    const ended = await runInit(t, {
      args: ["sh", "-c", "for n in 11 12 13 14 15 16 17 18; do container_exit $n & done; wait; sleep 1000"],
    });
    assert.ok(ended.status >= 11 && ended.status <= 18, `${ended.status}`);
    assert.equal(ended.stderr.split("container_exit was called").length, 2);
  });

  test("a shutdown that has already begun, by a stop or the command's end, keeps its status", async (t) => {
    const finish = {
      "/etc/service/web/run": "echo ready; exec sleep 1000",
      "/etc/service/web/finish": "container_exit 3",
    };
    const stopped = await startInit(t, { scripts: finish });
    await stopped.waitFor("ready");
    stopped.signal("SIGTERM");
    assert.equal((await stopped.ended()).status, 0);
    const ended = await runInit(t, {
      scripts: { "/etc/my_init.post_shutdown.d/ask": "container_exit 3" },
      args: ["sh", "-c", "exit 4"],
    });
    assert.equal(ended.status, 4);
  });

  test("a plain RTMIN+3, and one with a value that is not ours, set no status", async (t) => {
    for (const queue of ["", "--queue 3"]) {
      const init = await startInit(t);
      await init.waitFor("Runit started as PID");
      // The container may end the shell before it can print the status of kill.
      await init.exec(`/usr/bin/kill -s RTMIN+3 ${queue} 1`).catch(() => {});
      assert.equal((await init.ended()).status, 0);
    }
  });

  // The sanitizer's loader hides the name by which another user's my_init is known.
  test("another user than my_init's is refused in one line, with status 1", { skip: isSanitized }, async (t) => {
    const init = await startInit(t);
    await init.waitFor("Runit started as PID");
    const printed = await init.exec("setuser nobody container_exit 3 2>&1; echo $?");
    assert.equal(
      printed,
      "container_exit: cannot ask my_init (PID 1) to stop: operation not permitted (EPERM); " +
        "only root and the user it runs as may ask\n1\n",
    );
    init.signal("SIGTERM");
    assert.equal((await init.ended()).status, 0);
  });

  test("the user that my_init runs as may call it", async (t) => {
    const ended = await runInit(t, {
      wrapper: ["setuser", "nobody"],
      args: ["--skip-runit", "--", "sh", "-c", "container_exit 12"],
    });
    assert.equal(ended.status, 12);
  });

  test("without a my_init the status is 1, with a message; for a bad exit status it is 2, with the usage", async (t) => {
    const alone = await runInit(t, { program: "container_exit", args: ["3"] });
    assert.equal(alone.status, 1);
    assert.equal(alone.stderr, "container_exit: no my_init is running\n");
    for (const args of [["256"], ["-1"], ["three"], ["1", "2"]]) {
      const bad = await runInit(t, { program: "container_exit", args });
      assert.equal(bad.status, 2);
      assert.match(bad.stderr, /^usage: container_exit/m);
    }
  });

  test("it returns before the shutdown is over", async (t) => {
    const init = await startInit(t, {
      env: { ...dockerEnv, SHUTDOWN_TIMEOUT: "600" },
      args: ["sh", "-c", 'trap "" TERM; echo ready; while :; do sleep 1; done'],
    });
    await init.waitFor("ready");
    await init.exec("container_exit 3");
    await until(() => init.output.includes("Shutting down the command"), "the shutdown has begun");
    init.signal("SIGTERM");
    assert.equal((await init.ended()).status, 3);
  });
});
