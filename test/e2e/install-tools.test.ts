// install-tools.sh: from a checkout and from an archive, into an empty place, and the installed programs work.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type TestContext, test } from "node:test";
import { buildDirectory, engine, runContainer, startContainer } from "../support/container.ts";
import { runTool, type ToolOptions } from "../support/host-tool.ts";

const script = resolve("install-tools.sh");
const key = readFileSync("rootfs/ssh/etc/insecure_key");

/** A directory that every user may read, gone when `t` ends. */
function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "baseimage-test-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  chmodSync(directory, 0o755);
  return directory;
}

/** A release's archive, unpacked. */
function archive(t: TestContext): string {
  const directory = join(temporaryDirectory(t), "baseimage tools");
  mkdirSync(join(directory, "bin"), { recursive: true });
  mkdirSync(join(directory, "share/baseimage"), { recursive: true });
  cpSync(script, join(directory, "install-tools.sh"));
  cpSync("build/bin/host-tools", join(directory, "bin/host-tools"));
  for (const name of ["insecure_key", "insecure_key.pub"]) {
    cpSync(join("rootfs/ssh/etc", name), join(directory, "share/baseimage", name));
  }
  return directory;
}

/** All files below a directory, with modes, sorted. */
function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true })
    .map(String)
    .filter((name) => statSync(join(directory, name)).isFile())
    .map((name) => `${(statSync(join(directory, name)).mode & 0o7777).toString(8)} ${name}`)
    .sort();
}

const installed = [
  "644 share/baseimage/insecure_key",
  "644 share/baseimage/insecure_key.pub",
  "755 bin/docker-bash",
  "755 bin/docker-ssh",
];

function install(t: TestContext, words: readonly string[], options: ToolOptions = {}) {
  return runTool(t, words, { ...options, env: { PREFIX: "", DESTDIR: "", ...options.env } });
}

test("installs from a checkout into an empty place, installs over it, and uninstalls without a trace", async (t) => {
  const prefix = join(temporaryDirectory(t), "usr local");
  for (const round of [1, 2]) {
    const { status, stdout, stderr } = await install(t, [script, "--prefix", prefix]);
    assert.deepEqual([status, stderr], [0, ""], `round ${round}`);
    assert.match(stdout, /^install-tools: docker-bash and docker-ssh are in .*usr local\/bin$/m);
    assert.match(stdout, /is not in PATH$/m);
    assert.deepEqual(filesOf(prefix), installed);
  }
  assert.deepEqual(readFileSync(join(prefix, "share/baseimage/insecure_key")), key);
  const gone = await install(t, [script, `--prefix=${prefix}`, "--uninstall"]);
  assert.deepEqual([gone.status, gone.stdout], [0, `install-tools: removed from ${prefix}\n`]);
  assert.deepEqual(filesOf(prefix), []);
  assert.ok(!existsSync(join(prefix, "share/baseimage")));
  const again = await install(t, [script, "--uninstall"], { env: { PREFIX: prefix } });
  assert.deepEqual([again.status, again.stdout], [0, `install-tools: nothing is installed in ${prefix}\n`]);
});

test("a CDPATH of the caller's makes no difference", async (t) => {
  const directory = temporaryDirectory(t);
  cpSync(archive(t), join(directory, "tools"), { recursive: true });
  const env = { CDPATH: `.:${directory}` };
  const wrapper = ["env", "-C", directory];
  const outcome = await runTool(t, ["sh", "tools/install-tools.sh", "--prefix", join(directory, "new")], {
    env,
    wrapper,
  });
  assert.equal(outcome.status, 0, outcome.stderr);
  assert.deepEqual(filesOf(join(directory, "new")), installed);
});

test("a program that was installed from an archive works, and finds the key beside it", async (t) => {
  const prefix = temporaryDirectory(t);
  const { status, stderr } = await install(t, [join(archive(t), "install-tools.sh"), "--prefix", prefix]);
  assert.deepEqual([status, stderr], [0, ""]);
  assert.deepEqual(filesOf(prefix), installed);
  const container = await startContainer(t, { command: ["/sbin/my_init", "--enable-insecure-key"] });
  const env = {
    PATH: `${prefix}/bin:${process.env["PATH"]}`,
    XDG_STATE_HOME: temporaryDirectory(t),
    CONTAINER_ENGINE: engine,
  };
  const verbose = await runTool(t, ["docker-ssh", "-v", container.id, "echo", "hello", "world"], { env });
  assert.equal(verbose.stdout, "hello world\n", verbose.stderr);
  assert.equal(
    (await runTool(t, ["docker-bash", container.id, "echo", "hello", "world"], { env })).stdout,
    "hello world\n",
  );
});

test("installs in an empty Debian, with nothing else installed", async (t) => {
  const base = execFileSync("sh", ["scripts/base-image.sh", "debian:13"], { encoding: "utf8" }).trim();
  const line = [
    "'/tmp/tools/install-tools.sh'",
    "cd / && docker-bash --version && docker-ssh --version",
    "docker-ssh web || echo status $?",
    "docker-bash web || echo status $?",
    "/tmp/tools/install-tools.sh --uninstall",
    "ls /usr/local/bin /usr/local/share",
  ].join("\n");
  const args = ["--volume", `${archive(t)}:/tmp/tools:ro`, "--network", "none"];
  const { status, stdout, stderr } = await runContainer(t, { image: base, args, command: ["sh", "-ec", line] });
  assert.equal(status, 0, stderr);
  const version = readFileSync("VERSION", "utf8").trim();
  assert.match(stdout, new RegExp(`^docker-bash ${version}\\ndocker-ssh ${version}$`, "m"));
  assert.match(stdout, /^status 255$[^]*^status 1$[^]*removed from \/usr\/local$/m);
  assert.match(stderr, /^docker-ssh: there is no ssh in PATH\ninstall the OpenSSH client/m);
  assert.match(stderr, /^docker-bash: there is no docker and no podman in PATH/m);
  assert.doesNotMatch(stdout.slice(stdout.indexOf("removed")), /docker-|baseimage/);
});

test("the programs need no other file", async (t) => {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, "Dockerfile"), 'FROM scratch\nCOPY docker-ssh /\nCMD ["/docker-ssh", "--version"]\n');
  cpSync("build/bin/host-tools", join(directory, "docker-ssh"));
  const from = await buildDirectory(t, directory);
  assert.match((await runContainer(t, { image: from })).stdout, /^docker-ssh \d/);
});

test("a checkout that is not built is built first; if that is not possible, a message says so", async (t) => {
  const [checkout, prefix] = [temporaryDirectory(t), temporaryDirectory(t)];
  cpSync(script, join(checkout, "install-tools.sh"));
  cpSync("rootfs/ssh/etc", join(checkout, "rootfs/ssh/etc"), { recursive: true });
  const words = [join(checkout, "install-tools.sh"), "--prefix", prefix];
  writeFileSync(join(checkout, "Makefile"), "tools:\n\t@echo no compiler; exit 1\n");
  const failed = await install(t, words);
  assert.equal(failed.status, 1);
  assert.match(
    failed.stderr,
    /^no compiler$[^]*^install-tools: they cannot be built here; a release's archive holds them ready$/m,
  );
  assert.deepEqual(filesOf(prefix), []);
  const recipe = `tools:\n\t@mkdir -p build/bin && cp '${resolve("build/bin/host-tools")}' build/bin/ && echo built\n`;
  writeFileSync(join(checkout, "Makefile"), recipe);
  const { status, stdout, stderr } = await install(t, words);
  assert.deepEqual([status, stderr], [0, "built\n"]);
  assert.match(stdout, /^install-tools: building the tools first/);
  assert.deepEqual(filesOf(prefix), installed);
});

test("a program that does not run here, or an archive that lacks something, changes nothing", async (t) => {
  const [directory, prefix] = [archive(t), temporaryDirectory(t)];
  await install(t, [join(directory, "install-tools.sh"), "--prefix", prefix]);
  const before = readFileSync(join(prefix, "bin/docker-ssh"));
  writeFileSync(join(directory, "bin/host-tools"), "\x7fELF of another machine");
  const foreign = await install(t, [join(directory, "install-tools.sh"), "--prefix", prefix]);
  assert.equal(foreign.status, 1);
  assert.match(foreign.stderr, /^install-tools: .*bin\/host-tools does not run on this machine \(\w+\): /);
  assert.deepEqual(filesOf(prefix), installed);
  assert.deepEqual(readFileSync(join(prefix, "bin/docker-ssh")), before);
  assert.deepEqual(readdirSync(join(prefix, "bin")).sort(), ["docker-bash", "docker-ssh"]);
  // For a package it may be another machine's.
  const destination = temporaryDirectory(t);
  const packaged = await install(t, [join(directory, "install-tools.sh")], {
    env: { DESTDIR: destination, PREFIX: "/usr" },
  });
  assert.equal(packaged.status, 0, packaged.stderr);
  assert.deepEqual(filesOf(join(destination, "usr")), installed);

  for (const [part, reason] of [
    ["bin", "there is no bin/host-tools in"],
    ["share", "there is no insecure key in"],
  ] as const) {
    const lacking = archive(t);
    rmSync(join(lacking, part), { recursive: true });
    const outcome = await install(t, [join(lacking, "install-tools.sh"), "--prefix", temporaryDirectory(t)]);
    assert.equal(outcome.status, 1);
    assert.match(outcome.stderr, new RegExp(`^install-tools: ${reason} .*not complete\\n$`));
  }
});

test("a directory in the place of a program is refused, before anything is changed", async (t) => {
  const [directory, prefix] = [archive(t), temporaryDirectory(t)];
  mkdirSync(join(prefix, "bin/docker-bash"), { recursive: true });
  const { status, stderr } = await install(t, [join(directory, "install-tools.sh"), "--prefix", prefix]);
  assert.equal(status, 1);
  assert.match(
    stderr,
    /^install-tools: cannot install .*\/bin\/docker-bash: a directory has this name; remove it first\n$/,
  );
  assert.deepEqual(filesOf(prefix), []);
});

test("leftovers of a killed installation are removed by the next, and by --uninstall", async (t) => {
  const [directory, prefix] = [archive(t), temporaryDirectory(t)];
  const gone = spawnSync("true").pid;
  const leave = () => {
    for (const place of ["bin", "share/baseimage"]) {
      mkdirSync(join(prefix, place, `.install-tools.${gone}`), { recursive: true });
    }
  };
  leave();
  await install(t, [join(directory, "install-tools.sh"), "--prefix", prefix]);
  assert.deepEqual(readdirSync(join(prefix, "bin")).sort(), ["docker-bash", "docker-ssh"]);
  assert.deepEqual(readdirSync(join(prefix, "share/baseimage")).sort(), ["insecure_key", "insecure_key.pub"]);
  leave();
  await install(t, [join(directory, "install-tools.sh"), "--prefix", prefix, "--uninstall"]);
  assert.deepEqual(readdirSync(join(prefix, "bin")), []);
  assert.deepEqual(readdirSync(join(prefix, "share")), []);
});

test("for another user than root a message says what to do, and installation at home works", {
  skip: process.getuid?.() !== 0 && "needs root",
}, async (t) => {
  const [directory, home] = [archive(t), temporaryDirectory(t)];
  const wrapper = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
  const refused = await install(t, [join(directory, "install-tools.sh"), "--prefix", home], { wrapper });
  assert.equal(refused.status, 1);
  assert.match(
    refused.stderr,
    /^install-tools: cannot make the directory .*\/bin \(cannot create directory .*: Permission denied\)\nrun this as root \(sudo .*\), or choose another place: --prefix ~\/\.local\n$/,
  );
  chmodSync(home, 0o777);
  const { status, stderr } = await install(t, [join(directory, "install-tools.sh"), "--prefix", home], { wrapper });
  assert.deepEqual([status, stderr], [0, ""]);
  assert.deepEqual(filesOf(home), installed);
});

test("for a directory that cannot be made, the system's reason is printed", async (t) => {
  const { status, stderr } = await install(t, [script, "--prefix", "/proc/x"]);
  assert.equal(status, 1);
  assert.match(
    stderr,
    /^install-tools: cannot make the directory \/proc\/x\/bin \(cannot create directory .\/proc\/x.: No such file or directory\)\n/,
  );
});

test("an unknown command line is status 2; --help prints the options, --version the release", async (t) => {
  for (const words of [["--nonsense"], ["--prefix"], ["--prefix", "usr/local"]]) {
    const outcome = await install(t, [script, ...words]);
    assert.equal(outcome.status, 2);
    assert.match(outcome.stderr, /^install-tools: .*\nusage: install-tools\.sh /);
  }
  assert.match((await install(t, [script, "--help"])).stdout, /--uninstall/);
  const { status, stdout } = await install(t, [script, "--version"]);
  assert.deepEqual([status, stdout], [0, `install-tools.sh ${readFileSync("VERSION", "utf8")}`]);
});
