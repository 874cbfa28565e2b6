// Not PID 1: the same behaviour as a subreaper, and never a signal to a foreign process. See docs/reference/my_init.md
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  dockerEnv,
  type InitOptions,
  isSanitized,
  processRing,
  runInit,
  startInit,
  until,
} from "../support/process.ts";

/** Foreign processes: in another session, in my_init's own process group, and an orphan. They print each signal. */
const foreign = {
  before: `inside "exec setsid /fixtures/prints-signals.sh /tmp/end far" &
    inside "exec /fixtures/prints-signals.sh /tmp/end near" &
    inside "sh -c 'setsid /fixtures/prints-signals.sh /tmp/end orphan & exit'"`,
  after: `inside "pkill -USR1 -f [p]rints-signals; touch /tmp/end; while pgrep -f [p]rints-signals; do sleep 0.01; done"`,
};
/** Lines of `sh` that wait until all three listen: the last signal that each traps, RTMAX, is caught. */
const wait =
  "until [ $(grep -l '^SigCgt:.[89a-f]' /proc/[0-9]*/status 2> /dev/null | wc -l) = 3 ]; do sleep 0.02; done";
/** A program that gets no TERM, and the lines that wait until that is so. */
const deaf = "exec /fixtures/ignores-term.sh > /tmp/deaf";
const waitForDeaf = "until grep -q deaf /tmp/deaf; do sleep 0.02; done 2> /dev/null";

function assertUnhurt(output: string): void {
  assert.equal(output.match(/ends unhurt/g)?.length, 3, output);
  assert.deepEqual(
    output.match(/^got .*/gm),
    ["got USR1", "got USR1", "got USR1"],
    "they got the test's signal, and no other",
  );
}

describe("not PID 1", processRing, () => {
  const cases: Readonly<Record<string, InitOptions>> = {
    "a command that ends": { args: ["sh", "-c", `${wait}; exit 6`] },
    "--skip-runit": { args: ["--skip-runit", "sh", "-c", `${wait}; exit 6`] },
    "a startup script that fails": { scripts: { "/etc/my_init.d/10_a": `${wait}; exit 6` } },
    "a daemon that has to be killed": {
      env: { ...dockerEnv, KILL_ALL_PROCESSES_TIMEOUT: "1" },
      args: ["sh", "-c", `${wait}; setsid sh -c '${deaf}' & ${waitForDeaf}; exit 6`],
    },
    "a service that has to be killed": {
      env: { ...dockerEnv, KILL_PROCESS_TIMEOUT: "1" },
      scripts: { "/etc/service/deaf/run": deaf },
      args: ["sh", "-c", `${wait}; ${waitForDeaf}; exit 6`],
    },
  };
  for (const [what, options] of Object.entries(cases)) {
    test(`no foreign process is ever signalled: ${what}`, async (t) => {
      const ended = await runInit(t, { ...options, besides: foreign });
      assert.equal(ended.status, 6, ended.output);
      assertUnhurt(ended.output);
    });
  }

  test("no foreign process is ever signalled: a second request to stop", async (t) => {
    const init = await startInit(t, {
      besides: foreign,
      scripts: { "/etc/service/deaf/run": "exec /fixtures/ignores-term.sh", "/etc/my_init.d/10_a": wait },
    });
    await init.waitFor("deaf as PID");
    init.signal("SIGTERM");
    await init.waitFor("Shutting down runit");
    init.signal("SIGTERM");
    const ended = await init.ended();
    assert.equal(ended.status, 0);
    assertUnhurt(ended.output);
  });

  test("services, daemons and orphans become its children, get TERM and are reaped", async (t) => {
    const init = await startInit(t, {
      besides: {},
      scripts: {
        "/etc/service/worker/run": "exec /fixtures/says-goodbye.sh worker 0.2",
        "/etc/my_init.d/10_a": "/fixtures/daemonises.sh /fixtures/says-goodbye.sh daemon 0.2; (: &); (: &)",
      },
      args: ["/fixtures/says-goodbye.sh", "command"],
    });
    for (const name of ["worker", "daemon", "command"]) await init.waitFor(`${name} is up`);
    const self = init.processes().find(({ parent, name }) => parent === 1 && /^my_init|^ld-linux/.test(name));
    const [, daemon] = await init.waitFor(/^daemon is up as PID (\d+)$/m);
    assert.equal(init.processes().find(({ pid }) => pid === Number(daemon))?.parent, self?.pid);
    await until(() => init.processes().every(({ state }) => state !== "Z"), "no zombie is left");
    init.signal("SIGTERM");
    const ended = await init.ended();
    assert.equal(ended.status, 0);
    for (const name of ["worker", "daemon", "command"]) assert.match(ended.output, new RegExp(`${name} said goodbye`));
    assert.doesNotMatch(ended.output, /Forcing/);
  });

  const skip = isSanitized && "the sanitizers need /proc";
  test("without /proc it cannot find the remaining processes: it logs this and does not wait", { skip }, async (t) => {
    const ended = await runInit(t, {
      besides: {},
      prepare: 'umount "$root/proc"',
      env: { ...dockerEnv, SHUTDOWN_TIMEOUT: "600" },
      args: ["--skip-runit", "sh", "-c", "setsid sleep 1000 & exit 6"],
    });
    assert.equal(ended.status, 6);
    assert.match(
      ended.stderr,
      /^\*\*\* cannot stop the processes that are left: "\/proc" does not show them; mount it$/m,
    );
    assert.doesNotMatch(ended.output, /obey no signal|Forcing/);
  });

  for (const [what, args, status] of [
    ["a command's own", ["sh", "-c", "exit 9"], 9],
    ["that of a command that died", ["sh", "-c", "kill -KILL $$"], 137],
    ["not found", ["no-such-command"], 127],
    ["not executable", ["/etc/passwd"], 126],
    ["bad usage", ["--bogus"], 2],
  ] as const) {
    test(`the exit status is the same as for PID 1: ${what}`, async (t) => {
      assert.equal((await runInit(t, { besides: {}, args })).status, status);
    });
  }
});
