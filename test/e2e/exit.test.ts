// A service's end that ends the container. See docs/reference/container_exit.md
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { engine, startContainer } from "../support/container.ts";
import { imageWith } from "../support/derived-image.ts";

/** A command that ends only by a second request to stop: the container must not end before the program that asks for it. */
const deaf = ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; done"];
const env = { SHUTDOWN_TIMEOUT: "600" };

describe("container_exit", { concurrency: 2 }, () => {
  test("in a finish script it ends the container with its status, after an orderly shutdown", async (t) => {
    const image = await imageWith(t, {
      "/etc/service/main/run": "until [ -e /tmp/up ]; do sleep 0.05; done; exit 9",
      "/etc/service/main/finish": "container_exit 3",
      "/etc/service/other/run": 'trap "echo other stopped; exit 0" TERM; : > /tmp/up; while :; do sleep 0.1; done',
      "/etc/my_init.post_shutdown.d/bye": "echo bye",
    });
    const container = await startContainer(t, { image });
    assert.equal(await container.waitForExit(), 3);
    const { stdout, stderr } = await container.logs();
    assert.match(stdout, /other stopped\n(?:.*\n)*bye\n/);
    assert.match(stderr, /^\*\*\* container_exit was called: the container ends with exit status 3$/m);
  });

  for (const [how, args] of Object.entries({ "as PID 1": [], "under docker-init": ["--init"] })) {
    test(`called by ${engine} exec, ${how}, it ends the container while a command runs`, async (t) => {
      const container = await startContainer(t, { args, env, command: ["/sbin/my_init", "--", ...deaf] });
      await container.waitForLog("deaf");
      const { status, stderr } = await container.exec(["container_exit", "42"]);
      assert.equal(stderr, "");
      assert.equal(status, 0);
      await container.signal("TERM");
      assert.equal(await container.waitForExit(), 42);
    });
  }

  test("another user is refused, in one line; the container's own user may ask", async (t) => {
    const container = await startContainer(t);
    await container.waitForLog("Runit started");
    const refused = await container.exec(["container_exit", "3"], { user: "1000" });
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /^container_exit: cannot ask my_init \(PID 1\) to stop: [^\n]*EPERM[^\n]*\n$/);
    assert.equal((await container.exec(["container_exit", "256"])).status, 2);

    const own = await startContainer(t, {
      args: ["--user", "1000", "--cap-drop", "ALL", "--read-only"],
      env,
      command: ["/sbin/my_init", "--skip-runit", "--skip-startup-files", "--", ...deaf],
    });
    await own.waitForLog("deaf");
    assert.equal((await own.exec(["/sbin/container_exit", "9"], { user: "1000" })).status, 0);
    await own.signal("TERM");
    assert.equal(await own.waitForExit(), 9);
  });
});

test("the end of an essential service ends the container with its status", async (t) => {
  const image = await imageWith(
    t,
    { "/etc/service/main/run": "echo up; exec sleep 1000", "/etc/my_init.post_shutdown.d/bye": "echo bye" },
    "RUN touch /etc/service/main/essential",
  );
  const container = await startContainer(t, { image });
  await container.waitForLog("up");
  await container.sh("sv restart main");
  await container.waitForLog(/up\n(?:.*\n)*up\n/);
  // The container may end before this command.
  const kill = "kill -9 $(cat /etc/service/main/supervise/pid)"; // runsv writes it a moment after the start
  await container.exec(["sh", "-c", `until ${kill} 2> /dev/null; do sleep 0.05; done`]);
  assert.equal(await container.waitForExit(), 137);
  assert.match((await container.logs()).stdout, /bye\n$/);

  const stopped = await startContainer(t, { image });
  await stopped.waitForLog("up");
  await stopped.stop();
  assert.equal(await stopped.exitCode(), 0);
});
