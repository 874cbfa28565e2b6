// Compose beside the container engine under test: a project with a name of its own, always removed again.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type Container, cleanUp, containerOf, engine, type Outcome, run } from "./container.ts";
import { hasFailed } from "./has-failed.ts";
import { until } from "./until.ts";

/** Compose 2 is a command of docker's or a program, Compose 1 is a program. */
const [installed] = [["docker", "compose"], ["docker-compose"]].flatMap(([program = "", ...first]) => {
  const { status, stdout } = spawnSync(program, [...first, "version", "--short"], { encoding: "utf8" });
  return status === 0 ? [{ program, first, version: stdout.trim() }] : [];
});
const reason =
  engine === "docker" ? "neither docker compose nor docker-compose is installed" : "only Docker has Compose";
if (installed === undefined && engine === "docker" && process.env["CI"])
  throw new Error(`${reason}: this test must not be skipped here`);

/** Options for `test`: skipped without Compose. */
export const withCompose = { skip: installed !== undefined && engine === "docker" ? (false as const) : reason };

export type Project = {
  /** The copy of the example. */
  readonly directory: string;
  readonly version: string;
  /** Runs Compose to its end, whatever its status. */
  run(words: readonly string[]): Promise<Outcome>;
  /** Runs Compose, which must succeed. @returns its standard output */
  must(words: readonly string[]): Promise<string>;
  /** The container of a service, also when it has ended. Asks the container engine: Compose 1 takes a second for each answer. */
  container(service: string): Promise<Container>;
  /** `docker compose up --detach --wait`. Compose 1 cannot wait for the health of the last service, so the test does. */
  up(last: string): Promise<void>;
  /** From now on, Compose reads one more file of the directory. */
  add(file: string): void;
};

/** A project with a copy of the directory. It is removed with its volumes and images when `t` ends. @param env for Compose */
export function composeProject(t: TestContext, example: string, env: Readonly<Record<string, string>>): Project {
  const directory = mkdtempSync(join(tmpdir(), "baseimage-test-"));
  cpSync(example, directory, { recursive: true });
  assert.ok(installed !== undefined);
  const { program, first, version } = installed;
  const name = `baseimage-test-${process.pid}`;
  const options = ["--project-name", name, "--file", join(directory, "compose.yaml")];
  const project: Project = {
    directory,
    version,
    run: (words) => run([...first, ...options, ...words], { program, env, withinMs: 600_000 }),
    must: async (words) => {
      const { status, stdout, stderr } = await project.run(words);
      if (status !== 0) throw new Error(`status ${status} from: ${program} ${words.join(" ")}\n${stdout}${stderr}`);
      return stdout;
    },
    container: async (service) => {
      const labels = [`project=${name}`, `service=${service}`];
      const filters = labels.flatMap((label) => ["--filter", `label=com.docker.compose.${label}`]);
      return containerOf((await run(["ps", "--all", "--quiet", ...filters])).stdout.trim());
    },
    up: async (last) => {
      await project.must(["up", "--detach", ...(version.startsWith("1.") ? [] : ["--wait"])]);
      const container = await project.container(last);
      const isHealthy = async () => (await container.inspect("{{.State.Health.Status}}")) === "healthy";
      await until(isHealthy, `${last} is healthy`, 60_000, 100);
    },
    add: (file) => void options.push("--file", join(directory, file)),
  };
  cleanUp(t, async () => {
    if (hasFailed(t)) console.error((await project.run(["logs", "--no-color"])).stdout);
    await project.run(["down", "--volumes", "--rmi", "local"]);
    rmSync(directory, { recursive: true });
  });
  return project;
}
