// The overlay on four roots that have little in common. See docs/overlay.md
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { arch } from "node:os";
import { after, before, describe, type TestContext, test } from "node:test";
import { readTar } from "../../scripts/release/tar.mjs";
import { buildDirectory, buildImage, engine, run, runContainer, startContainer } from "../support/container.ts";
import { buildRoots, debianImage, onRoot, overlay, type Root, roots } from "../support/overlay-roots.ts";

let images: Readonly<Record<string, string>> = {};
before(async () => {
  images = await buildRoots();
});
after(() => run(["rmi", "--force", ...Object.values(images)]));

const imageOf = (root: Root): string => images[root] ?? "";
const start = (t: TestContext, root: Root, options: Omit<Parameters<typeof startContainer>[1], "image"> = {}) =>
  startContainer(t, { ...options, image: imageOf(root) });
const runIn = (t: TestContext, root: Root, options: Omit<Parameters<typeof runContainer>[1], "image"> = {}) =>
  runContainer(t, { ...options, image: imageOf(root) });

/** Commands, and the exit status of their container. @see docs/reference/my_init.md */
const statuses: readonly (readonly [command: readonly string[], status: number])[] = [
  [["/app", "exit", "0"], 0],
  [["/app", "exit", "3"], 3],
  [["/app", "exit", "255"], 255],
  [["/app", "kill", "15"], 143],
  [["/app", "kill", "9"], 137],
  [["/app", "kill", "11"], 139],
  [["no-such-command"], 127],
  [["/secret"], 126],
  [["setuser", "1000", "/app", "exit", "4"], 4],
  [["setuser", "no-such-user", "/app", "exit", "4"], 1],
];

/** All ways to restrict a container, without the terminal and docker-init of the image's own table. */
const restrictions = [
  [[], ["--user", "12345"]],
  [[], ["--cap-drop", "ALL"]],
  [[], ["--security-opt", "no-new-privileges"]],
  [[], ["--read-only"]],
].reduce<string[][]>((all, choices) => all.flatMap((words) => choices.map((more) => [...words, ...more])), [[]]);

for (const root of roots) {
  describe(`the overlay on: ${root}`, { concurrency: 2 }, () => {
    test("the container's exit status is that of the command", async (t) => {
      for (const [command, status] of statuses) {
        const ended = await runIn(t, root, { command: ["--quiet", "--skip-runit", "--", ...command] });
        assert.equal(ended.status, status, `${command.join(" ")}: ${ended.stderr}`);
      }
    });

    test("hooks, services, a log service, needs, checks, sv, health, status and report, and an orderly stop", async (t) => {
      const container = await start(t, root);
      const inside = async (...command: string[]) => {
        const { status, stderr, stdout } = await container.exec(command);
        assert.equal(status, 0, `${command.join(" ")}: ${stdout}${stderr}`);
        return stdout;
      };
      await container.waitForLog("api is up");
      await container.waitForLog("web: web is up");
      assert.match(await inside("container_health", "--wait", "20"), /^$/);
      const { healthy, services } = JSON.parse(await inside("container_status", "--json"));
      assert.equal(healthy, true);
      assert.deepEqual(
        services.map(({ name, state }: { name: string; state: string }) => [name, state]),
        [
          ["api", "up"],
          ["flaky", "down"],
          ["main", "down"],
          ["web", "up"],
          ["web/log", "up"],
        ],
      );
      assert.match(await inside("sv", "status", "web"), /^run: web: \(pid \d+\) \d+s; run: log: \(pid \d+\) \d+s\n$/);
      await inside("sv", "restart", "web");
      // Lines of standard error may come between them.
      await container.waitForLog(
        /web said goodbye\n(?:\*\*\* .*\n)*web: web finished 0 0\n(?:\*\*\* .*\n)*web: web is up\n/,
      );
      assert.match(await inside("boot_report"), /\/etc\/my_init\.d\/10_first\n.* services\n.* boot\n$/);
      await container.stop();
      assert.equal(await container.exitCode(), 0);
      const { stdout } = await container.logs();
      assert.match(
        stdout,
        /^script 10_first\n(?:.*\n)+script bye\napi said goodbye to QUIT\nweb: web said goodbye\nweb: web finished 0 0\nscript end\n$/,
      );
    });

    test("with LOG_FORMAT=json each line is an object with the name of its service", async (t) => {
      const container = await start(t, root, { env: { LOG_FORMAT: "json" } });
      await container.waitForLog("web: web is up");
      await container.waitForLog("api is up");
      await container.stop();
      const { stderr, stdout } = await container.logs();
      const lines = (stdout + stderr)
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
      const has = (service: string, message: string) =>
        lines.some((line) => line.service === service && line.message === message);
      assert.ok(has("10_first", "script 10_first"), stdout);
      assert.ok(has("web", "web: web is up"), stdout);
      assert.ok(has("api", "api is up"), stdout);
      assert.ok(has("api", "api said goodbye to QUIT"), stdout);
    });

    test("an essential service ends the container, and a service gives up by its restart rules", async (t) => {
      const container = await start(t, root);
      await container.waitForLog("api is up");
      await container.exec(["sv", "up", "flaky"]);
      await container.waitForLog(/^\*\*\* flaky ended with exit code 3 .* and is not started again: /m);
      // The container may end before these commands.
      await container.exec(["sv", "up", "main"]);
      assert.equal(await container.waitForExit(), 9);
      const { stderr, stdout } = await container.logs();
      assert.match(
        stderr,
        /^\*\*\* the essential service main exited with status 9: the container ends with exit status 9$/m,
      );
      assert.match(stdout, /^main finished 9 0\n(?:.*\n)*script end\n$/m);
    });

    test("a secret reaches the command, and --enable-insecure-key and an unknown interpreter are refused with the reason", async (t) => {
      const secret = await runIn(t, root, {
        command: ["--quiet", "--skip-runit", "--", "/app", "env", "TOKEN"],
        env: { FILE__TOKEN: "/secret" },
      });
      assert.match(secret.stdout, /^TOKEN=hush$/m);
      const key = await runIn(t, root, { command: ["--enable-insecure-key", "--", "/app", "exit", "0"] });
      assert.notEqual(key.status, 0);
      assert.match(key.stderr, /^\*\*\* this image has no sshd$/m);
    });

    test("as any user, with every restriction, services run and stop in order", async (t) => {
      for (const args of restrictions) {
        const ended = await runIn(t, root, { args, command: ["--", "/app", "exit", "7"] });
        assert.equal(ended.status, 7, `${args.join(" ")}: ${ended.stderr}`);
        assert.match(ended.stdout, /script end\n$/);
        assert.doesNotMatch(ended.stderr, /Forcing|fatal|unable|left out/, args.join(" "));
      }
      const strict = await start(t, root, { args: restrictions.at(-1) ?? [] });
      await strict.waitForLog("web: web is up");
      await strict.waitForLog("api is up");
      await strict.stop();
      assert.equal(await strict.exitCode(), 0);
      assert.match((await strict.logs()).stdout, /api said goodbye to QUIT\nweb: web said goodbye\n/);
    });
  });
}

/** Why tests of other roots are left out. */
const skip = roots.length === 1 && "by an emulator one root is enough: the programs are the same on all";

test("where /usr/sbin is a link, it still is, and what is behind it is found", { skip }, async (t) => {
  const container = await start(t, "/usr/sbin is a link");
  assert.equal((await container.exec(["readlink", "/usr/sbin", "/sbin"])).stdout, "bin\nusr/sbin\n");
  assert.equal((await container.exec(["/sbin/ldconfig", "--version"])).status, 0);
});

/** What stands in for the base images of docs/overlay.md, and what the containers have to log. */
const standIns: Readonly<Record<string, { root: Root; lines?: string; stubs: readonly string[]; signs: RegExp[] }>> = {
  "python:3-slim": { root: "Debian 12", stubs: ["python3"], signs: [/^python3 -m http\.server 8000$/m] },
  "alpine:3": { root: "busybox without libc", stubs: ["apk", "nginx"], signs: [/^nginx -g daemon off;$/m] },
  "node:slim": {
    root: "Debian 12",
    lines: "RUN useradd node",
    stubs: ["node"],
    signs: [/^node \/app\/worker\.js$/m, /^node \/app\/server\.js$/m],
  },
  "fedora:42": {
    root: "/usr/sbin is a link",
    lines: "RUN useradd memcached",
    stubs: ["dnf", "memcached"],
    signs: [/^memcached $/m],
  },
  "gcr.io/distroless/static": { root: "one static program", stubs: [], signs: [/^server is up$/m] },
};

/** A program that only waits; as a package manager, only ends. */
const STUB = `#!/bin/sh
case $0 in */apk | */dnf) exit 0 ;; esac
echo "\${0##*/} $*"
exec sleep 1000
`;

test("the Dockerfiles of docs/overlay.md build and run, on what stands in for their base images", {
  skip,
}, async (t) => {
  const page = readFileSync("docs/overlay.md", "utf8");
  const blocks = [...page.matchAll(/^```(Dockerfile|sh)\n([^]*?)^```$/gm)].map(([, kind, text = ""]) => ({
    kind,
    text,
  }));
  const found = blocks.flatMap(({ kind, text }, index) => {
    const next = blocks[index + 1];
    return kind === "Dockerfile" ? [{ text, script: next?.kind === "sh" ? next.text : undefined }] : [];
  });
  assert.deepEqual(found.map(({ text }) => /^FROM (\S+)/.exec(text)?.[1]).sort(), Object.keys(standIns).sort());
  for (const { script, text } of found) {
    const [from = "", ...rest] = text.trimEnd().split("\n");
    const { lines = "", root, signs, stubs } = standIns[from.slice("FROM ".length)] ?? assert.fail(from);
    const name = /^COPY (\S+\.sh) /m.exec(text)?.[1] ?? "";
    const own = rest
      .join("\n")
      .replace(/--from=baseimage:\S+-overlay /, `--from=${overlay} `)
      .replace(/^COPY server \//m, "COPY --from=app /app /");
    const before = [lines, ...stubs.map((stub) => `COPY stub /usr/bin/${stub}`)].join("\n");
    const files = { stub: STUB, "server.js": "", "worker.js": "", ...(script === undefined ? {} : { [name]: script }) };
    const image = await onRoot(root, `${before}\n${own}`, files, (directory) => buildDirectory(t, directory));
    const container = await startContainer(t, { image });
    for (const sign of signs) await container.waitForLog(sign);
    await container.stop();
  }
});

/** The socket of Docker; undefined: it is on another machine. */
const socket = /^unix:\/\/(.+)$/.exec(process.env["DOCKER_HOST"] || "unix:///var/run/docker.sock")?.[1];
const noBuildKit = engine !== "docker" ? "Podman has none" : socket === undefined && "Docker is on another machine";

test("it also builds with BuildKit's own syntax", {
  skip: skip || noBuildKit,
}, async (t) => {
  // The machine may have no client for it. Debian 13's talks to the engine from a container.
  const debian = debianImage("debian:13");
  const client = await buildImage(
    t,
    `FROM ${debian}\nRUN apt-get -q update && apt-get -qy install --no-install-recommends docker-cli docker-buildx`,
  );
  const name = `baseimage-test:overlay-buildkit-${process.pid}`;
  t.after(() => run(["rmi", "--force", name]));
  const dockerfile = `FROM ${debian}
COPY --from=${overlay} / /
COPY --chmod=755 app.sh /etc/service/app/run
RUN --mount=type=cache,target=/tmp/cache container_lint
ENTRYPOINT ["/usr/bin/my_init"]
`;
  const line = `mkdir /b && cd /b && cat > Dockerfile && printf '#!/bin/sh\\necho app is up\\nexec sleep 1000\\n' > app.sh
    exec docker buildx build --tag ${name} .`;
  const built = await runContainer(t, {
    image: client,
    args: ["--volume", `${socket}:/var/run/docker.sock`],
    command: ["sh", "-c", line],
    input: dockerfile,
    withinMs: 600_000,
  });
  assert.equal(built.status, 0, built.stderr);
  const container = await startContainer(t, { image: name });
  await container.waitForLog("app is up");
  await container.stop();
  assert.equal(await container.exitCode(), 0);
});

test("it is of its architecture, has only directories that are directories everywhere, is root's, and is small", async (t) => {
  const { stdout } = await run(["image", "inspect", "--format", "{{.Os}}/{{.Architecture}}", overlay]);
  const own = arch() === "x64" ? "amd64" : arch();
  assert.equal(stdout.trim(), `linux/${process.env["EMULATED"] ? process.env["ARCH"] : own}`);
  const created = await run(["create", overlay, "none"]);
  assert.equal(created.status, 0, created.stderr);
  const id = created.stdout.trim();
  t.after(() => run(["rm", id]));
  const { stdoutBytes } = await run(["export", id]);
  const entries = readTar(stdoutBytes).filter(({ name }) => !/^(dev|proc|sys|etc|\.dockerenv)(\/|$)/.test(name));
  const directories = entries.filter(({ type }) => type === "5").map(({ name }) => name);
  assert.deepEqual(directories.sort(), [
    "usr",
    "usr/bin",
    "usr/lib",
    "usr/lib/baseimage",
    "usr/lib/baseimage/runit",
    "usr/local",
    "usr/local/bin",
    "usr/share",
    "usr/share/doc",
    "usr/share/doc/baseimage",
  ]);
  for (const { gid, mode, name, type, uid } of entries) {
    assert.deepEqual([uid, gid], [0, 0], name);
    if (type !== "2") assert.equal(mode & ~0o755, 0, name);
  }
  const bytes = entries.reduce((sum, { data }) => sum + data.length, 0);
  assert.ok(bytes <= 1_300_000, `${bytes} bytes`);
});
