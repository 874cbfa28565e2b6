// HEALTHCHECK with container_health: the container engine learns of a service's end. See docs/reference/container_health.md
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Container, startContainer } from "../support/container.ts";
import { imageWith } from "../support/derived-image.ts";
import { until } from "../support/until.ts";

/** Waits until the container engine reports `status` for the container. */
async function becomes(container: Container, status: string): Promise<void> {
  const isSo = async () => (await container.inspect("{{.State.Health.Status}}")) === status;
  await until(isSo, `the container is ${status}`, 60_000, 50);
}

const healthcheck = 'HEALTHCHECK --interval=1s --timeout=60s --retries=1 CMD ["container_health"]';

describe("container_health", { concurrency: 2 }, () => {
  test("HEALTHCHECK turns unhealthy after a service's end, and healthy when it is up again", async (t) => {
    const image = await imageWith(
      t,
      { "/etc/service/web/run": "until [ -e /broken ] && exit 1; do sleep 0.05; done" },
      healthcheck,
    );
    const container = await startContainer(t, { image });
    await becomes(container, "healthy");
    await container.sh("touch /broken");
    await becomes(container, "unhealthy");
    assert.match(await container.inspect("{{json .State.Health.Log}}"), /"Output":"web: /);
    await container.sh("rm /broken");
    await becomes(container, "healthy");
  });

  test("a check that fails makes the container unhealthy, and its output is in the container engine's health log", async (t) => {
    const image = await imageWith(
      t,
      {
        "/etc/service/web/run": "exec sleep 1000",
        "/etc/service/web/check": "[ ! -e /bad ] || { echo no database; exit 1; }",
      },
      healthcheck,
    );
    const container = await startContainer(t, { image });
    await becomes(container, "healthy");
    await container.sh("touch /bad");
    await becomes(container, "unhealthy");
    assert.match(await container.inspect("{{json .State.Health.Log}}"), /no database/);
    await container.sh("rm /bad");
    await becomes(container, "healthy");
  });

  for (const [how, args] of Object.entries({ "as PID 1": [], "under docker-init": ["--init"] })) {
    test(`the stock image, ${how}, is healthy, and the JSON output shows it`, async (t) => {
      const container = await startContainer(t, { args });
      await container.waitForLog("Runit started");
      assert.equal((await container.exec(["container_health", "--wait", "60"])).status, 0);
      const { status, stdout, stderr } = await container.exec(["container_health", "--json"]);
      assert.equal(status, 0);
      assert.equal(stderr, "");
      const report = JSON.parse(stdout);
      assert.equal(report.healthy, true);
      assert.equal(report.boot, "over");
      const states = Object.fromEntries(
        report.services.map(({ name, state }: { name: string; state: string }) => [name, state]),
      );
      assert.deepEqual(states, { cron: "up", sshd: "not-wanted" });
    });
  }
});
