// install-tools.sh: from a checkout and from an archive, into an empty place, and the installed programs work.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type TestContext, test } from "node:test";
import { TOOLS } from "../../scripts/release/contents.mjs";
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
  for (const [path, from] of Object.entries(TOOLS)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    cpSync(from.replace("BIN", "build/bin"), join(directory, path));
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

/** All directories below a directory, sorted. */
function directoriesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true })
    .map(String)
    .filter((name) => statSync(join(directory, name)).isDirectory())
    .sort();
}

const installed = [
  "644 share/baseimage/insecure_key",
  "644 share/baseimage/insecure_key.pub",
  "644 share/bash-completion/completions/docker-bash",
  "644 share/bash-completion/completions/docker-ssh",
  "644 share/man/man1/docker-bash.1",
  "644 share/man/man1/docker-ssh.1",
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
  assert.deepEqual(directoriesOf(prefix), ["bin", "share", "share/man"]);
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
    "find /usr/local",
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
  const recipe = `tools:\n\t@mkdir -p build/bin && cp '${resolve("build/bin/host-tools")}' build/bin/ && cp -r '${resolve("build/share")}' build/ && echo built\n`;
  writeFileSync(join(checkout, "Makefile"), recipe);
  const { status, stdout, stderr } = await install(t, words);
  assert.deepEqual([status, stderr], [0, "built\n"]);
  assert.match(stdout, /^install-tools: building the tools first/);
  assert.deepEqual(filesOf(prefix), installed);
  assert.doesNotMatch((await install(t, words)).stdout, /building/);
  // As a checkout of before there were man pages is.
  rmSync(join(checkout, "build/share"), { recursive: true });
  assert.match((await install(t, words)).stdout, /^install-tools: building the tools first/);
});

test("the installed bash completion and man pages are those of the installed programs", async (t) => {
  const prefix = temporaryDirectory(t);
  await install(t, [join(archive(t), "install-tools.sh"), "--prefix", prefix]);
  for (const name of ["docker-bash", "docker-ssh"]) {
    const { stdout: help } = await runTool(t, [join(prefix, "bin", name), "--help"]);
    const flags = [...help.matchAll(/^ {2}(?:(-\w), )?(--[\w-]+)/gm)].flatMap(([, ...both]) => both.filter(Boolean));
    assert.ok(flags.length > 4, help);
    const lines = [
      `. ${prefix}/share/bash-completion/completions/${name}`,
      `COMP_WORDS=(${name} -) COMP_CWORD=1`,
      `read -r _ _ function _ < <(complete -p ${name})`,
      '"$function"',
      'echo "${COMPREPLY[@]}"',
    ];
    const offered = await runTool(t, ["bash", "--norc", "-c", lines.join("\n")]);
    assert.deepEqual(offered, { status: 0, stdout: `${flags.join(" ")}\n`, stderr: "" });
    const manual = readFileSync(join(prefix, `share/man/man1/${name}.1`), "utf8").replaceAll("\\-", "-");
    for (const flag of flags) assert.ok(manual.includes(`\\fB${flag}\\fR`), `${name}: ${flag}`);
    assert.ok(manual.includes(`"baseimage ${readFileSync("VERSION", "utf8").trim()}"`));
  }
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

  for (const part of Object.keys(TOOLS).filter((path) => path.includes("/"))) {
    const [lacking, empty] = [archive(t), temporaryDirectory(t)];
    rmSync(join(lacking, part));
    const outcome = await install(t, [join(lacking, "install-tools.sh"), "--prefix", empty]);
    assert.equal(outcome.status, 1);
    assert.match(outcome.stderr, new RegExp(`^install-tools: there is no ${part} in .*not complete\\n$`));
    assert.deepEqual(readdirSync(empty), []);
  }
});

test("an installation that fails halfway keeps the old files whole, and leaves nothing else", async (t) => {
  const [directory, prefix, bin] = [archive(t), temporaryDirectory(t), temporaryDirectory(t)];
  const words = [join(directory, "install-tools.sh"), "--prefix", prefix];
  await install(t, words);
  const contents = () => installed.map((line) => readFileSync(join(prefix, line.split(" ")[1] ?? ""), "latin1"));
  const before = contents();
  for (const path of ["share/man/man1/docker-ssh.1", "share/baseimage/insecure_key", "bin/host-tools"]) {
    writeFileSync(join(directory, path), "other text");
  }
  // As on a full disk.
  const copy = '#!/bin/sh\ncase $2 in *-bash.1) echo half > "$2"; exit 1 ;; esac\nexec /bin/cp "$@"\n';
  writeFileSync(join(bin, "cp"), copy, { mode: 0o755 });
  const { status } = await install(t, words, { env: { PATH: `${bin}:${process.env["PATH"]}` } });
  assert.equal(status, 1);
  assert.deepEqual(filesOf(prefix), installed);
  assert.ok(contents().every((content, at) => content === before[at]));
  assert.deepEqual(
    directoriesOf(prefix).filter((path) => path.includes(".install-tools")),
    [],
  );
});

test("a directory in the place of a file is refused, before anything is changed", async (t) => {
  const directory = archive(t);
  for (const [, path = ""] of installed.map((line) => line.split(" "))) {
    const prefix = temporaryDirectory(t);
    mkdirSync(join(prefix, path), { recursive: true });
    const { status, stderr } = await install(t, [join(directory, "install-tools.sh"), "--prefix", prefix]);
    assert.equal(status, 1);
    assert.equal(
      stderr,
      `install-tools: cannot install ${prefix}/${path}: a directory has this name; remove it first\n`,
    );
    assert.deepEqual(filesOf(prefix), []);
  }
});

test("leftovers of a killed installation are removed by the next, and by --uninstall", async (t) => {
  const [directory, prefix] = [archive(t), temporaryDirectory(t)];
  const gone = spawnSync("true").pid;
  const leave = () => {
    for (const place of new Set(installed.map((line) => dirname(line.split(" ")[1] ?? "")))) {
      mkdirSync(join(prefix, place, `.install-tools.${gone}`), { recursive: true });
    }
  };
  leave();
  await install(t, [join(directory, "install-tools.sh"), "--prefix", prefix]);
  const leftovers = () => directoriesOf(prefix).filter((path) => path.includes(".install-tools"));
  assert.deepEqual(leftovers(), []);
  assert.deepEqual(filesOf(prefix), installed);
  leave();
  assert.equal(leftovers().length, 4);
  await install(t, [join(directory, "install-tools.sh"), "--prefix", prefix, "--uninstall"]);
  assert.deepEqual(directoriesOf(prefix), ["bin", "share", "share/man"]);
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
  assert.match(
    (await install(t, [script, "--help"])).stdout,
    /^Installs docker-bash and docker-ssh to [^]*--uninstall/m,
  );
  const { status, stdout } = await install(t, [script, "--version"]);
  assert.deepEqual([status, stdout], [0, `install-tools.sh ${readFileSync("VERSION", "utf8")}`]);
});
