// Each program of ours in the image answers --help and --version, refuses unknown words, and does nothing else.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { run, startContainer } from "../support/container.ts";
import { imagePrograms } from "../support/image-programs.ts";

/** Executables whose command lines are another program's, by the end of their paths. */
const others: Readonly<Record<string, string>> = {
  [imagePrograms.runsv]: "hands them to runit's runsv",
  [imagePrograms.sv]: "hands them to runit's sv",
  "/usr/sbin/policy-rc.d": "invoke-rc.d's",
  [imagePrograms["essential-finish"]]: "runsv's",
  [imagePrograms["service-control"]]: "runsv's",
  "/etc/service/cron/run": "runsv gives none",
  "/etc/service/sshd/run": "runsv gives none",
};

/** All programs that the overlays bring, as paths in the image. */
const scripts = execFileSync("git", ["ls-files", "--stage", "rootfs"], { encoding: "utf8" })
  .split("\n")
  .filter((line) => line.startsWith("100755"))
  .map((line) => (line.split("\t")[1] ?? "").replace(/^rootfs\/[^/]+/, ""));

test("each program prints its usage and version, refuses an unknown word, and changes no file", async (t) => {
  const container = await startContainer(t, { command: ["sleep", "600"] });
  await container.sh("mkdir /dev/shm/marks"); // no part of the container's layer
  const changes = async () => (await run(["diff", container.id])).stdout;
  const before = await changes();
  const version = readFileSync("VERSION", "utf8").trim();
  for (const path of [...Object.values(imagePrograms), ...scripts].filter((each) => !(each in others))) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    for (const [word, status] of [
      ["--help", 0],
      ["--version", 0],
      ["--no-such", name === "sendmail" ? 69 : 2], // EX_UNAVAILABLE of sendmail(8), as for every mail
    ] as const) {
      const outcome = await container.exec(["timeout", "60", path, word]);
      const [printed, other] = status === 0 ? [outcome.stdout, outcome.stderr] : [outcome.stderr, outcome.stdout];
      assert.deepEqual([outcome.status, other], [status, ""], `${path} ${word}: ${printed}`);
      if (word === "--version") assert.equal(printed, `${name} ${version}\n`);
      else if (name !== "sendmail" || status === 0) assert.match(printed, new RegExp(`^usage: ${name}`, "m"));
    }
  }
  assert.equal(await changes(), before);
});

test("options after other words are known or refused as well", async (t) => {
  const container = await startContainer(t, { command: ["sleep", "600"] });
  const status = async (...words: string[]) => (await container.exec(words)).status;
  assert.equal(await status("install_clean", "nginx-light", "--no-such"), 2);
  assert.equal(await status("install_clean", "nginx-light", "--help"), 0);
  assert.equal(await status("locale-gen", "en_US.UTF-8", "--no-such"), 2);
  await container.sh("echo LANG=C > /etc/default/locale");
  assert.equal(await status("update-locale", "LANG=en_US.UTF-8", "--no-such"), 2);
  assert.equal(await container.sh("cat /etc/default/locale"), "LANG=C\n");
  await container.sh("update-locale LANGUAGE=en --reset && update-locale --no-checks LC_ALL=C");
  assert.equal(await container.sh("cat /etc/default/locale"), "LANGUAGE=en\nLC_ALL=C\n");
});
