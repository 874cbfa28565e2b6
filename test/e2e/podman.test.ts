// The same image under Podman: it differs from Docker in how the container is started and stopped.
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { image as imageUnderTest } from "../support/container.ts";
import { podmanOptions as options, podman, podmanImage, removePodmanImage, withPodman } from "../support/podman.ts";

function start(t: TestContext, name: string, words: readonly string[]): void {
  t.after(() => podman(["rm", "--force", "--time", "0", name]));
  const { status, stderr } = podman(["run", "--detach", "--name", name, ...options, ...words]);
  assert.equal(status, 0, stderr);
}

function waitForLog(name: string, sign: RegExp): void {
  const end = performance.now() + 60_000;
  for (;;) {
    const { stdout, stderr } = podman(["logs", name]);
    if (sign.test(stdout + stderr)) return;
    if (performance.now() > end) throw new Error(`${sign} never came:\n${stdout}${stderr}`);
  }
}

describe("podman", withPodman, () => {
  const image = `podman-test:${process.pid}`;
  before(() => podmanImage(imageUnderTest, image));
  after(() => removePodmanImage(image));

  test("a one-shot container prints what its command prints, and ends with its status", () => {
    const outcome = podman([
      "run",
      "--rm",
      ...options,
      image,
      "/sbin/my_init",
      "--quiet",
      "--",
      "sh",
      "-c",
      "echo X; exit 42",
    ]);
    assert.deepEqual([outcome.status, outcome.stdout, outcome.stderr], [42, "X\n", ""]);
  });

  test("podman stop ends services in order, with exit code 0", (t) => {
    const name = `baseimage-test-podman-stop-${process.pid}`;
    const service = "/etc/service/worker/run";
    const script = `#!/bin/sh\\ntrap "echo worker said goodbye; exit 0" TERM\\necho worker is up\\nwhile :; do sleep 0.05; done\\n`;
    const boot = `mkdir -p /etc/service/worker; printf '${script}' > ${service}; chmod 755 ${service}; exec /sbin/my_init`;
    start(t, name, ["--entrypoint", "sh", image, "-c", boot]);
    waitForLog(name, /worker is up/);
    assert.equal(podman(["stop", "--time", "10", name]).status, 0);
    assert.equal(podman(["inspect", "--format", "{{.State.ExitCode}}", name]).stdout.trim(), "0");
    const { stdout, stderr } = podman(["logs", name]);
    assert.match(stdout + stderr, /worker said goodbye/);
    assert.doesNotMatch(stdout + stderr, /Forcing/);
  });

  test("SIGRTMIN+3, which Podman sends to a container that it takes for systemd, ends it in order", (t) => {
    const name = `baseimage-test-podman-rtmin-${process.pid}`;
    start(t, name, ["--stop-signal", "37", image]);
    waitForLog(name, /Runit started as PID/);
    assert.equal(podman(["stop", "--time", "10", name]).status, 0);
    assert.equal(podman(["inspect", "--format", "{{.State.ExitCode}}", name]).stdout.trim(), "0");
  });

  const restrictions = {
    "as it is": [],
    "with every restriction": [
      ...["--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
      ...["--read-only", "--tmpfs", "/run", "--tmpfs", "/tmp"],
    ],
  };
  for (const user of ["0", "1000", "12345:0"]) {
    for (const [what, more] of Object.entries(restrictions)) {
      // A service on a volume that cannot be written: it needs a mirror even if the root can be written.
      test(`as ${user}, ${what}: services are supervised, the status is the command's, at most one warning`, (t) => {
        const volume = mkdtempSync(join(tmpdir(), "baseimage-test-"));
        t.after(() => rmSync(volume, { recursive: true }));
        chmodSync(volume, 0o755);
        writeFileSync(join(volume, "run"), "#!/bin/sh\nexec sleep 1000\n", { mode: 0o755 });
        const check =
          "for i in $(seq 600); do sv status worker 2> /dev/null | grep -q ^run && exit 7; sleep 0.05; done";
        const mount = ["--volume", `${volume}:/etc/service/worker:ro`];
        const outcome = podman([
          ...["run", "--rm", ...options, ...mount, "--user", user, ...more, image],
          ...["/sbin/my_init", "--quiet", "--", "sh", "-c", check],
        ]);
        assert.equal(outcome.status, 7, outcome.stdout + outcome.stderr);
        assert.equal(outcome.stdout, "");
        assert.ok(outcome.stderr.split("\n").filter((line) => line !== "").length <= 1, outcome.stderr);
      });
    }
  }
});
