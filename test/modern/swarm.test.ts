// examples/swarm without its proxy: a rolling update through Swarm's own balancer, which is the kernel's (IPVS).
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { cleanUp, run } from "../support/container.ts";
import { ask, startLoad } from "../support/load.ts";
import { until } from "../support/until.ts";

/** Standard output of docker, which must succeed. */
async function docker(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { status, stdout, stderr } = await run(words, { env });
  assert.equal(status, 0, `docker ${words.join(" ")}\n${stdout}${stderr}`);
  return stdout.trim();
}

/** Slower than in the image: a check takes a second or two on this machine, which has one processor. */
const slowly = `version: "3.8"
services:
  app:
    healthcheck: { interval: 10s, timeout: 60s, start_period: 120s }
`;

test("a rolling update of three replicas in Swarm answers every request", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "baseimage-test-"));
  cleanUp(t, async () => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, "slowly.yml"), slowly);
  await docker(["swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1:2377"]);
  cleanUp(t, () => run(["swarm", "leave", "--force"]));

  const deploy = (version: number) => {
    const files = ["examples/swarm/stack.yml", join(directory, "slowly.yml")].flatMap((file) => [
      "--compose-file",
      file,
    ]);
    const env = { APP_IMAGE: `baseimage-modern-web:${version}`, PORT: "3000" };
    return docker(["stack", "deploy", "--detach", "--resolve-image", "never", ...files, "modern"], env);
  };
  const state = (format: string) => docker(["service", "inspect", "--format", format, "modern_app"]);
  await deploy(1);
  const replicas = () => docker(["service", "ls", "--format", "{{.Replicas}}"]);
  await until(async () => (await replicas()) === "3/3", "three replicas", 60_000, 1000);
  assert.ok(existsSync("/proc/net/ip_vs"), "the balancer is the kernel's");
  const status = () => ask(3000, "/").then(({ status }) => status, String);
  await until(async () => (await status()) === 200, "the first answer", 20_000, 500);

  const some = { clients: 2, pauseMs: 300 };
  const loads = [
    startLoad(3000, { ...some, keepsConnection: false, path: "/" }),
    startLoad(3000, { ...some, keepsConnection: true, path: "/" }),
    startLoad(3000, { ...some, keepsConnection: false, path: "/slow" }),
    startLoad(3000, { ...some, keepsConnection: true, path: "/slow" }),
  ];
  try {
    await Promise.all(loads.map((load) => load.answered("version 1", 20_000)));
    await deploy(2);
    const update = () => state("{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}");
    await until(async () => (await update()) === "completed", "the update", 90_000, 1000);
    await Promise.all(loads.map((load) => load.answered("version 2", 20_000)));
  } finally {
    await Promise.all(loads.map((load) => load.stop()));
  }
  const tallies = loads.map((load) => load.tally());
  t.diagnostic(`${tallies.reduce((sum, { sent }) => sum + sent, 0)} requests`);
  for (const { losses } of tallies) assert.deepEqual([...losses], []);

  const format = "{{.Status.State}} {{.Status.ContainerStatus.ExitCode}}";
  const ended = async () => {
    const ids = await docker([
      "service",
      "ps",
      "--quiet",
      "--no-trunc",
      "--filter",
      "desired-state=shutdown",
      "modern_app",
    ]);
    return docker(["inspect", "--format", format, ...ids.split("\n")]);
  };
  await until(
    async () => (await ended()) === "shutdown 0\nshutdown 0\nshutdown 0",
    "the old replicas' ends",
    30_000,
    1000,
  );
});
