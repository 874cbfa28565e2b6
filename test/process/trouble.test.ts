// Unreadable files, full disks, too little memory: each gives a clear message and an orderly end.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync, symlinkSync, truncateSync } from "node:fs";
import { describe, test } from "node:test";
import { dockerEnv, type Ended, isSanitized, makeView, processRing, runInit, startInit } from "../support/process.ts";

const DIRECTORY = "/etc/container_environment";

/** Proof of an orderly shutdown: its last script ran. */
const lastScript = { "/etc/my_init.post_shutdown.d/10_last": "echo shut down in order" };

/** A root without the capability to override the modes of files. */
const withoutPower = [
  "setpriv",
  "--bounding-set=-dac_override,-dac_read_search",
  "--inh-caps=-dac_override,-dac_read_search",
];

function assertOrderlyEnd(ended: Ended, message: RegExp): void {
  assert.equal(ended.status, 1, ended.output);
  assert.match(ended.stderr, message);
  assert.match(ended.output, /shut down in order/);
  assertNoStack(ended);
}

function assertNoStack(ended: Ended): void {
  assert.doesNotMatch(ended.output, /^\s+at |internal error|Error:/m);
}

describe("trouble with the environment directory", processRing, () => {
  test("an entry that is no file, or cannot be a variable, is skipped with a warning", async (t) => {
    const view = await makeView(t);
    mkdirSync(view.path(`${DIRECTORY}/DIRECTORY`));
    mkdirSync(view.path(`${DIRECTORY}/..data`)); // as in a volume of Kubernetes: no warning
    execFileSync("mkfifo", [view.path(`${DIRECTORY}/FIFO`)]);
    view.write(`${DIRECTORY}/a=b`, "x");
    view.write(`${DIRECTORY}/..data/LINKED`, "linked");
    symlinkSync("..data/LINKED", view.path(`${DIRECTORY}/LINKED`));
    const ended = await runInit(t, {
      view,
      scripts: lastScript,
      args: ["--skip-runit", "--", "sh", "-c", "echo LINKED is $LINKED"],
    });
    assert.equal(ended.status, 0);
    assert.match(ended.stdout, /^LINKED is linked$/m);
    for (const name of ["DIRECTORY", "FIFO", "a=b"]) {
      assert.match(ended.stderr, new RegExp(`^\\*\\*\\* "${DIRECTORY}/${name}" is no variable: `, "m"));
    }
    assert.doesNotMatch(ended.stderr, /\.\.data/);
    assertNoStack(ended);
  });

  test("a file that cannot be read stops the boot in order, and a message names it", async (t) => {
    const view = await makeView(t);
    view.write(`${DIRECTORY}/LOCKED`, "x", 0o000);
    const ended = await runInit(t, { view, scripts: lastScript, wrapper: withoutPower, args: ["echo", "command ran"] });
    assertOrderlyEnd(
      ended,
      /^\*\*\* cannot read "\/etc\/container_environment\/LOCKED": permission denied \(EACCES\)$/m,
    );
    assert.doesNotMatch(ended.stdout, /command ran/);
  });

  test("a dangling link stops the boot in order, and a message names it", async (t) => {
    const view = await makeView(t);
    symlinkSync("/nowhere", view.path(`${DIRECTORY}/DANGLING`));
    assertOrderlyEnd(
      await runInit(t, { view, scripts: lastScript }),
      /cannot read ".*\/DANGLING": no such file or directory \(ENOENT\)/,
    );
  });

  test("a file with a NUL byte stops the boot in order, and a message names it", async (t) => {
    const view = await makeView(t);
    view.write(`${DIRECTORY}/NULLED`, "a\0b");
    assertOrderlyEnd(await runInit(t, { view, scripts: lastScript }), /cannot use ".*\/NULLED": .*NUL/);
  });

  test("a huge file stops the boot immediately and in order, and a message names it", async (t) => {
    const view = await makeView(t);
    view.write(`${DIRECTORY}/HUGE`, "");
    truncateSync(view.path(`${DIRECTORY}/HUGE`), 2 ** 40);
    assertOrderlyEnd(
      await runInit(t, { view, scripts: lastScript }),
      /cannot read ".*\/HUGE": file is too large \(EFBIG\)/,
    );
  });

  test("a variable may be as long as execve(2) allows", async (t) => {
    const view = await makeView(t);
    view.write(`${DIRECTORY}/LONGEST`, "y".repeat(131071 - "LONGEST=".length));
    const ended = await runInit(t, { view, args: ["--quiet", "--skip-runit", "sh", "-c", "echo ${#LONGEST}"] });
    assert.equal(ended.stdout, `${131071 - "LONGEST=".length}\n`);
  });

  test("if the directory cannot be read, there is a warning and its variables are missing", async (t) => {
    const view = await makeView(t, `chmod 000 "$root${DIRECTORY}"`);
    const ended = await runInit(t, { view, wrapper: withoutPower, args: ["--skip-runit", "echo", "X"] });
    assert.deepEqual([ended.status, ended.stdout], [0, "X\n"]);
    assert.match(
      ended.stderr,
      /^\*\*\* left out: the variables of \/etc\/container_environment \(permission denied \(EACCES\)\)$/m,
    );
  });

  test("more variables than execve(2) takes end the boot in order, with a message", async (t) => {
    const view = await makeView(t);
    for (let i = 0; i < 40; i++) view.write(`${DIRECTORY}/V${i}`, "z".repeat(100_000 + i));
    const ended = await runInit(t, { view, scripts: lastScript, args: ["--skip-runit", "true"] });
    assert.notEqual(ended.status, 0);
    const largest = "V39 (100043 bytes), V38 (100042 bytes), V37 (100041 bytes)";
    const reason = `arguments and environment are too large (E2BIG); largest variables: ${largest}\n`;
    assert.ok(ended.stderr.includes(reason), ended.stderr);
    assertNoStack(ended);
  });
});

describe("trouble with the disk", processRing, () => {
  /** /etc on a disk of its own that has no room. */
  const fullDisk = `cp -a "$root/etc" "$root/../etc"
    mount -t tmpfs -o size=16m tmpfs "$root/etc"
    cp -a "$root/../etc/." "$root/etc"`;

  test("with a read-only /etc the copies of the environment are in /run, and all else works", async (t) => {
    const view = await makeView(t, 'mount --bind "$root/etc" "$root/etc"');
    view.write(`${DIRECTORY}/FROM_FILE`, "file");
    view.script("/etc/my_init.d/10_a", 'echo "script: $FROM_FILE $GIVEN"');
    view.script("/etc/my_init.d/20_b", 'echo "script: $FROM_FILE $GIVEN"');
    const ended = await runInit(t, {
      view,
      env: { ...dockerEnv, GIVEN: "given" },
      prepare: 'mount -o remount,ro,bind "$root/etc"',
      args: ["--skip-runit", "sh", "-c", 'echo "command: $FROM_FILE $GIVEN"'],
    });
    assert.equal(ended.status, 0, ended.output);
    assert.equal(ended.stdout, "script: file given\nscript: file given\ncommand: file given\n");
    assert.doesNotMatch(ended.stderr, /EROFS/);
    assert.match(view.read("/run/container_environment.sh"), /^export FROM_FILE=file$/m);
    assertNoStack(ended);
  });

  test("a full disk at start stops the boot in order, and the dumps are as they were", async (t) => {
    const view = await makeView(t, fullDisk);
    await runInit(t, { view, args: ["--skip-runit", "true"] });
    const before = [view.read(`${DIRECTORY}.sh`), view.read(`${DIRECTORY}.json`)];
    const ended = await runInit(t, {
      view,
      env: { ...dockerEnv, NEW: "n".repeat(50_000) },
      scripts: lastScript,
      prepare: 'head -c 16m /dev/zero > "$root/etc/filler" 2> /dev/null || true',
    });
    assertOrderlyEnd(ended, /cannot write ".*": no space left on device \(ENOSPC\)/);
    assert.deepEqual([view.read(`${DIRECTORY}.sh`), view.read(`${DIRECTORY}.json`)], before);
    assert.deepEqual(
      view
        .list("/etc")
        .concat(view.list(DIRECTORY))
        .filter((name) => name.includes(".tmp")),
      [],
    );
    assert.ok(!view.exists(`${DIRECTORY}/NEW`), "no half of a variable");
  });

  test("a disk that a startup script fills stops the boot in order, and the dumps are whole", async (t) => {
    const view = await makeView(t, fullDisk);
    const ended = await runInit(t, {
      view,
      scripts: {
        ...lastScript,
        "/etc/my_init.d/10_fill": `cp ${DIRECTORY}.sh ${DIRECTORY}.json /tmp; head -c 60000 /dev/zero | tr '\\0' v > ${DIRECTORY}/NEW; head -c 16m /dev/zero > /etc/filler; true`,
        "/etc/my_init.d/20_next": "echo next ran",
      },
    });
    assertOrderlyEnd(ended, /cannot write ".*": no space left on device \(ENOSPC\)/);
    assert.doesNotMatch(ended.stdout, /next ran/);
    for (const end of ["sh", "json"])
      assert.equal(view.read(`${DIRECTORY}.${end}`), view.read(`/tmp/container_environment.${end}`));
    assert.deepEqual(
      view.list("/etc").filter((name) => name.includes(".tmp")),
      [],
    );
  });
});

describe("trouble with memory", {
  ...processRing,
  skip: processRing.skip || (isSanitized && "the sanitizers reserve more than there is"),
}, () => {
  test("too little memory ends in a message, at whatever step it runs out", async (t) => {
    const view = await makeView(t);
    for (let i = 0; i < 4; i++) view.write(`${DIRECTORY}/V${i}`, "z".repeat(100_000));
    const scripts = { "/etc/my_init.d/10_a": ":" };
    const statuses: number[] = [];
    // With less memory than the program and its stack the kernel ends it before it can print anything.
    const leastKib = Math.ceil(statSync(view.path("/usr/sbin/my_init")).size / 1024) + 250;
    for (let kib = leastKib; kib < 9000; kib = Math.ceil(kib * 1.13)) {
      const ended = await runInit(t, {
        view,
        scripts,
        wrapper: ["prlimit", `--as=${kib * 1024}`],
        args: ["--skip-runit", "true"],
      });
      const where = `${kib} KiB: status ${ended.status}\n${ended.stderr}`;
      statuses.push(ended.status);
      assertNoStack(ended);
      if (ended.status === 0) continue;
      // The limit is also the script's and the command's, which may fail because of it in other ways.
      assert.match(ended.stderr, /ENOMEM|failed with status|was killed by|exited with/, where);
    }
    assert.ok(statuses.includes(1), "some had too little");
    assert.equal(statuses.at(-1), 0, "the last had enough");
  });

  test("memory that runs out while a container runs ends it in order", async (t) => {
    const view = await makeView(t);
    const init = await startInit(t, {
      view,
      scripts: {
        ...lastScript,
        "/etc/my_init.d/10_flood": `i=0; while [ $i -lt 300 ]; do head -c 100000 /dev/zero | tr '\\0' v > ${DIRECTORY}/V$i; i=$((i+1)); done`,
      },
      wrapper: ["prlimit", `--as=${12 * 1024 * 1024}`],
      args: ["--skip-runit", "true"],
    });
    assertOrderlyEnd(await init.ended(), /out of memory \(ENOMEM\)/);
    assert.doesNotThrow(() => JSON.parse(readFileSync(view.path(`${DIRECTORY}.json`), "utf8")));
  });
});

// The sanitizers' loader opens libraries.
describe("few descriptors", { ...processRing, skip: processRing.skip || isSanitized }, () => {
  /** One more than the standard three. The command gets more: a shell opens its script as number 10. */
  const wrapper = ["prlimit", "--nofile=4:64"];
  const more = ["prlimit", "--nofile=64", "sh", "-c"];

  for (const besides of [undefined, {}] as const) {
    const options = { wrapper, ...(besides === undefined ? {} : { besides }) };

    test(`${besides === undefined ? "as PID 1" : "as a child"}: four are enough for a command and a stop`, async (t) => {
      const init = await startInit(t, {
        ...options,
        prepare: 'cp "$root/usr/bin/true" "$root/etc/my_init.post_shutdown.d/10_a"',
        args: [
          "--skip-startup-files",
          "--skip-runit",
          ...more,
          "trap 'exit 3' TERM; echo up; while :; do sleep 0.05; done",
        ],
      });
      await init.waitFor("up");
      init.signal("SIGTERM");
      const ended = await init.ended();
      assert.equal(ended.status, 3);
      assert.match(ended.stderr, /^\*\*\* Running \/etc\/my_init.post_shutdown.d\/10_a\.{3}$/m);
      assert.doesNotMatch(ended.output, /EMFILE|failed/);
      assert.equal((await runInit(t, { ...options, args: ["--skip-runit", "/etc/passwd"] })).status, 126);
    });
  }

  test("with only the standard three, a message says what cannot be done", async (t) => {
    const ended = await runInit(t, { wrapper: ["prlimit", "--nofile=3"], args: ["--skip-runit", "true"] });
    assert.equal(ended.status, 1);
    assert.match(ended.stderr, /^\*\*\* cannot read "\/etc\/container_environment": too many open files \(EMFILE\)$/m);
  });
});
