// A child that is stopped between its birth and execve(2) does not stop my_init. See docs/adr/0016-start.md.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Init, isEmulated, processRing, startInit, until } from "../support/process.ts";

const skip = isEmulated ? "an emulator has no ptrace(2)" : processRing.skip;
const env = { PATH: "/usr/bin:/bin", SHUTDOWN_TIMEOUT: "4" };

/** From now on the next child of my_init is stopped before its first instruction. */
const stopNextChild = `/fixtures/stops-next-child.pl $PPID > /tmp/watch &
  until grep -q watching /tmp/watch; do sleep 0.01; done`;

/** Waits until that has happened. @returns the child */
async function stoppedChild(init: Init): Promise<number> {
  await until(
    () => init.view.exists("/tmp/watch") && init.view.read("/tmp/watch").includes("stopped"),
    "a child is stopped",
  );
  const pid = Number(/stopped (\d+)/.exec(init.view.read("/tmp/watch"))?.[1]);
  const facts = (each: number) => init.processes().find((process) => process.pid === each);
  await until(() => facts(pid)?.state === "T", "it is stopped");
  assert.equal(facts(pid)?.name, facts(1)?.name, "it is no other program yet");
  return pid;
}

describe("a child that is stopped before execve", { ...processRing, skip }, () => {
  test("prevents neither a stop during the boot nor the reaping of orphans", async (t) => {
    const init = await startInit(t, {
      env,
      scripts: { "/etc/my_init.d/10_a": stopNextChild, "/etc/my_init.d/20_b": "echo second ran" },
    });
    await stoppedChild(init);
    const orphan = Number(await init.exec("sh -c 'sleep 0.1 > /dev/null & echo $!'"));
    await until(() => !init.processes().some(({ pid }) => pid === orphan), "the orphan is reaped");
    init.signal("SIGTERM");
    const { output, status } = await init.ended();
    assert.equal(status, 0);
    assert.doesNotMatch(output, /second ran/);
  });

  test("runs its program when it is continued", async (t) => {
    const init = await startInit(t, {
      scripts: { "/etc/my_init.d/10_a": stopNextChild, "/etc/my_init.d/20_b": "echo second ran" },
      args: ["--", "echo", "command ran"],
    });
    await init.exec(`kill -CONT ${await stoppedChild(init)}`).catch(() => {});
    const { output, status } = await init.ended();
    assert.match(output, /^second ran$/m);
    assert.match(output, /^command ran$/m);
    assert.equal(status, 0);
  });

  test("still reports why its program cannot be run", async (t) => {
    const init = await startInit(t, {
      scripts: { "/etc/my_init.d/10_a": stopNextChild },
      prepare: 'printf "#!/no/interpreter\\n" > "$root/etc/my_init.d/20_b"; chmod 755 "$root/etc/my_init.d/20_b"',
    });
    // The container may end before kill does.
    await init.exec(`kill -CONT ${await stoppedChild(init)}`).catch(() => {});
    const { status, stderr } = await init.ended();
    assert.match(stderr, /cannot run "\/etc\/my_init.d\/20_b": no such interpreter "\/no\/interpreter" \(ENOENT\)/);
    assert.match(stderr, /20_b failed with status 126/);
    assert.equal(status, 126);
  });

  test("as the command, it gets TERM like any other command", async (t) => {
    const init = await startInit(t, {
      env,
      scripts: { "/etc/my_init.d/10_a": stopNextChild },
      args: ["--skip-runit", "--", "sleep", "1000"],
    });
    await stoppedChild(init);
    init.signal("SIGTERM");
    const { status } = await init.ended();
    assert.equal(status, 143);
  });

  test("as runsvdir, it does not prevent the container's stop", async (t) => {
    const init = await startInit(t, {
      env,
      scripts: { "/etc/my_init.d/10_a": stopNextChild, "/etc/service/one/run": "exec sleep 1000" },
    });
    await stoppedChild(init);
    init.signal("SIGTERM");
    const { status } = await init.ended();
    assert.equal(status, 0);
  });

  test("as a shutdown script, it is killed when its share of the time limit is over, and a message names it", async (t) => {
    const init = await startInit(t, {
      env,
      scripts: {
        "/etc/my_init.pre_shutdown.d/10_a": stopNextChild,
        "/etc/my_init.pre_shutdown.d/20_b": "echo never",
        "/etc/my_init.post_shutdown.d/10_a": "echo last script ran",
      },
    });
    await init.waitFor("Runit started as PID");
    init.signal("SIGTERM");
    const { output, status } = await init.ended();
    assert.match(output, /my_init.* \(PID \d+\) did not shut down in time\. Forcing it to exit\./);
    assert.match(output, /^last script ran$/m);
    assert.doesNotMatch(output, /^never$/m);
    assert.equal(status, 0);
  });
});
