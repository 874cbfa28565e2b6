// DISABLE_SYSLOG, DISABLE_CRON and DISABLE_SSH leave a part out of the image. See docs/building.md
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { toolchainArgs } from "../support/build-args.ts";
import { run, runContainer } from "../support/container.ts";

/** Builds an image with these variables in the environment; it is removed when `t` ends. */
function build(t: TestContext, version: string, variables: Readonly<Record<string, string>>) {
  const name = "baseimage-toggles";
  t.after(() => run(["rmi", "--force", `${name}:${version}`, `${name}:${version}-overlay`, `${name}:latest`]));
  const env = { ...process.env, NAME: name, VERSION: version, ...variables };
  return { ...spawnSync("sh", ["scripts/build-image.sh"], { encoding: "utf8", env }), image: `${name}:${version}` };
}

/** What of the three parts an image holds: programs, files, packages. */
async function contentOf(t: TestContext, name: string): Promise<string> {
  const line = `for word in syslog-ng logrotate cron crontab sendmail sshd ssh enable_insecure_key; do command -v $word; done
    ls -d /etc/my_init.d/* /etc/my_init.post_shutdown.d/* /etc/service/* /etc/pam.d/* /etc/ssh /etc/insecure_key* \\
      /etc/cron.d/* /etc/syslog-ng /usr/lib/baseimage/* 2> /dev/null
    dpkg-query --show --showformat '\${Package}\\n'
    exit 0`;
  const outcome = await runContainer(t, { image: name, command: ["my_init", "--quiet", "--", "sh", "-c", line] });
  assert.equal(outcome.status, 0, outcome.stderr);
  assert.equal(outcome.stderr, "");
  return outcome.stdout;
}

const SYSLOG = /syslog|logrotate|rotate-/;
const CRON = /cron|logrotate|sendmail/;
const SSH = /sshd|openssh|ssh-|ssh_|\/ssh|insecure/;

test("DISABLE_SYSLOG=1 leaves out syslog-ng and logrotate", async (t) => {
  const { image, status, stderr } = build(t, "without-syslog", { DISABLE_SYSLOG: "1" });
  assert.equal(status, 0, stderr);
  const content = await contentOf(t, image);
  assert.doesNotMatch(content, SYSLOG);
  assert.match(content, /^\/etc\/service\/cron$/m);
  assert.match(content, /^\/etc\/service\/sshd$/m);
});

test("DISABLE_CRON=1 leaves out cron and logrotate, DISABLE_SSH=1 sshd and the insecure key", async (t) => {
  const { image, status, stderr } = build(t, "without-cron-ssh", { DISABLE_CRON: "1", DISABLE_SSH: "1" });
  assert.equal(status, 0, stderr);
  const content = await contentOf(t, image);
  assert.doesNotMatch(content, SSH);
  assert.doesNotMatch(content, CRON);
  assert.match(content, /^\/etc\/my_init.d\/10_syslog-ng.init$/m);

  const outcome = await runContainer(t, { image, command: ["/sbin/my_init", "--enable-insecure-key", "--", "true"] });
  assert.equal(outcome.status, 126);
  assert.match(outcome.stderr, /^\*\*\* cannot run "\/usr\/sbin\/enable_insecure_key": .*ENOENT/m);
});

test("if a part cannot be installed, the build fails and prints the reason", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "build-"));
  t.after(() => rmSync(directory, { recursive: true }));
  for (const part of ["Dockerfile", "LICENSE", "THIRD-PARTY.md", "native", "image", "rootfs", "build/js"]) {
    cpSync(part, join(directory, part), { recursive: true });
  }
  writeFileSync(join(directory, "image/packages/ssh"), "no-such-package\n");
  const base = (name: string) => execFileSync("sh", ["scripts/base-image.sh", name], { encoding: "utf8" }).trim();
  const outcome = await run(
    [
      ...["build", "--force-rm", "--target", "image", "--tag", "baseimage-toggles:broken", ...toolchainArgs],
      ...["--build-arg", `BASE_IMAGE=${base(process.env["BASE_IMAGE"] || "ubuntu:24.04")}`],
      ...["--build-arg", `TOOLCHAIN_IMAGE=${base(process.env["TOOLCHAIN_IMAGE"] || "debian:13")}`, directory],
    ],
    { withinMs: 900_000 },
  );
  assert.notEqual(outcome.status, 0);
  assert.match(outcome.stdout + outcome.stderr, /Unable to locate package no-such-package/);
  assert.equal((await run(["image", "inspect", "baseimage-toggles:broken"])).status, 1);
});
