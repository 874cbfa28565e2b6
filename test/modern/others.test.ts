// The image under what is no Docker and no Podman: containerd's own client, and systemd-nspawn.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type TestContext, test } from "node:test";
import { cleanUp, image, run } from "../support/container.ts";
import { patient } from "../support/patience.ts";
import { until } from "../support/until.ts";

function must(words: readonly string[]): string {
  const [file = "", ...rest] = words;
  const { status, stdout, stderr, error } = spawnSync(file, rest, { encoding: "utf8", timeout: patient(60_000) });
  if (error !== undefined) throw error;
  assert.equal(status, 0, `${words.join(" ")}\n${stdout}${stderr}`);
  return stdout;
}

type Foreground = { readonly output: string; ended(): Promise<number> };

/** Starts a program that holds a container in the foreground. It is killed when `t` ends. */
function start(t: TestContext, words: readonly string[]): Foreground {
  const [file = "", ...rest] = words;
  const child = spawn(file, rest, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  cleanUp(t, async () => void child.kill("SIGKILL"));
  return {
    get output() {
      return output;
    },
    ended: async () => {
      await until(
        () => child.exitCode !== null || child.signalCode !== null,
        () => output,
        30_000,
        50,
      );
      return child.exitCode ?? -1;
    },
  };
}

/** Waits until the container logs `sign`. */
function logs(container: Foreground, sign: string): Promise<void> {
  return until(
    () => container.output.includes(sign),
    () => `${sign}; the log:\n${container.output}`,
    30_000,
    50,
  );
}

test("containerd's ctr", async (t) => {
  must(["ctr", "images", "import", resolve("build/modern/image.tar")]);
  const name = `docker.io/library/${image}`;

  await t.test("a command's output and status are its own", () => {
    const command = ["/sbin/my_init", "--quiet", "--", "sh", "-c", "echo X; exit 42"];
    const outcome = spawnSync("ctr", ["run", "--rm", name, "modern-command", ...command], { encoding: "utf8" });
    assert.deepEqual([outcome.status, outcome.stdout], [42, "X\n"], outcome.stderr);
  });
  await t.test("the image boots, is healthy, and TERM ends it with status 0", async (t) => {
    const container = start(t, ["ctr", "run", "--rm", name, "modern"]);
    await logs(container, "Runit started as PID");
    const inside = ["ctr", "tasks", "exec", "--exec-id", "inside", "modern"];
    must([...inside, "sh", "-c", "container_health --wait 20 && logger a message"]);
    await logs(container, "a message");
    must(["ctr", "tasks", "kill", "--signal", "SIGTERM", "modern"]);
    assert.equal(await container.ended(), 0, container.output);
    assert.doesNotMatch(container.output, /Forcing|SIGKILL/);
  });
});

test("systemd-nspawn", async (t) => {
  const root = mkdtempSync(join(tmpdir(), "baseimage-test-"));
  cleanUp(t, async () => rmSync(root, { recursive: true }));
  const { stdout } = await run(["create", image]);
  cleanUp(t, () => run(["rm", stdout.trim()]));
  must(["sh", "-c", `docker export ${stdout.trim()} | tar -C ${root} -x`]);
  const nspawn = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--console=pipe", `--directory=${root}`];

  await t.test("a command's output and status are its own", () => {
    const command = ["/sbin/my_init", "--quiet", "--", "sh", "-c", "echo X; exit 42"];
    const [file = "", ...rest] = [...nspawn, ...command];
    const outcome = spawnSync(file, rest, { encoding: "utf8", timeout: patient(60_000) });
    assert.deepEqual([outcome.status, outcome.stdout], [42, "X\n"], outcome.stderr);
  });
  for (const signal of ["SIGTERM", "SIGRTMIN+3"]) {
    await t.test(`the image boots, is healthy, and ${signal} ends it with status 0`, async (t) => {
      const words = ["--machine=modern", `--kill-signal=${signal}`, "/sbin/my_init"];
      const container = start(t, [...nspawn, ...words]);
      await logs(container, "Runit started as PID");
      must(["pkill", "--full", "--signal", "TERM", "^systemd-nspawn"]);
      assert.equal(await container.ended(), 0, container.output);
      assert.doesNotMatch(container.output, /Forcing|SIGKILL/);
    });
  }
});
