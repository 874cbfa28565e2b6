// The image under the Docker of today, on control groups v2 and with AppArmor.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type Container, cleanUp, image, run, startContainer } from "../support/container.ts";
import { until } from "../support/until.ts";

/** All that BuildKit knows and the classic builder does not, and a part for each test below. */
const dockerfile = `FROM ${image}
COPY --chmod=755 <<SERVICE /etc/service/worker/run
#!/bin/sh
trap 'echo worker said goodbye; exit 0' TERM
logger worker logs
until [ -e /broken ]; do sleep 0.1; done
SERVICE
COPY --chmod=644 <<JOB /etc/cron.d/job
@reboot root echo "the job was given \\$GIVEN"
JOB
RUN --mount=type=cache,target=/cache --mount=type=bind,from=${image},target=/other <<SCRIPT
#!/bin/bash
set -e
[[ -x /other/sbin/my_init ]]
echo by a script > /cache/word
cp /cache/word /etc/container_environment/GIVEN
ssh-keygen -q -t ed25519 -N "" -f /root/key
cp /root/key.pub /root/.ssh/authorized_keys
SCRIPT
HEALTHCHECK --interval=1s --timeout=30s --retries=1 CMD ["container_health"]
`;

/** The kernel's count for the container's control group, in MiB. */
function memory(id: string): string {
  const bytes = Number(readFileSync(`/sys/fs/cgroup/system.slice/docker-${id}.scope/memory.current`, "utf8"));
  return (bytes / 2 ** 20).toFixed(1);
}

function becomes(container: Container, format: string, status: string): Promise<void> {
  const isSo = async () => (await container.inspect(format)) === status;
  return until(isSo, `${format} is ${status}`, 30_000, 200);
}

test("the stock image boots, needs little memory, and stops with status 0", async (t) => {
  const container = await startContainer(t);
  await container.until("container_health --wait 20");
  t.diagnostic(`memory.current idle: ${memory(container.id)} MiB`);
  await container.sh("ssh-keygen -q -t ed25519 -N '' -f /root/key; cat /root/key.pub >> /root/.ssh/authorized_keys");
  await container.sh("/etc/my_init.d/00_regen_ssh_host_keys.sh; sv -w 60 start sshd");
  t.diagnostic(`memory.current with sshd: ${memory(container.id)} MiB`);
  const confined = await container.sh(
    "for name in my_init syslog-ng cron; do cat /proc/$(pgrep -x $name)/attr/current; done",
  );
  assert.equal(confined, "docker-default (enforce)\n".repeat(3));
  await container.stop();
  assert.equal(await container.exitCode(), 0);
});

test("an image with heredocs, COPY --chmod and RUN --mount", async (t) => {
  const name = `baseimage-test:modern-${process.pid}`;
  cleanUp(t, () => run(["rmi", "--force", name]));
  await t.test("is built by BuildKit", async () => {
    const { status, stdout, stderr } = await run(["buildx", "build", "--tag", name, "-"], { input: dockerfile });
    assert.equal(status, 0, stdout + stderr);
  });
  const container = await startContainer(t, { image: name, args: ["--restart", "on-failure"] });

  await t.test("its services start, and Docker knows that it is healthy", async () => {
    await container.waitForLog("Runit started as PID");
    await container.until("sv status worker | grep -q ^run");
    await becomes(container, "{{.State.Health.Status}}", "healthy");
  });
  await t.test("the system log is in docker logs and in /var/log", async () => {
    await container.waitForLog(/root: worker logs$/m);
    assert.match(await container.sh("cat /var/log/syslog"), /root: worker logs$/m);
  });
  await t.test("cron runs jobs with the container environment", async () => {
    await container.waitForLog("the job was given by a script");
  });
  await t.test("a user with the key logs in by ssh, and gets the container environment", async () => {
    const options = "-o StrictHostKeyChecking=no -o ConnectTimeout=60 -o ConnectionAttempts=60";
    const answer = await container.sh(
      `ssh -i /root/key ${options} root@127.0.0.1 'echo "$GIVEN"; cat /proc/self/attr/current'`,
    );
    assert.equal(answer, "by a script\ndocker-default (enforce)\n");
  });
  await t.test("Docker learns of a service's end, and of its next start", async () => {
    await container.sh("touch /broken");
    await becomes(container, "{{.State.Health.Status}}", "unhealthy");
    await container.sh("rm /broken");
    await becomes(container, "{{.State.Health.Status}}", "healthy");
  });
  await t.test("docker restart stops it in order, and starts it again", async () => {
    assert.equal((await run(["restart", "--timeout", "60", container.id])).status, 0);
    const { stdout, stderr } = await container.logs();
    assert.match(stdout + stderr, /worker said goodbye/);
    assert.doesNotMatch(stdout + stderr, /Forcing|SIGKILL/);
    await becomes(container, "{{.State.Health.Status}}", "healthy");
  });
  await t.test("after container_exit 3 Docker starts it again, as --restart says", async () => {
    await container.exec(["container_exit", "3"]);
    await becomes(container, "{{.RestartCount}} {{.State.Health.Status}}", "1 healthy");
  });
  await t.test("after a SIGKILL of all of it, too", async () => {
    const pid = await container.inspect("{{.State.Pid}}");
    process.kill(Number(pid), "SIGKILL");
    await becomes(container, "{{.RestartCount}} {{.State.Health.Status}}", "2 healthy");
  });
  await t.test("docker stop ends it with status 0", async () => {
    await container.stop();
    assert.equal(await container.exitCode(), 0);
  });
});
