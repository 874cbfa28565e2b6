// The image under the rootless Podman of today, for a user without any privilege.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { before, describe, type TestContext, test } from "node:test";
import { image } from "../support/container.ts";
import { patient } from "../support/patience.ts";
import { until } from "../support/until.ts";

const uid = spawnSync("id", ["-u", "user"], { encoding: "utf8" }).stdout.trim();
const env = [`XDG_RUNTIME_DIR=/run/user/${uid}`, `DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/${uid}/bus`];

/** Runs podman as the user, to its end. */
function podman(words: readonly string[], input?: string): { status: number; stdout: string; stderr: string } {
  const call = ["-u", "user", "--", "env", "--chdir=/", ...env, "podman", ...words];
  const options = { encoding: "utf8", timeout: patient(60_000), input } as const;
  const { status, stdout, stderr, error } = spawnSync("runuser", call, options);
  if (error !== undefined) throw error;
  return { status: status ?? -1, stdout, stderr };
}

function must(words: readonly string[], input?: string): string {
  const { status, stdout, stderr } = podman(words, input);
  assert.equal(status, 0, `podman ${words.join(" ")}\n${stdout}${stderr}`);
  return stdout;
}

/** Starts the image in the background. It is removed when `t` ends. */
function start(t: TestContext, name: string, words: readonly string[]): void {
  t.after(() => podman(["rm", "--force", "--time", "0", name]));
  must(["run", "--detach", "--name", name, ...words]);
}

function log(name: string): string {
  const { stdout, stderr } = podman(["logs", name]);
  return stdout + stderr;
}

const ways: Readonly<Record<string, readonly string[]>> = {
  "as it is": [],
  "with --init": ["--init"],
  "with --systemd=always": ["--systemd=always"],
  "with --userns=keep-id": ["--userns=keep-id"],
  "with --userns=keep-id as root": ["--userns=keep-id", "--user=0"],
  "with a read-only root": ["--read-only"],
  "without capabilities": ["--cap-drop=ALL", "--security-opt=no-new-privileges"],
};

describe("rootless Podman", () => {
  before(() => void must(["load", "--quiet", "--input", resolve("build/modern/images.tar")]));

  for (const [index, [how, options]] of Object.entries(ways).entries()) {
    test(`${how}: the image boots, is healthy, and stops with status 0`, async (t) => {
      const name = `modern-${index}`;
      start(t, name, [...options, image]);
      await until(
        () => log(name).includes("Runit started as PID"),
        () => log(name),
        20_000,
        200,
      );
      must(["exec", name, "container_health", "--wait", "20"]);
      const isRoot = must(["exec", name, "id", "-u"]) === "0\n";
      if (isRoot) {
        must(["exec", name, "logger", "a message"]);
        await until(
          () => log(name).includes("a message"),
          () => log(name),
          20_000,
          200,
        );
      }
      must(["stop", "--time", "60", name]);
      assert.equal(must(["inspect", "--format", "{{.State.ExitCode}}", name]), "0\n");
      assert.doesNotMatch(log(name), /Forcing|SIGKILL|fatal/);
    });
  }

  test("kube play of examples/kubernetes: a pod that is healthy, answers, drains and stops with status 0", (t) => {
    const manifest = readFileSync("examples/kubernetes/web.yaml", "utf8")
      .replace("replicas: 3", "replicas: 1")
      .replace("image: web:1", "image: baseimage-modern-web:1");
    t.after(() => podman(["kube", "down", "-"], manifest));
    must(["kube", "play", "--network=none", "-"], manifest);
    const name = must(["ps", "--format", "{{.Names}}", "--filter", "name=-app$"]).trim();
    must(["exec", name, "container_health", "--wait", "60"]);
    assert.equal(must(["exec", name, "curl", "--silent", "--fail", "http://localhost:3000/"]), "version 1\n");
    assert.equal(must(["exec", name, "ps", "-o", "user=", "-C", "my_init,node"]), "10001\n10001\n");
    must(["stop", "--time", "60", name]);
    assert.equal(must(["inspect", "--format", "{{.State.ExitCode}}", name]), "0\n");
    assert.match(log(name), /draining\n(?:.*\n)*closing\n/);
  });

  test("a command's output and status are its own", () => {
    const outcome = podman(["run", "--rm", image, "/sbin/my_init", "--quiet", "--", "sh", "-c", "echo X; exit 42"]);
    assert.deepEqual([outcome.status, outcome.stdout, outcome.stderr], [42, "X\n", ""]);
  });
});
