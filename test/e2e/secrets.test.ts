// FILE__NAME: values that are in files of their own. See docs/reference/environment.md
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { run, runContainer, startContainer } from "../support/container.ts";
import { imageWith } from "../support/derived-image.ts";

/** Not in one piece in this file, so that no search finds the test. */
const SECRET = ["hush", "hush", "9137"].join("-");

/** Options of `docker run` that mount the secret. */
function mount(t: TestContext): string[] {
  const directory = mkdtempSync(join(tmpdir(), "secret-"));
  t.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, "token"), `${SECRET}\n`, { mode: 0o400 });
  return ["--volume", `${directory}:/run/secrets:ro`];
}

test("scripts, services and the command see the secret; no file, image, log or inspection shows it", async (t) => {
  const see = (name: string) => `[ "$TOKEN" = "$(cat /run/secrets/token)" ] && echo "${name} has it"`;
  const name = await imageWith(t, {
    "/etc/my_init.d/50_script": see("script"),
    "/etc/service/worker/run": `${see("service")}; exec sleep 600`,
    "/command": `${see("command")}; logger "a message"; exec sleep 600`,
  });
  const container = await startContainer(t, {
    image: name,
    command: ["my_init", "--", "/command"],
    env: { FILE__TOKEN: "/run/secrets/token" },
    args: mount(t),
  });
  for (const name of ["script", "service", "command"]) await container.waitForLog(`${name} has it`);
  assert.match(await container.sh("cat /etc/container_environment.sh"), /^export FILE__TOKEN=\/run\/secrets\/token$/m);

  const found = await container.exec(["grep", "-rlF", SECRET, "/", "--exclude-dir=proc", "--exclude-dir=sys"]);
  assert.equal(found.stdout, "/run/secrets/token\n");
  assert.ok(!(await run(["inspect", container.id])).stdout.includes(SECRET));
  const { stdout, stderr } = await container.logs();
  assert.ok(!(stdout + stderr).includes(SECRET));

  const committed = `baseimage-test:committed-${process.pid}`;
  t.after(() => run(["rmi", "--force", committed]));
  assert.equal((await run(["commit", container.id, committed])).status, 0);
  assert.ok(!(await run(["inspect", committed])).stdout.includes(SECRET));
  const inImage = await runContainer(t, {
    image: committed,
    command: ["grep", "-rlF", SECRET, "/", "--exclude-dir=proc", "--exclude-dir=sys"],
  });
  assert.equal(inImage.stdout, "");
});

test("a secret that cannot be read stops the boot, with a message that names variable and file", async (t) => {
  const { status, stdout, stderr } = await runContainer(t, {
    command: ["my_init", "--quiet", "--", "echo", "ran"],
    env: { FILE__TOKEN: "/run/secrets/none" },
  });
  assert.equal(status, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /^\*\*\* cannot set the variable "TOKEN" from the file "\/run\/secrets\/none": .*ENOENT/);
});
