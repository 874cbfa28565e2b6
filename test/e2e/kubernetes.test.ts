// examples/kubernetes, run by `podman play kube`: the test checks the pod, not the cluster that would watch it.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { buildDirectory, cleanUp, image, untilLine } from "../support/container.ts";
import { hasFailed } from "../support/has-failed.ts";
import { playKube, podman, podmanBeside, podmanImage, removePodmanImage, withPodman } from "../support/podman.ts";

const manifest = readFileSync("examples/kubernetes/web.yaml", "utf8");

type Pod = {
  readonly name: string;
  /** The app's container, as Podman calls it. */
  readonly container: string;
  /** Runs a line of `sh` in it that must succeed. */
  sh(line: string): string;
  logs(): string;
};

/** What the test's pods, their volumes and their image are called: Podman's names are the machine's. */
const own = `kubernetes-test-${process.pid}`;

/** The only one of these lines that `sign` is in. */
function onlyLine(text: string, sign: string): string {
  const lines = text.split("\n").filter((line) => line.includes(sign));
  assert.equal(lines.length, 1, `${sign}\n${text}`);
  return lines[0] ?? "";
}

/** The manifest with another text in place of one that must be in it. */
function changed(text: string, from: string, to: string): string {
  assert.ok(text.includes(from), from);
  return text.replace(from, to);
}

/** Runs one replica of the manifest. It is removed when `t` ends, after its log was shown if `t` is red. */
function startPod(t: TestContext, text: string): Pod {
  const directory = mkdtempSync(join(tmpdir(), "baseimage-test-"));
  const file = join(directory, "web.yaml");
  // Podman would give all replicas the same volumes.
  writeFileSync(file, changed(text, "replicas: 3", "replicas: 1").replace(/\bweb\b/g, own));
  cleanUp(t, async () => {
    if (hasFailed(t)) console.error(podman(["logs", pod.container]));
    playKube(["--down", file]);
    rmSync(directory, { recursive: true });
  });
  const { status, stderr } = playKube([file]);
  assert.equal(status, 0, stderr);
  const names = podman(["ps", "--pod", "--format", "{{.PodName}} {{.Names}}", "--filter", `name=${own}`]).stdout;
  const [name = "", container = ""] = onlyLine(names, "-app").split(" ");
  const pod: Pod = {
    name,
    container,
    sh: (line) => {
      const outcome = podman(["exec", container, "sh", "-c", line]);
      assert.equal(outcome.status, 0, `${line}\n${outcome.stdout}${outcome.stderr}\n${pod.logs()}`);
      return outcome.stdout;
    },
    logs: () => {
      const { stdout, stderr } = podman(["logs", container]);
      return stdout + stderr;
    },
  };
  return pod;
}

/** Each probe's command. */
function probes(): string[] {
  const commands = [...manifest.matchAll(/(\w+)Probe:\s+exec: \{ command: \[(.*)\] \}/g)];
  assert.deepEqual(
    commands.map(([, probe]) => probe),
    ["startup", "readiness", "liveness"],
  );
  return commands.map(([, , words = ""]) => words.replaceAll(",", ""));
}

/** Seconds that Kubernetes waits before it kills. */
function patience(): number {
  return Number(/terminationGracePeriodSeconds: (\d+)/.exec(manifest)?.[1]);
}

/** What all pods of the manifest have in common once they are up. */
function assertRestricted(pod: Pod): void {
  for (const probe of probes()) pod.sh(untilLine(probe));
  assert.equal(pod.sh("curl --silent --fail http://localhost:3000/"), "version 1\n");
  assert.equal(pod.sh("ps -o user= -C my_init,runsvdir,runsv,node | sort -u"), "10001\n");
  const status = pod.sh('cat "/proc/$(pgrep -f ^node)/status"');
  for (const line of [/^CapPrm:\t0+$/m, /^CapBnd:\t0+$/m, /^NoNewPrivs:\t1$/m, /^Seccomp:\t2$/m])
    assert.match(status, line);
  assert.match(pod.sh("touch /file 2>&1 || true"), /Read-only file system/);
}

/** Stops by `words` while a request is under way, which is answered. */
async function stopUnderLoad(pod: Pod, words: readonly string[]): Promise<void> {
  const beside = (line: string) => podmanBeside(["exec", pod.container, "sh", "-c", line]);
  const slow = beside("curl --silent --show-error --fail http://localhost:3000/slow");
  // The readiness probe fails; a request that still comes is answered, and its connection is closed.
  const last = beside(`echo watching > /tmp/watcher; while ${probes()[1]} > /dev/null; do sleep 0.05; done
    until curl --silent --include http://localhost:3000/ | tee /tmp/answer | grep -q 'Connection: close'; do sleep 0.05; done
    cat /tmp/answer`);
  pod.sh(untilLine("[ -s /tmp/watcher ] && grep -q ':0BB8 [^ ]* 01 ' /proc/net/tcp /proc/net/tcp6"));
  const begin = performance.now();
  const stop = await podmanBeside(words);
  assert.equal(stop.status, 0, stop.stderr);
  assert.ok(performance.now() - begin < patience() * 1000);
  assert.deepEqual(await slow, { status: 0, stdout: "version 1\n", stderr: "" });
  assert.match((await last).stdout, /^HTTP\/1.1 200 OK\r\n[^]*\nversion 1\n$/);

  assert.equal(podman(["inspect", "--format", "{{.State.ExitCode}}", pod.container]).stdout, "0\n");
  assert.match(pod.logs(), /\*\*\* Killing all processes/);
  assert.doesNotMatch(pod.logs(), /Forcing|SIGKILL|did not/);
}

describe("examples/kubernetes", withPodman, () => {
  test("a pod of the manifest", async (t) => {
    const built = await buildDirectory(t, "examples/web", ["--build-arg", `BASEIMAGE=${image}`]);
    cleanUp(t, () => removePodmanImage(`${own}:1`));
    await podmanImage(built, `${own}:1`);

    await t.test("shares its processes, and stops in order when its container is stopped", async (t) => {
      const pod = startPod(t, manifest);
      assertRestricted(pod);
      assert.notEqual(pod.sh("pgrep -x my_init"), "1\n");
      // As Kubernetes does: containers first, then the one that holds the pod.
      await stopUnderLoad(pod, ["stop", "--time", String(patience()), pod.container]);
    });
    await t.test("that does not share them stops in order, too", async (t) => {
      const pod = startPod(t, changed(manifest, "shareProcessNamespace: true", ""));
      assertRestricted(pod);
      assert.equal(pod.sh("pgrep -x my_init"), "1\n");
      await stopUnderLoad(pod, ["pod", "stop", "--time", String(patience()), pod.name]);
    });
  });
});
