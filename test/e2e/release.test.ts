// The products of `make release` from the image under test: complete, with right checksums, and usable.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { arch, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openImage } from "../../scripts/release/saved-image.mjs";
import { readTar } from "../../scripts/release/tar.mjs";
import { pagePaths } from "../../scripts/tool-pages.mjs";
import { engine, image, run, runContainer, startContainer } from "../support/container.ts";
import { complaintsAbout } from "../support/spdx.ts";

const version = readFileSync("VERSION", "utf8").trim();
const architecture = arch() === "x64" ? "amd64" : arch();
const name = `baseimage-test-release-${process.pid}`;
let dist: string;
let base: string;

before(async () => {
  dist = mkdtempSync(join(tmpdir(), "baseimage-dist-"));
  await run(["tag", image, `${name}:${version}`]);
  const format = '{{index .Config.Labels "org.opencontainers.image.base.name"}}';
  base = (await run(["image", "inspect", "--format", format, image])).stdout.trim();
  const key = join(dist, "..", `${name}-key`);
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", key]);
  const variables = {
    NAME: name,
    VERSION: version,
    ARCHES: `${architecture} ${architecture}`,
    DIST: `${dist}/`,
    SIGN_KEY: key,
  };
  execFileSync("node", ["scripts/release.mjs"], { env: { ...process.env, ...variables }, stdio: "pipe" });
  await run(["rmi", `${name}:${version}`]);
});

after(async () => {
  await run(["rmi", "--force", `${name}:${version}`]);
  rmSync(dist, { recursive: true, force: true });
  for (const file of ["key", "key.pub"]) rmSync(join(dist, "..", `${name}-${file}`), { force: true });
});

test("binaries, tools, images, their SBOM and notes are there, with checksums that are right and signed", () => {
  const files = [
    "NOTES.md",
    "SHA256SUMS",
    "SHA256SUMS.sig",
    `baseimage-${version}-${architecture}.spdx.json`,
    `baseimage-${version}-linux-${architecture}`,
    `baseimage-${version}.oci.tar`,
    `baseimage-overlay-${version}-${architecture}.spdx.json`,
    `baseimage-overlay-${version}-linux-${architecture}.tar.xz`,
    `baseimage-overlay-${version}.oci.tar`,
    `baseimage-tools-${version}-linux-${architecture}.tar.gz`,
    `host-tools-${version}-linux-${architecture}`,
  ];
  assert.deepEqual(readdirSync(dist).sort(), files);
  execFileSync("sha256sum", ["--check", "--strict", "--quiet", "SHA256SUMS"], { cwd: dist });
  const summed = readFileSync(join(dist, "SHA256SUMS"), "utf8").trim().split("\n");
  assert.equal(summed.length, files.length - 2);
  const printed = execFileSync(join(dist, `baseimage-${version}-linux-${architecture}`), ["--version"]);
  assert.equal(printed.toString(), `my_init ${version}\n`);
});

test("a failure is one line, keeps the old files and makes no new ones", () => {
  const release = (variables: Record<string, string>) =>
    spawnSync("node", ["scripts/release.mjs"], { env: { ...process.env, VERSION: version, ...variables } });
  const own = mkdtempSync(join(tmpdir(), "baseimage-own-"));
  writeFileSync(join(own, "thesis"), "all of it");
  const foreign = release({ DIST: own });
  assert.equal(foreign.status, 1);
  assert.match(foreign.stderr.toString(), /^release: ".*" holds something that is no release: .*\n$/);
  assert.deepEqual(readdirSync(own), ["thesis"]);
  rmSync(own, { recursive: true });

  const there = readFileSync(join(dist, "SHA256SUMS"), "utf8");
  const unbuilt = release({ DIST: dist, ARCHES: "sparc" });
  assert.equal(unbuilt.status, 1);
  assert.equal(unbuilt.stderr.toString(), "release: sparc was not built: make build ARCH=sparc\n");
  assert.equal(readFileSync(join(dist, "SHA256SUMS"), "utf8"), there);
  assert.equal(existsSync(`${dist}.unfinished`), false);

  const none = release({ DIST: `${dist}-none`, ARCHES: " " });
  assert.equal(none.status, 1);
  assert.equal(none.stderr.toString(), "release: ARCHES names no architecture: amd64, arm64 or both\n");
  assert.equal(existsSync(`${dist}-none`), false);
});

test("the archive's image has one layer above its base, holds no time after the sources', and runs and stops", async (t) => {
  const loaded = await run(["load", "--input", join(dist, `baseimage-${version}.oci.tar`)], { withinMs: 600_000 });
  assert.equal(loaded.status, 0, loaded.stderr);
  const layers = async (reference: string) =>
    JSON.parse((await run(["image", "inspect", "--format", "{{json .RootFS.Layers}}", reference])).stdout) as string[];
  const [below, all] = [await layers(base), await layers(`${name}:${version}`)];
  assert.deepEqual(all.slice(0, -1), below);

  // Of the layer itself: the base's files are as old as they are.
  const epoch = Number(execFileSync("sh", ["scripts/source-date.sh"], { encoding: "utf8" }));
  const { own, config } = openImage(`${name}:${version}`, base);
  const entries = readTar(own[0] ?? Buffer.alloc(0));
  assert.ok(entries.length > 1000);
  assert.deepEqual(
    entries.filter(({ mtime }) => mtime > epoch).map(({ name }) => name),
    [],
  );
  const lines = config["history"].filter((line: { empty_layer?: boolean }) => !line.empty_layer);
  assert.deepEqual([lines.length, lines.at(-1).created_by], [all.length, "make release"]);

  const container = await startContainer(t, { image: `${name}:${version}` });
  await container.waitForLog("Runit started as PID");
  assert.equal((await container.exec(["container_health", "--wait", "20"])).status, 0);
  await container.stop();
  assert.equal(await container.exitCode(), 0);
});

test("the overlay's archive is small, its image has the same files, and its content is described in SPDX 2.3", async (t) => {
  const packed = readFileSync(join(dist, `baseimage-overlay-${version}-linux-${architecture}.tar.xz`));
  assert.ok(packed.length <= 400_000, `${packed.length} bytes`);
  const tar = execFileSync("xz", ["--decompress", "--stdout"], { input: packed, maxBuffer: 1 << 24 });
  const entries = readTar(tar);
  const bytes = entries.reduce((sum, { data }) => sum + data.length, 0);
  assert.ok(bytes > 1_000_000 && bytes <= 1_300_000, `${bytes} bytes`);
  for (const { gid, mode, name, type, uid } of entries) {
    assert.deepEqual([uid, gid], [0, 0], name);
    if (type !== "2") assert.equal(mode & ~0o755, 0, name);
    assert.doesNotMatch(name, /^(bin|sbin|lib|etc|usr\/sbin)(\/|$)/);
  }

  const loaded = await run(["load", "--input", join(dist, `baseimage-overlay-${version}.oci.tar`)]);
  assert.equal(loaded.status, 0, loaded.stderr);
  t.after(() => run(["rmi", "--force", `${name}:${version}-overlay`]));
  const created = await run(["create", `${name}:${version}-overlay`, "none"]);
  t.after(() => run(["rm", created.stdout.trim()]));
  const exported = readTar((await run(["export", created.stdout.trim()])).stdoutBytes);
  const files = (all: typeof entries) =>
    all.filter(({ name }) => name.startsWith("usr/")).map(({ name, mode, data }) => [name, mode, data.length]);
  assert.deepEqual(files(exported).sort(), files(entries).sort());

  const sbom = JSON.parse(readFileSync(join(dist, `baseimage-overlay-${version}-${architecture}.spdx.json`), "utf8"));
  assert.deepEqual(complaintsAbout(sbom), []);
  const names = sbom.packages.map((each: { name: string }) => each.name);
  for (const part of ["baseimage-overlay", "my_init", "runit", "busybox", "quickjs", "musl"]) {
    assert.ok(names.includes(part), part);
  }
});

test("the image's content is described in SPDX 2.3: every package of dpkg, our programs, QuickJS and the C library", async (t) => {
  const sbom = JSON.parse(readFileSync(join(dist, `baseimage-${version}-${architecture}.spdx.json`), "utf8"));
  assert.deepEqual(complaintsAbout(sbom), []);
  const described = new Map<string, Record<string, string>>(
    sbom.packages.map((each: { name: string }) => [each.name, each]),
  );
  const dpkg = await runContainer(t, { command: ["dpkg-query", "-W", "-f", "${Package} ${Version}\n"] });
  const installed = dpkg.stdout.trim().split("\n");
  assert.ok(installed.length > 80);
  for (const line of installed) {
    const [packageName = "", packageVersion] = line.split(" ");
    assert.equal(described.get(packageName)?.["versionInfo"], packageVersion, packageName);
  }
  for (const own of ["baseimage", "my_init", "pam_container_environment", "quickjs", "musl"])
    assert.ok(described.has(own), own);
  const licences = installed.map((line) => described.get(line.split(" ")[0] ?? "")?.["licenseDeclared"]);
  const unknown = licences.filter((licence) => licence === "NOASSERTION").length;
  t.diagnostic(`${unknown} of ${installed.length} packages have a copyright file in prose`);
  assert.ok(unknown < installed.length / 5);
});

/** Options that make a container a host with only the container engine's command. */
const HOST_ARGS = [
  "--pid",
  "host",
  "--network",
  "host",
  "--cgroupns",
  "host",
  "--volume",
  "/sys/fs/cgroup:/sys/fs/cgroup",
];
const ROOT_ARGS = ["--cap-add", "SYS_ADMIN", "--cap-add", "SYS_PTRACE"];
const OPEN_ARGS = ["--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"];
const SOCKET = "/var/run/docker.sock";

test("the tools are installed from their archive into an empty container, used there, and removed", {
  skip: engine !== "docker" && "needs the socket of a Docker engine",
}, async (t) => {
  const web = await startContainer(t, { command: ["/sbin/my_init", "--enable-insecure-key"] });
  const client = execFileSync("sh", ["-c", "command -v docker"], { encoding: "utf8" }).trim();
  const volumes = ["--volume", `${client}:/usr/bin/docker:ro`, "--volume", `${SOCKET}:${SOCKET}`];
  const host = await startContainer(t, {
    image: base,
    args: [...HOST_ARGS, ...ROOT_ARGS, ...OPEN_ARGS, ...volumes],
    command: ["sleep", "600"],
  });
  const unpacked = await host.exec(["tar", "-C", "/opt", "-xz"], {
    input: readFileSync(join(dist, `baseimage-tools-${version}-linux-${architecture}.tar.gz`)),
  });
  assert.equal(unpacked.status, 0, unpacked.stderr);
  const script = `/opt/baseimage-tools-${version}/install-tools.sh`;
  await host.sh(script);
  for (const name of ["docker-bash", "docker-ssh"]) {
    for (const path of Object.values(pagePaths(name))) {
      assert.equal(await host.sh(`cat /usr/local/${path}`), readFileSync(`build/${path}`, "utf8"));
    }
  }

  const entered = await host.exec(["docker-bash", "-v", web.id, "sh", "-c", "cat; echo $0 $HOME; exit 7"], {
    input: "hello\n",
  });
  assert.deepEqual([entered.status, entered.stdout], [7, "hello\nsh /root\n"], entered.stderr);
  // By namespaces, not by the container engine, and without a warning: all of the container's limits hold.
  assert.match(entered.stderr, /^docker-bash: entering .* by the namespaces of process \d+: [^\n]*\n$/);

  const without = await host.exec(["docker-ssh", web.id, "true"]);
  assert.deepEqual([without.status, without.stderr.split("\n")[0]], [255, "docker-ssh: there is no ssh in PATH"]);
  await host.sh("apt-get -q update && apt-get -qy install --no-install-recommends openssh-client");
  const words = ["docker-ssh", web.id, "sh", "-c", 'echo "hello  $USER"; exit 7'];
  const loggedIn = await host.exec(words);
  assert.deepEqual([loggedIn.status, loggedIn.stdout, loggedIn.stderr], [7, "hello  root\n", ""]);

  await host.sh(`${script} --uninstall`);
  assert.equal(await host.sh("find /usr/local -name 'docker-*'"), "");
});
