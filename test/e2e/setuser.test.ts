// setuser in a real container: the container engine's pipes and terminals. See docs/reference/setuser.md
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { engine, image, run, runContainer, startContainer } from "../support/container.ts";
import { imageWith } from "../support/derived-image.ts";
import { startAtTerminal } from "../support/terminal.ts";

const reopen = "echo out > /dev/stdout; echo err > /dev/stderr";

describe("setuser", { concurrency: 4 }, () => {
  test("a command run by it can reopen the container engine's /dev/stdout and /dev/stderr", async (t) => {
    const ours = await runContainer(t, { command: ["setuser", "nobody", "sh", "-c", `${reopen}; id -un`] });
    assert.deepEqual([ours.status, ours.stdout, ours.stderr], [0, "out\nnobody\n", "err\n"]);
    const plain = await runContainer(t, {
      args: ["--entrypoint", "setpriv"],
      command: ["--reuid=nobody", "--clear-groups", "sh", "-c", reopen],
    });
    assert.match(plain.stderr, /Permission denied/, "the test can fail: so it is without setuser");
  });

  test("a service run by it can, too", async (t) => {
    const derived = await imageWith(t, {
      "/etc/service/worker/run": `exec setuser games sh -c '${reopen}; id -un; echo "$HOME $USER"; exec sleep 1000'`,
    });
    const container = await startContainer(t, { image: derived });
    await container.waitForLog(/^\/usr\/games games$/m);
    await container.waitForLog(/^err$/m);
    assert.match((await container.logs()).stdout, /^out\ngames\n/m);
    await container.until('[ "$(pgrep -u games -x sleep | wc -l)" = 1 ]');
    assert.equal(await container.sh("pgrep -x setuser | wc -l"), "0\n", "it is not left behind");
  });

  test("a command run by it at the container's terminal can, too", async (t) => {
    const name = `baseimage-test-setuser-${process.pid}`;
    t.after(() => run(["rm", "--force", name]));
    const terminal = startAtTerminal(t, [
      engine,
      "run",
      "--rm",
      "-it",
      "--name",
      name,
      image,
      "setuser",
      "nobody",
      "dd",
      "of=/dev/stdout",
      "if=/etc/hostname",
      "status=none",
    ]);
    assert.equal(await terminal.ended(), 0, terminal.output);
    assert.match(terminal.output, /^[0-9a-f]{12}\r?$/m);
  });

  test("statuses are those of its table", async (t) => {
    const cases: readonly (readonly [number, readonly string[]])[] = [
      [7, ["nobody", "sh", "-c", "exit 7"]],
      [1, ["no-such-user", "true"]],
      [1, ["nobody"]],
      [127, ["nobody", "no-such-command"]],
      [126, ["nobody", "/etc/passwd"]],
      [0, ["1234:5678", "sh", "-c", '[ "$(id -u):$(id -g):$(id -G)" = 1234:5678:5678 ]']],
    ];
    for (const [status, words] of cases) {
      assert.equal((await runContainer(t, { command: ["setuser", ...words] })).status, status, words.join(" "));
    }
  });
});
