// The service cron with the distribution's daemon: docs/reference/cron.md. More tests are in test/e2e/cron.test.ts.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { type Init, processRing, startInit, until } from "../support/process.ts";

/** The script of the service, as it is in the image. */
const cronRun = readFileSync("rootfs/cron/etc/service/cron/run", "latin1").replace("#!/bin/sh\n", "");

/** The largest limit of descriptors that this machine gives. 20,000,000 cost cron 80 MB. */
function mostDescriptors(): number {
  const hard = Number(/^Max open files +\d+ +(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"))?.[1]);
  const wishes = [20_000_000, Number(readFileSync("/proc/sys/fs/nr_open", "latin1"))];
  const isFree = (count: number) => spawnSync("prlimit", [`--nofile=${count}:${count}`, "true"]).status === 0;
  return wishes.find((count) => count > hard && isFree(count)) ?? hard;
}

/** A line of /proc/PID/FILE, for each process of this name. */
function lines(init: Init, name: string, file: string, line: RegExp): string[][] {
  return init.processes().flatMap((each) => {
    if (each.name !== name) return [];
    const found = line.exec(init.processFile(each.pid, file));
    return found === null ? [] : [found.slice(1)];
  });
}

describe("cron", processRing, () => {
  test("a job that prints costs no memory for descriptors that it does not use, and can raise its limit again", async (t) => {
    const most = mostDescriptors();
    t.diagnostic(`limit of descriptors: ${most}`);
    const init = await startInit(t, {
      wrapper: ["prlimit", `--nofile=${most}:${most}`],
      scripts: {
        "/etc/service/cron/run": cronRun,
        // cron waits for it, and has done then what it does to start it.
        "/usr/sbin/sendmail": "cat > /tmp/mail; touch /tmp/mailed; until [ -e /tmp/go ]; do sleep 0.05; done",
      },
      files: { "/etc/cron.d/test": '@reboot root ulimit -S -n; ulimit -S -n "$(ulimit -H -n)"; ulimit -S -n\n' },
    });
    await until(() => init.view.exists("/tmp/mailed"), "the mailer was started");
    const peaks = lines(init, "cron", "status", /^VmHWM:\s+(\d+) kB/m).map(([kib]) => Number(kib));
    assert.ok(peaks.length >= 2, "the daemon, and its process that waits for the mailer");
    for (const kib of peaks) assert.ok(kib < 16 * 1024, `${kib} KiB`);
    // This fails too where this machine gives so few descriptors that no memory shows them.
    const soft = Math.min(1024, most);
    const limits = lines(init, "cron", "limits", /^Max open files +(\d+) +(\d+)/m);
    assert.ok(limits.length >= 2, "of both");
    for (const limit of limits) assert.deepEqual(limit, [`${soft}`, `${most}`]);
    assert.match(init.view.read("/tmp/mail"), new RegExp(`\\n\\n${soft}\\n${most}\\n$`));
    init.view.write("/tmp/go", "");
    init.signal("SIGTERM");
    assert.equal((await init.ended()).status, 0);
  });

  test("a limit that is already smaller stays as it is", async (t) => {
    const init = await startInit(t, {
      wrapper: ["prlimit", "--nofile=300:800"],
      scripts: { "/etc/service/cron/run": cronRun },
    });
    await until(() => init.processes().some(({ name }) => name === "cron"), "cron runs");
    // A job of the image that is due in this minute has a process of this name, too.
    const limits = lines(init, "cron", "limits", /^Max open files +(\d+) +(\d+)/m);
    assert.ok(limits.length >= 1);
    for (const limit of limits) assert.deepEqual(limit, ["300", "800"]);
    init.signal("SIGTERM");
    assert.equal((await init.ended()).status, 0);
  });

  for (const [what, prepare] of [
    // A directory that no crontab runs: the service looks for it in all crontabs.
    ["a link to an endless device", "touch $root/etc/cron.yearly/job; ln -s /dev/zero $root/etc/cron.d/zero"],
    ["a FIFO with a name that cron passes over", "touch $root/etc/cron.yearly/job; mkfifo $root/etc/cron.d/a.b"],
    ["a FIFO in place of its options", "rm -f $root/etc/default/cron; mkfifo $root/etc/default/cron"],
  ] as const) {
    test(`${what} does not keep cron from starting`, async (t) => {
      const init = await startInit(t, {
        prepare: `mkdir -p $root/etc/cron.yearly; ${prepare}`,
        scripts: { "/etc/service/cron/run": cronRun },
      });
      await until(() => init.processes().some(({ name }) => name === "cron"), "cron runs");
      init.signal("SIGTERM");
      assert.equal((await init.ended()).status, 0);
    });
  }

  // The only log here is the container's output: hides a socket of this machine from the view.
  const withoutSyslog = `if [ -S "$root/dev/log" ]; then mount --bind /dev/null "$root/dev/log"; fi`;

  /** A job that prints \`words\` a while after it gets TERM. */
  const printsLate = (words: string) =>
    `trap 'sleep 0.7; echo ${words}; exit' TERM; echo ${words} begins; while :; do sleep 0.05; done`;

  test("what a job prints after TERM is not lost, whatever its user and whichever of its processes prints it", async (t) => {
    const init = await startInit(t, {
      prepare: withoutSyslog,
      scripts: { "/etc/service/cron/run": cronRun, "/opt/prints-late": printsLate("child") },
      files: {
        "/etc/cron.d/test": `@reboot root ${printsLate("root")}
@reboot daemon ${printsLate("daemon")}
@reboot root /opt/prints-late & wait
@reboot daemon setsid /opt/prints-late; true
`,
      },
    });
    const words = ["root", "daemon", "child", "child"];
    const count = (text: string) => init.output.split("\n").filter((line) => line.endsWith(`) ${text}`)).length;
    await until(() => words.every((word) => count(`${word} begins`) >= (word === "child" ? 2 : 1)), "all jobs run");
    init.signal("SIGTERM");
    const { status, stderr } = await init.ended();
    assert.equal(status, 0);
    assert.doesNotMatch(stderr, /Forcing/, "what follows a job ends with it");
    assert.deepEqual(["root", "daemon", "child"].map(count), [1, 1, 2]);
  });

  test("if cron ends before a job, the job's output is still read to its end", async (t) => {
    const init = await startInit(t, {
      prepare: withoutSyslog,
      scripts: { "/etc/service/cron/run": cronRun },
      files: {
        "/etc/cron.d/test":
          "@reboot root echo $PPID > /tmp/cron; echo one; until [ -e /tmp/go ]; do sleep 0.05; done; sleep 1; echo two\n",
      },
    });
    await init.waitFor(/\(root\) one$/m);
    // The second before "two" is time enough for a follower that does not wait for the job's end.
    await init.exec("kill -9 $(cat /tmp/cron)");
    init.view.write("/tmp/go", "");
    await init.waitFor(/\(root\) two$/m);
    await until(
      () => !init.processes().some(({ name }) => name === "cron-output"),
      "no process reads its output any more",
    );
    init.signal("SIGTERM");
    assert.equal((await init.ended()).status, 0);
  });

  test("a daemon that a job leaves behind delays nothing after the job's end", async (t) => {
    const init = await startInit(t, {
      prepare: withoutSyslog,
      scripts: { "/etc/service/cron/run": cronRun },
      files: { "/etc/cron.d/test": "@reboot root echo started; setsid sleep 1000 &\n" },
    });
    await init.waitFor(/\(root\) started$/m);
    await until(
      () => !init.processes().some(({ name }) => name === "cron-output"),
      "no process reads its output any more",
    );
    assert.ok(init.processes().some(({ name }) => name === "sleep"));
    init.signal("SIGTERM");
    assert.equal((await init.ended()).status, 0);
  });
});
