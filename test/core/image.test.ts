// What each image must do, on any base and any architecture: it boots, its parts work, it has the right exit statuses, and
// stops in order. For `make test-arm64`, where an emulator runs it, and for `make test-bases`.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { image, run, runContainer, startContainer } from "../support/container.ts";
import { imageWith } from "../support/derived-image.ts";

const machines: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };
const architecture = process.env["ARCH"] || machines[process.arch] || process.arch;
const machine = { amd64: "x86_64", arm64: "aarch64" }[architecture];
/** An emulated boot takes seconds, several at the same time take more. */
const patience = { withinMs: 120_000 };

before(async () => {
  const { stdout } = await run(["image", "inspect", "--format", "{{.Os}}/{{.Architecture}}", image]);
  assert.equal(stdout.trim(), `linux/${architecture}`, `${image} is what ARCH says`);
});

describe("exit status in a container", { concurrency: 2 }, () => {
  const cases = [
    ["a command's own status", ["--", "sh", "-c", "exit 42"], 42],
    ["128 + signal of a command that died", ["--", "sh", "-c", "kill -9 $$"], 137],
    ["127 for a command that is not found", ["--", "no-such-command"], 127],
    ["126 for one that may not be executed", ["--", "/etc/passwd"], 126],
    ["2 for bad usage", ["--bogus"], 2],
  ] as const;
  for (const [what, words, status] of cases) {
    test(`the container's exit code is ${what}`, async (t) => {
      const outcome = await runContainer(t, { ...patience, command: ["/sbin/my_init", ...words] });
      assert.equal(outcome.status, status, outcome.stderr);
    });
  }

  test("if a startup script fails with N, the container's exit code is N", async (t) => {
    const derived = await imageWith(t, { "/etc/my_init.d/50_bad": "exit 42" });
    const outcome = await runContainer(t, { ...patience, image: derived, command: ["/sbin/my_init", "--", "true"] });
    assert.equal(outcome.status, 42, outcome.stderr);
    assert.match(outcome.stderr, /^\*\*\* \/etc\/my_init\.d\/50_bad failed with status 42$/m);
  });

  test("after container_exit N the container's exit code is N", async (t) => {
    const container = await startContainer(t);
    await container.waitForLog("Runit started as PID", patience);
    assert.equal((await container.exec(["container_exit", "9"])).status, 0);
    assert.equal(await container.waitForExit(patience), 9);
  });
});

test("the image boots, its parts work, and docker stop ends it in order with status 0", async (t) => {
  const derived = await imageWith(t, {
    "/etc/service/worker/run": 'trap "echo worker stopped; exit 0" TERM; echo worker up; while :; do sleep 1; done',
    "/etc/my_init.post_shutdown.d/bye": "echo bye",
    "/etc/my_init.d/50_job": "echo '@reboot root echo \"the job sees $FOO\"' > /etc/cron.d/job",
  });
  const container = await startContainer(t, {
    image: derived,
    env: { FOO: "it's", SHUTDOWN_TIMEOUT: "50" },
    command: ["/sbin/my_init", "--enable-insecure-key"],
  });
  await container.waitForLog("worker up", patience);
  assert.equal(await container.sh("uname -m"), `${machine}\n`);
  assert.equal(await container.sh("container_health --wait 60; echo $?"), "0\n");
  assert.equal(await container.sh("sv status cron sshd worker | grep -c ^run:"), "3\n");
  assert.equal(await container.sh("setuser nobody sh -c 'id -un; echo $HOME'"), "nobody\n/nonexistent\n");
  assert.equal(await container.sh("cat /etc/container_environment/FOO"), "it's");
  await container.sh("logger -t tag hello");
  await container.waitForLog(/tag.*hello/, patience);
  await container.until("grep -h hello /var/log/syslog /var/log/user.log | grep -c tag | grep -qx 2", patience);
  // The PAM module gives a session of cron and of sshd the variables of the container.
  await container.waitForLog("the job sees it's", patience);
  const login = "ssh -i /tmp/key -o StrictHostKeyChecking=no -o LogLevel=ERROR root@127.0.0.1 'echo $FOO'";
  await container.sh("install -m 600 /etc/insecure_key /tmp/key");
  assert.equal(await container.until(login, patience), "it's\n");
  assert.equal(await container.sh("logrotate --debug /etc/logrotate.conf 2>&1 | grep -ci error || true"), "0\n");

  await container.stop({ graceSeconds: 60 });
  assert.equal(await container.exitCode(), 0);
  const { stdout, stderr } = await container.logs();
  assert.match(stdout, /worker stopped\n(?:.*\n)*bye\n/);
  assert.match(
    stderr,
    /\*\*\* Shutting down runit daemon[^]*\*\*\* Killing all processes\.\.\.\n(\*\*\* The shutdown took .*\n)?$/,
  );
});
