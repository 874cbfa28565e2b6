// examples/swarm: a rolling update while clients send requests all the time. Each is sent once, and must be answered.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { after, before, describe, type TestContext, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { buildDirectory, buildImage, cleanUp, engine, image, run } from "../support/container.ts";
import { hasFailed } from "../support/has-failed.ts";
import { ask, type Load, startLoad, type Tally } from "../support/load.ts";
import { until } from "../support/until.ts";

/** Standard output of the container engine's command, which must succeed. */
async function docker(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { status, stdout, stderr } = await run(words, { env });
  assert.equal(status, 0, `${engine} ${words.join(" ")}\n${stdout}${stderr}`);
  return stdout.trim();
}

/** Asks again and again until the answer is good. */
function untilGood<T>(what: string, ask: () => Promise<T>, isGood: (answer: T) => boolean, withinMs: number) {
  let answer: T;
  const isSo = async () => {
    answer = await ask();
    return isGood(answer);
  };
  return until(isSo, () => `${what}; the last answer was ${JSON.stringify(answer)}`, withinMs, 100);
}

/** A free port of this machine. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

type Stack = {
  /** Where the proxy listens; Swarm's own balancer. */
  readonly ports: { readonly proxy: number; readonly ingress: number };
  /** `docker stack deploy` with this image as the app's. */
  deploy(appImage: string): Promise<void>;
  /** The state of the update: `updating`, `completed`, `rollback_started` ... */
  update(): Promise<string>;
  /** How each task of the app that is gone ended: its exit code. */
  ended(): Promise<string[]>;
};

/** Deploys examples/swarm. The stack is removed when `t` ends, after it was shown if `t` is red. */
async function startStack(t: TestContext, name: string, images: { app: string; proxy: string }): Promise<Stack> {
  const ports = { proxy: await freePort(), ingress: await freePort() };
  const files = ["stack.yml", "proxy.yml"].flatMap((file) => ["--compose-file", `examples/swarm/${file}`]);
  const deploy = async (appImage: string) => {
    const env = {
      APP_IMAGE: appImage,
      PROXY_IMAGE: images.proxy,
      PORT: String(ports.ingress),
      PROXY_PORT: String(ports.proxy),
    };
    // No registry knows the images.
    await docker(["stack", "deploy", "--resolve-image", "never", ...files, name], env);
  };
  const tasks = (filter: string, format: string) =>
    docker(["service", "ps", "--no-trunc", "--filter", filter, "--format", format, `${name}_app`]);
  cleanUp(t, async () => {
    if (hasFailed(t)) {
      const { stdout } = await run(["stack", "ps", "--no-trunc", name]);
      const app = await run(["service", "logs", `${name}_app`]);
      const proxy = await run(["service", "logs", `${name}_proxy`]);
      console.error([stdout, app.stdout, app.stderr, proxy.stdout].join("\n"));
    }
    await run(["stack", "rm", name]);
    const rest = async () =>
      `${await docker(["ps", "--all", "--quiet", "--filter", `label=com.docker.stack.namespace=${name}`])}
      ${await docker(["network", "ls", "--quiet", "--filter", `name=${name}_`])}`.trim();
    await untilGood("the stack goes", rest, (ids) => ids === "", 120_000);
  });
  await deploy(images.app);
  const replicas = () => docker(["service", "ls", "--filter", `name=${name}_`, "--format", "{{.Name}} {{.Replicas}}"]);
  const areUp = (lines: string) => lines.includes(`${name}_app 3/3`) && lines.includes(`${name}_proxy 1/1`);
  await untilGood("the stack comes up", replicas, areUp, 120_000);
  return {
    ports,
    deploy,
    update: () =>
      docker(["service", "inspect", "--format", "{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}", `${name}_app`]),
    ended: async () => {
      const ids = (await tasks("desired-state=shutdown", "{{.ID}}")).split("\n").filter((id) => id !== "");
      return Promise.all(
        ids.map((id) => docker(["inspect", "--format", "{{.Status.State}} {{.Status.ContainerStatus.ExitCode}}", id])),
      );
    },
  };
}

/** All kinds of clients at the same time: with a connection for each request, with one for all, with requests that take long. */
function startClients(port: number): Load[] {
  const every = { pauseMs: 20, path: "/" };
  return [
    startLoad(port, { ...every, clients: 4, keepsConnection: false }),
    startLoad(port, { ...every, clients: 4, keepsConnection: true }),
    startLoad(port, { ...every, clients: 4, keepsConnection: false, path: "/slow" }),
    startLoad(port, { ...every, clients: 4, keepsConnection: true, path: "/slow" }),
  ];
}

function summary(tallies: readonly Tally[]): string {
  const sum = (numbers: readonly number[]) => numbers.reduce((all, each) => all + each, 0);
  const sent = sum(tallies.map((each) => each.sent));
  const lost = sum(tallies.map((each) => each.lost));
  const why = tallies.flatMap((each) => [...each.losses].map(([what, count]) => `${count} ${what}`));
  return `${lost} of ${sent} requests lost${why.length === 0 ? "" : `: ${why.join(", ")}`}`;
}

/** Updates the app under load. @returns the clients' results during the whole update */
async function updateUnderLoad(stack: Stack, ports: readonly number[], next: string): Promise<Tally[]> {
  for (const port of ports) {
    const status = () => ask(port, "/").then(({ status }) => status, String);
    await untilGood("the first answer", status, (answer) => answer === 200, 60_000);
  }
  const loads = ports.flatMap(startClients);
  try {
    await Promise.all(loads.map((load) => load.answered("version 1", 60_000)));
    await stack.deploy(next);
    await untilGood("the update", stack.update, (state) => state === "completed", 180_000);
    await Promise.all(loads.map((load) => load.answered("version 2", 60_000)));
  } finally {
    await Promise.all(loads.map((load) => load.stop()));
  }
  return loads.map((load) => load.tally());
}

/** Swarm's own balancer is in the kernel, where the kernel has it. */
function hasIngress(): boolean {
  return existsSync("/proc/net/ip_vs");
}

const reason = engine === "docker" ? false : "only Docker has Swarm";

describe("examples/swarm", { skip: reason }, () => {
  let hasBegun = false;
  before(async () => {
    if ((await docker(["info", "--format", "{{.Swarm.LocalNodeState}}"])) === "active") return;
    await docker(["swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1:2377"]);
    hasBegun = true;
  });
  after(async () => {
    // Another user may have begun to use it.
    if (!hasBegun || (await docker(["service", "ls", "--quiet"])) !== "") return;
    await docker(["swarm", "leave", "--force"]);
    await run(["network", "rm", "docker_gwbridge"]);
  });

  test("a rolling update", { concurrency: true }, async (t) => {
    const from = ["--build-arg", `BASEIMAGE=${image}`];
    const version = (number: number) =>
      buildDirectory(t, "examples/web", [...from, "--build-arg", `VERSION=${number}`]);
    const ours = [await version(1), await version(2)] as const;
    const proxy = await buildDirectory(t, "examples/swarm/proxy", from);
    const plain = (name: string) => buildImage(t, `FROM ${name}\nHEALTHCHECK NONE\nCMD node /app/app.js\n`);
    const naive = [await plain(ours[0]), await plain(ours[1])] as const;

    await Promise.all([
      t.test("answers every request, and ends each replica with status 0", async (t) => {
        const stack = await startStack(t, `swarm-test-${process.pid}`, { app: ours[0], proxy });
        const ports = hasIngress() ? [stack.ports.proxy, stack.ports.ingress] : [stack.ports.proxy];
        const tallies = await updateUnderLoad(stack, ports, ours[1]);
        t.diagnostic(`as it is: ${summary(tallies)}`);
        for (const { losses } of tallies) assert.deepEqual([...losses], []);
        const ends = Array<string>(3).fill("shutdown 0");
        await untilGood("the old replicas' ends", stack.ended, (states) => isDeepStrictEqual(states, ends), 60_000);
      }),
      t.test("of the same app in a plain image, without init and health, loses some", async (t) => {
        const stack = await startStack(t, `swarm-test-${process.pid}-plain`, { app: naive[0], proxy });
        const tallies = await updateUnderLoad(stack, [stack.ports.proxy], naive[1]);
        t.diagnostic(`plain image: ${summary(tallies)}`);
        assert.ok(tallies.some((each) => each.lost > 0));
      }),
    ]);
  });
});
