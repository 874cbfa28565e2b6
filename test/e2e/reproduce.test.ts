// A quick part of `make reproduce`: the same binaries from another directory and at another time, and no
// date of the build in the image.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { toolchainArgs } from "../support/build-args.ts";
import { engine, image, run, runContainer } from "../support/container.ts";

const sh = (...words: string[]) =>
  execFileSync("sh", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();

test("the binaries and the overlay are the same bit for bit when they are built again in another directory", async () => {
  const base = sh("scripts/base-image.sh", process.env["TOOLCHAIN_IMAGE"] || "debian:13");
  const stage = ["build", "--quiet", "--target", "toolchain", "--build-arg", `TOOLCHAIN_IMAGE=${base}`];
  // Made by `make build`, so this is only its name.
  const built = await run([...stage, ...toolchainArgs, "--build-arg", `BASE_IMAGE=${base}`, "."], {
    withinMs: 900_000,
  });
  assert.equal(built.status, 0, built.stderr);

  const place = "/another/place, much deeper";
  const script = `set -eu; umask 077; export TZ=Pacific/Kiritimati SOURCE_DATE_EPOCH=${sh("scripts/source-date.sh")}
    mkdir -p "${place}"; cd "${place}"; tar -x
    sh native/runit.sh /busybox /objects/runit > /dev/null
    sh native/build.sh all /quickjs /objects build/js /out > /dev/null
    sh image/overlay.sh /out . /out/overlay
    cd /out; sha256sum bin/* lib/* runit/busybox runit/LICENSE overlay/overlay.tar*`;
  const sources = execFileSync("tar", ["-c", "native", "build/js", "LICENSE", "THIRD-PARTY.md", "image/overlay.sh"], {
    maxBuffer: 1 << 28,
  });
  const id = built.stdout.trim().split("\n").pop() ?? "";
  const again = await run(["run", "--rm", "--interactive", id, "sh", "-c", script], {
    input: sources,
    withinMs: 600_000,
  });
  assert.equal(again.status, 0, again.stderr);

  const ours = ["bin", "lib", "runit", "overlay"].flatMap((directory) =>
    readdirSync(`build/${directory}`, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => `${sha256(`build/${directory}/${name}`)}  ${directory}/${name}`),
  );
  assert.deepEqual(again.stdout.trim().split("\n").sort(), ours.sort());
});

test("the image's users were made on the day of the sources, not of the build", async (t) => {
  const epoch = Number(sh("scripts/source-date.sh"));
  const base = await run(["image", "inspect", "--format", baseName, image]);
  const days = async (reference: string) => {
    const shadow = await runContainer(t, { image: reference, command: ["cat", "/etc/shadow"] });
    return new Map(shadow.stdout.split("\n").map((line) => [line.split(":")[0], Number(line.split(":")[2])]));
  };
  const [before, after] = [await days(base.stdout.trim()), await days(image)];
  const added = [...after].filter(([name]) => !before.has(name));
  assert.ok(added.length > 0);
  for (const [name, day] of added) assert.equal(day, Math.floor(epoch / 86_400), name);
});

test(`${engine} shows the base and the version of the image`, async () => {
  const label = (name: string) => `{{index .Config.Labels "org.opencontainers.image.${name}"}}`;
  const { stdout } = await run(["image", "inspect", "--format", `${label("version")} ${label("base.name")}`, image]);
  assert.match(stdout, /^\S+ \S+\n$/);
});

const baseName = '{{index .Config.Labels "org.opencontainers.image.base.name"}}';

function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
