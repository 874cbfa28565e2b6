// What a long task shows of its work, at a terminal and elsewhere: scripts/step.sh, test-reporter.mjs, progress.mjs and follow.mjs.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { startAtTerminal } from "../support/terminal.ts";
import { until } from "../support/until.ts";

/** A script for `sh` in a directory of its own: `$WORK`. */
function scriptOf(t: TestContext, text: string) {
  const directory = mkdtempSync(join(tmpdir(), "baseimage-progress-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = (name: string) => join(directory, name);
  writeFileSync(path("script"), `export WORK=${directory}\n${text}\n`);
  return { path, read: (name: string) => readFileSync(path(name), "utf8") };
}

/** Words that a shell at a terminal of 40 columns runs. @param variables of the environment */
function atTerminal(t: TestContext, command: string, variables = "CI= TERM=xterm") {
  return startAtTerminal(t, ["stty", "cols", "40;", ...variables.split(" "), command]);
}

/** What was drawn over what: the pieces between two carriage returns that end no line. */
function drawn(output: string): readonly string[] {
  return output.replaceAll("\r\n", "\n").split("\r");
}

const ERASED = "\x1b[K";
const FAILS = "sh scripts/step.sh $WORK/log 'task: building' sh -c 'echo the reason; exit 7'";

test("elsewhere than at a terminal, a step prints a line before and a line after", (t) => {
  const { path, read } = scriptOf(
    t,
    `sh scripts/step.sh $WORK/log "task: building" sh -c "echo output; echo error >&2"`,
  );
  const { status, stdout, stderr } = spawnSync("sh", [path("script")], { encoding: "utf8" });
  assert.deepEqual([status, stdout], [0, ""]);
  assert.equal(
    stderr.replace(/: \d+ s\n$/, ": N s\n"),
    `task: building (log: ${path("log")}) ...\ntask: building: N s\n`,
  );
  assert.equal(read("log"), "output\nerror\n");
});

for (const variables of ["CI=true TERM=xterm", "CI= TERM=dumb"]) {
  test(`at a terminal, with ${variables}, no line of a step moves`, async (t) => {
    const { path } = scriptOf(t, `sh scripts/step.sh $WORK/log "task: building" echo output`);
    const terminal = atTerminal(t, `sh ${path("script")}`, variables);
    assert.equal(await terminal.ended(), 0);
    assert.match(terminal.output, /^task: building \(log: \S+\) \.\.\.\r\ntask: building: \d+ s\r\n$/);
  });
}

test("at a terminal, one line moves within its width: the builder's step, the newest line of the output", async (t) => {
  const { path } = scriptOf(
    t,
    `sh scripts/step.sh $WORK/log "task: building" sh -c '
  wait_for() { until [ -e $WORK/$1 ]; do sleep 0.1; done; }
  echo "Step 3/20 : FROM first"; wait_for 1
  echo "[1/2] STEP 4/21: RUN second"; wait_for 2
  echo "#8 [image 5/22] RUN third"; printf "a much longer line, \\033[1mwith escapes\\r" ; wait_for 3
  stty cols 25 < /dev/tty; wait_for 4'`,
  );
  const terminal = atTerminal(t, `sh ${path("script")}`);
  const next = (name: string) => writeFileSync(path(name), "");
  await terminal.waitFor(/\rtask: building: \d+ s, step 3 of 20, FR/);
  next("1");
  await terminal.waitFor(/\rtask: building: \d+ s, step 4 of 21, RU/);
  next("2");
  await terminal.waitFor(/\rtask: building: \d+ s, step 5 of 22, a /);
  next("3");
  await terminal.waitFor(/\rtask: building: \d+ s, s?t?e?p?\x1b/);
  next("4");
  assert.equal(await terminal.ended(), 0);
  const pieces = drawn(terminal.output);
  for (const piece of pieces.slice(0, -1)) {
    assert.ok(piece === "" || piece.endsWith(ERASED), JSON.stringify(piece));
    assert.ok(piece.length - ERASED.length < 40, piece);
  }
  assert.match(pieces.at(-1) ?? "", /^\x1b\[Ktask: building: \d+ s\n$/);
});

test("a step that fails shows its output, and has the status of its command", async (t) => {
  const { path } = scriptOf(t, FAILS);
  const { status, stderr } = spawnSync("sh", [path("script")], { encoding: "utf8" });
  assert.equal(status, 7);
  assert.match(stderr, /\.\.\.\nthe reason\ntask: building: failed with status 7 after \d+ s \(log: \S+\)\n$/);
  const terminal = atTerminal(t, `sh ${path("script")}`);
  assert.equal(await terminal.ended(), 7);
  assert.match(
    terminal.output,
    /\r\x1b\[Kthe reason\r\ntask: building: failed with status 7 after \d+ s \(log: \S+\)\r\n$/,
  );
});

test("steps end, even those whose command has ended before their line was there", async (t) => {
  const { path } = scriptOf(t, `for step in $(seq 100); do sh scripts/step.sh $WORK/log "step $step" true; done`);
  const terminal = atTerminal(t, `sh ${path("script")}`);
  assert.equal(await terminal.ended(), 0);
  assert.match(terminal.output, /\r\x1b\[Kstep 100: \d+ s\r\n$/);
});

test("Ctrl-C ends a step with its command and its line", async (t) => {
  const { path, read } = scriptOf(
    t,
    `trap 'exit 130' INT
sh scripts/step.sh $WORK/log "task: building" sh -c 'echo $$ > $WORK/pid; echo begun; exec sleep 1000'
echo not reached`,
  );
  const terminal = atTerminal(t, `sh ${path("script")}`);
  await terminal.waitFor(/begun/);
  terminal.type("\x03");
  assert.equal(await terminal.ended(), 130);
  assert.match(terminal.output, /\r\x1b\[K$/);
  assert.ok(!existsSync(`/proc/${read("pid").trim()}`), "the command has ended");
});

test("a script with steps waits for the end of a step that Ctrl-C ends", () => {
  const scripts = readdirSync("scripts").filter((name) => name.endsWith(".sh") && name !== "step.sh");
  const withSteps = scripts.filter((name) => readFileSync(`scripts/${name}`, "utf8").includes("sh scripts/step.sh"));
  assert.ok(withSteps.length > 5);
  for (const name of withSteps)
    assert.ok(readFileSync(`scripts/${name}`, "utf8").includes("trap 'exit 130' INT"), name);
});

const REPORTED = "node scripts/test.mjs test/fixtures/reported-first.ts test/fixtures/reported-second.ts";
// In a test, `node --test` would believe to be one of its files.
const TESTS = `unset NODE_TEST_CONTEXT; exec ${REPORTED}`;

test("elsewhere than at a terminal, tests print a line for each file, each failure, what is skipped, and the totals", () => {
  const { status, stdout } = spawnSync("sh", ["-c", TESTS], { encoding: "utf8" });
  assert.equal(status, 1);
  assert.doesNotMatch(stdout, /[\r\x1b]/);
  for (const line of [
    "printed",
    "# prints: noted",
    "ok is not for this machine: skipped, a reason",
    "  + 'what is'",
    "not ok test/fixtures/reported-first.ts: 4 tests, 1 failed, 1 skipped, N s",
    "ok test/fixtures/reported-second.ts: 1 test, N s",
    "# tests 6",
    "# pass 3",
    "# fail 2",
    "# skipped 1",
  ])
    assert.ok(stdout.replace(/\d+\.\d s$/gm, "N s").includes(`${line}\n`), `${line}\n${stdout}`);
  const named = /^not ok test\/fixtures\/reported-first\.ts(:12)?: has a subtest > fails$/gm;
  assert.equal(stdout.match(named)?.length, 2, "at once, and again at the end");
  assert.match(stdout, /\ntests: \d+ s\n$/);
});

test("at a terminal, a line below the tests moves: which test of which file runs, how many failed", async (t) => {
  const { path } = scriptOf(t, `export GATE=$WORK/gate\nstty cols 200\n${TESTS}`);
  const terminal = atTerminal(t, `sh ${path("script")}`);
  await terminal.waitFor(
    /\rtests: \d+ s, 1 failed, file 2 of 2, test\/fixtures\/reported-second\.ts, test 1 of 1: waits\x1b/,
  );
  writeFileSync(path("gate"), "");
  assert.equal(await terminal.ended(), 1);
  assert.match(terminal.output, /\r\x1b\[K✔ test\/fixtures\/reported-second\.ts: 1 test, \d/);
  assert.match(terminal.output, /\r\x1b\[K[^\r]*failing tests:\r\n✖ [^\r]*\r\ntests: \d+ s\r\n$/);
});

const RUNS = "tests: \\d+ s, 1 failed, file 2 of 2, test/fixtures/reported-second\\.ts";

test("a signal ends the tests and their processes, and the last line tells which test ran", async (t) => {
  const { path, read } = scriptOf(t, `export GATE=$WORK/gate\n${TESTS}`);
  const tests = spawn("sh", [path("script")], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  tests.stdout.setEncoding("utf8").on("data", (text: string) => void (output += text));
  await until(() => existsSync(path("gate.pid")) && output.includes("reported-first.ts: 4 tests"), "the second file");
  tests.kill("SIGTERM");
  const [status] = await once(tests, "close");
  assert.equal(status, 143);
  // Whether the report knows the test yet depends on the moment.
  assert.match(output, new RegExp(`\\ninterrupted: ${RUNS}(, test 1 of 1: waits)?\\n$`));
  await until(() => !existsSync(`/proc/${read("gate.pid")}`), "the end of the test's process");
});

test("Ctrl-C ends the tests, their processes and the line", async (t) => {
  const { path, read } = scriptOf(t, `export GATE=$WORK/gate\nstty cols 200\n${TESTS}`);
  const terminal = atTerminal(t, `sh ${path("script")}`);
  await terminal.waitFor(new RegExp(`\\r${RUNS}, test 1 of 1: waits`));
  terminal.type("\x03");
  assert.equal(await terminal.ended(), 130);
  assert.match(terminal.output, new RegExp(`\\r\\x1b\\[Kinterrupted: ${RUNS}, test 1 of 1: waits\\r\\n$`));
  await until(() => !existsSync(`/proc/${read("gate.pid")}`), "the end of the test's process");
});

test("work of a script on Node is a step too, and fails with the script", () => {
  const work = (body: string) =>
    spawnSync(
      "node",
      [
        "--input-type=module",
        "--eval",
        `import { during } from "./scripts/progress.mjs"; console.log(await during("task: packing", () => { ${body} }));`,
      ],
      { encoding: "utf8" },
    );
  const good = work("return 7;");
  assert.deepEqual([good.status, good.stdout], [0, "7\n"]);
  assert.match(good.stderr, /^task: packing \.\.\.\ntask: packing: \d+ s\n$/);
  const bad = work('throw new Error("the reason");');
  assert.deepEqual([bad.status, bad.stdout], [1, ""]);
  assert.match(
    bad.stderr,
    /^task: packing \.\.\.\ntask: packing: failed with status 1 after \d+ s\n[^]*Error: the reason\n/,
  );
});

const FOLLOW = 'node scripts/follow.mjs "task: running"';

test("elsewhere than at a terminal, what is followed is copied", () => {
  const { stdout } = spawnSync("sh", ["-c", FOLLOW], { input: "one\ntwo\n", encoding: "utf8" });
  assert.match(stdout, /^one\ntwo\ntask: running: \d+ s\n$/);
});

test("at a terminal, a line below what is followed moves", async (t) => {
  const { path } = scriptOf(t, `{ echo one; until [ -e $WORK/1 ]; do sleep 0.1; done; } | ${FOLLOW}`);
  const terminal = atTerminal(t, `sh ${path("script")}`);
  await terminal.waitFor(/\r\x1b\[Kone\r\n\rtask: running: \d+ s, one\x1b\[K\rtask: running: \d+ s, one\x1b\[K/);
  writeFileSync(path("1"), "");
  assert.equal(await terminal.ended(), 0);
  assert.match(terminal.output, /\r\x1b\[Ktask: running: \d+ s\r\n$/);
});
