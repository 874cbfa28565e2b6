// Shutdown at any moment of the boot: it never hangs, and no script is lost half-way. See docs/reference/my_init.md
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type Ended, type Init, processRing, startInit, until } from "../support/process.ts";

const half = (name: string) => `echo "${name} begins"; sleep 0.05; echo "${name} ends"`;
const scripts = {
  "/etc/my_init.d/10_a": half("first"),
  "/etc/my_init.d/20_b": half("second"),
  "/etc/my_init.d/30_c": half("third"),
  "/etc/rc.local": half("fourth"),
  "/etc/service/one/run": "exec /fixtures/says-goodbye.sh one",
  "/etc/service/two/run": "exec /fixtures/says-goodbye.sh two",
  "/etc/my_init.pre_shutdown.d/10_a": half("fifth"),
  "/etc/my_init.post_shutdown.d/10_a": half("sixth"),
};

/** Waits until it takes signals. Before, the kernel drops a signal for which PID 1 has no handler. */
async function takesSignals(init: Init): Promise<void> {
  await until(() => !/^SigBlk:\s+0+$/m.test(readFileSync(`/proc/${init.pid}/status`, "latin1")), "it blocks signals");
}

function assertInOrder(ended: Ended): void {
  for (const name of ["first", "second", "third", "fourth", "fifth", "sixth"]) {
    assert.equal(
      ended.output.includes(`${name} begins`),
      ended.output.includes(`${name} ends`),
      `${name} is whole\n${ended.output}`,
    );
  }
  for (const name of ["fifth", "sixth"])
    assert.ok(ended.output.includes(`${name} ends`), `${name} ran\n${ended.output}`);
  for (const name of ["one", "two"]) {
    assert.equal(
      ended.output.includes(`${name} is up`),
      ended.output.includes(`${name} said goodbye`),
      `${name} was stopped\n${ended.output}`,
    );
  }
  assert.doesNotMatch(ended.output, /Forcing/);
}

describe("stop at any moment of the boot", { ...processRing, concurrency: 8 }, () => {
  const moments = Array.from({ length: 20 }, (_, i) => i * 15);

  for (const moment of moments) {
    test(`after ${moment} ms, without a command, it is 0 and in order`, async (t) => {
      const init = await startInit(t, { scripts });
      await takesSignals(init);
      await pause(moment);
      init.signal("SIGTERM");
      const ended = await init.ended();
      assert.equal(ended.status, 0);
      assertInOrder(ended);
    });
  }

  for (const moment of moments.filter((_, i) => i % 4 === 0)) {
    test(`after ${moment} ms, with a command, it is 143 and in order`, async (t) => {
      const init = await startInit(t, { scripts, args: ["sleep", "1000"] });
      await takesSignals(init);
      await pause(moment);
      init.signal("SIGTERM");
      const ended = await init.ended();
      assert.equal(ended.status, 143);
      assertInOrder(ended);
    });

    test(`after ${moment} ms, where it is not PID 1, it is 0 and in order`, async (t) => {
      const init = await startInit(t, { scripts, besides: {} });
      await takesSignals(init);
      await pause(moment);
      init.signal("SIGTERM");
      const ended = await init.ended();
      assert.equal(ended.status, 0);
      assertInOrder(ended);
    });
  }

  test("services that are just starting are stopped with their finish scripts and log services", async (t) => {
    const names = ["a", "b", "c"];
    const services = Object.fromEntries(
      names.flatMap((name) => [
        [
          `/etc/service/${name}/run`,
          // TERM may come between trap and echo: what the trap does only counts once the loop is reached.
          `trap over=1 TERM; echo ${name} begins; until [ "$over" ]; do sleep 0.02; done; echo ${name} ends`,
        ],
        [`/etc/service/${name}/finish`, `echo ${name} finished >&2`],
        [
          `/etc/service/${name}/log/run`,
          `trap "" TERM; while read -r line; do echo "logged: $line"; done; echo log of ${name} closed`,
        ],
      ]),
    );
    const stopAfter = async (ms: number) => {
      const init = await startInit(t, { scripts: services });
      await init.waitFor("Runit started as PID");
      await pause(ms);
      init.signal("SIGTERM");
      const { status, output } = await init.ended();
      const has = (text: string) => output.includes(text);
      for (const name of names) {
        assert.equal(has(`logged: ${name} begins`), has(`logged: ${name} ends`), `${name} after ${ms} ms:\n${output}`);
        assert.ok(!has(`logged: ${name} begins`) || has(`${name} finished`), `${name} after ${ms} ms:\n${output}`);
        assert.ok(!has(`logged: ${name} begins`) || has(`log of ${name} closed`), `${name} after ${ms} ms:\n${output}`);
      }
      assert.doesNotMatch(output, /Forcing/, `after ${ms} ms`);
      assert.equal(status, 0);
    };
    for (let ms = 0; ms < 18; ms += 3) await Promise.all([0, 1, 2, 3, 4].map((part) => stopAfter(ms + part / 2)));
  });

  test("a startup script gets TERM and time to end; a process that ignores TERM is killed, and a message names it", async (t) => {
    const init = await startInit(t, {
      env: { PATH: "/usr/bin:/bin", SHUTDOWN_TIMEOUT: "8" },
      scripts: { "/etc/my_init.d/10_a": "/fixtures/ignores-term.sh & exec /fixtures/says-goodbye.sh script" },
    });
    await init.waitFor("script is up");
    const [, pid] = await init.waitFor(/^deaf as PID (\d+)$/m);
    init.signal("SIGTERM");
    const ended = await init.ended();
    assert.equal(ended.status, 0);
    assert.match(ended.output, /script said goodbye/);
    assert.match(ended.stderr, new RegExp(`ignores-term\\.sh \\(PID ${pid}\\) did not shut down in time`));
  });

  test("a stop before anything has started leaves nothing running", async (t) => {
    const init = await startInit(t, {
      scripts: { "/etc/my_init.d/10_a": "kill -TERM $PPID; exec sleep 1000", "/etc/my_init.d/20_b": "echo second ran" },
      args: ["echo", "command ran"],
    });
    const ended = await init.ended();
    assert.doesNotMatch(ended.output, /second ran|^command ran|Booting runit/m);
    assert.equal(ended.status, 143, "the command that was asked for never ran");
  });
});
