// scripts/base-image.sh where no registry answers, with a debootstrap and a container engine that only write down their words.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

/** debootstrap's own mirror, if it is told none; and lists that say until when they are valid. */
const debootstrap = `echo "$*" > "$WORK/words"
shift $(($# - 4))
mkdir -p "$2/etc/apt/sources.list.d" "$2/etc" "$2/var/log" "$2/var/lib/apt/lists" "$2/var/cache/apt"
echo "deb \${3:-http://default.example/debian} $1 main" > "$2/etc/apt/sources.list"
printf 'Suite: %s\\nValid-Until: %s\\n' "$1" "$VALID_UNTIL" > "$2/var/lib/apt/lists/a_InRelease"`;
/** It has no image and gets none; what it loads is unpacked. */
const docker = `case $1 in load) cd "$WORK" && tar -x && tar -xf layer.tar ;; *) exit 1 ;; esac`;

/** Runs base-image.sh. @param mirrors what apt of this machine names */
function make(t: TestContext, image: string, mirrors: readonly string[], validUntil = "Fri, 01 Jan 2100 00:00:00 UTC") {
  const directory = mkdtempSync(join(tmpdir(), "baseimage-base-"));
  t.after(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, "bin"));
  for (const name of ["base-image.sh", "architecture.sh", "host-mirror.sh", "step.sh"]) {
    cpSync(`scripts/${name}`, join(directory, "scripts", name));
  }
  const programs = { debootstrap, docker, "apt-get": `printf '%s\\n' ${mirrors.join(" ")}`, id: "echo 0" };
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(directory, "bin", name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }
  const env = { PATH: `${join(directory, "bin")}:${process.env["PATH"]}`, WORK: directory, VALID_UNTIL: validUntil };
  const script = join(directory, "scripts/base-image.sh");
  const { status, stdout, stderr } = spawnSync("sh", [script, image], { env, encoding: "utf8" });
  const written = (path: string) => {
    const file = join(directory, path);
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  };
  const sources = written("etc/apt/sources.list.d/debian.sources");
  return { status, stdout, stderr, words: written("words"), sources, old: written("etc/apt/sources.list") };
}

const mirrors = ["http://mirror.example/debian-security/", "http://mirror.example/debian"];

test("each Debian of the table is made from the mirror of this machine's apt, by its suite", (t) => {
  const suites = {
    "debian:12": ["bookworm", "debian-12"],
    "debian:trixie": ["trixie", "debian-13"],
    "ubuntu:24.04": ["trixie", "debian-13"],
    "debian:testing": ["testing", "debian-testing"],
    "debian:forky": ["forky", "debian-forky"],
  };
  for (const [image, [suite, name]] of Object.entries(suites)) {
    const made = make(t, image, mirrors);
    assert.equal(made.stdout, `baseimage-debootstrap:${name}\n`, made.stderr);
    assert.match(made.words, new RegExp(` ${suite} \\S+ http://mirror.example/debian \\S+\\n$`));
    assert.match(
      made.sources,
      new RegExp(`^URIs: http://mirror.example/debian\\nSuites: ${suite} ${suite}-updates$`, "m"),
    );
    assert.match(
      made.sources,
      new RegExp(`^URIs: http://mirror.example/debian-security\\nSuites: ${suite}-security$`, "m"),
    );
    assert.equal(made.old, "", "debootstrap's own list is gone: it would name the mirror twice");
    assert.doesNotMatch(made.sources, /Check-Valid-Until/);
  }
});

test("if apt has no mirror of Debian, it is the one that debootstrap takes, and the security archive beside it", (t) => {
  const { stdout, words, sources } = make(t, "debian:12", ["http://mirror.example/ubuntu"]);
  assert.equal(stdout, "baseimage-debootstrap:debian-12\n");
  assert.match(words, / bookworm \S+ {2}\S+\n$/);
  assert.match(sources, /^URIs: http:\/\/default\.example\/debian$/m);
  assert.match(sources, /^URIs: http:\/\/default\.example\/debian-security$/m);
});

test("if the mirror's lists have expired, a line says so, and apt in the root does not refuse them", (t) => {
  const { stderr, sources } = make(t, "debian:testing", mirrors, "Fri, 06 Nov 2020 08:08:01 UTC");
  assert.match(stderr, /^base-image: the lists of testing at http:\/\/mirror\.example\/debian have expired;/m);
  assert.equal(sources.match(/^Check-Valid-Until: no$/gm)?.length, 2);
});

test("for any other base, one line says which bases can be made", (t) => {
  const { status, stderr } = make(t, "ubuntu:26.04", mirrors);
  assert.equal(status, 1);
  assert.match(
    stderr,
    /^base-image: ubuntu:26\.04 is not here .*debian:12, debian:13 and debian:testing can be made$/m,
  );
});
