// Plays thousands of made-up containers against my_init: whatever its parts do and whenever it is asked to
// stop, it ends in time, in order, with the right status, and leaves no process behind.
//
//   SEED=42 RUNS=1 node scripts/test.mjs test/simulation      repeats one
import assert from "node:assert/strict";
import { test } from "node:test";
import { main } from "../../src/image/my-init/main.ts";
import type { FakeProcess } from "../support/fake-linux.ts";
import { COMMAND, DIRECTORIES, LOG_WRITER, RUNSVDIR, Scenario, STOP_SIGNALS, SYSLOG } from "./scenario.ts";

const FIRST_SEED = Number(process.env["SEED"] ?? 1);
const RUNS = Number(process.env["RUNS"] ?? 5000);

/** Seeds that were once red. */
const KNOWN_SEEDS: readonly number[] = [6108, 16631, 38396];

const SIGHUP = 1;
const SIGKILL = 9;
const SIGTERM = 15;
const SIGSTOP = 19;
const SIGCONT = 18;

/** How late my_init may notice an event, where calls take time. */
const SLACK_MS = 15;

/** How long the delivery of a signal may take. */
const LATENCY_MS = 5;

/** Finish scripts get this after their service was killed; docs/reference/my_init.md, time limits. */
const FINISH_MS = 300;
/** So does syslog, which has to write the last messages. */
const SYSLOG_MS = 300;
/** How long a killed process may take to end. */
const KILL_WAIT_MS = 1000;
/** How late the child of a supervisor may get TERM: others are inspected before it. */
const SUPERVISED_MS = 250;
/** How long a process that was started meanwhile may stay unnoticed. */
const POLL_INTERVAL_MS = 50;
/** How long the last messages may wait for their reader. */
const LAST_WORDS_MS = 1000;

/** A scenario that was played: the input of the checks. */
interface Played {
  readonly scenario: Scenario;
  readonly status: number;
  readonly lines: readonly string[];
  readonly endMs: number;
  /** When the first event happened that ends the container, and all exit statuses that fit it. */
  readonly causeMs: number;
  readonly statuses: readonly number[];
}

const CHECKS: Readonly<Record<string, (played: Played) => void>> = {
  "every line of my_init begins with *** and none reports a bug": checkLines,
  "no signal reaches a process that is not ours, unless we are PID 1": checkStrangers,
  "signals to pass on reach the command only": checkForwarding,
  "no process is left behind, alive or as a zombie": checkNothingLeft,
  "the exit status is that of the first event": checkStatus,
  "the whole shutdown stays within its limits": checkBudget,
  "what obeys is never killed, nor waited for longer than it takes": checkObedience,
  "the steps come in their order": checkOrder,
  "a service gets TERM after the services that need it, or a line says so": checkNeeds,
  "a service whose end stays is not started again": checkRestarts,
  "a child that its supervisor does not stop gets TERM immediately if /proc shows that, at half of the time limit otherwise":
    checkSupervised,
  "syslog is up before all others, and down after them": checkSyslog,
  "the log writer starts before all other processes, and ends after them": checkLogWriter,
};

test(`${RUNS} made-up containers from seed ${FIRST_SEED} on live and end as they should`, () => {
  const failures = new Map<string, { story: string; seeds: number[] }>();
  const runs = Array.from({ length: RUNS }, (_, run) => FIRST_SEED + run);
  for (const seed of [...(process.env["SEED"] === undefined ? KNOWN_SEEDS : []), ...runs]) {
    const failure = play(seed);
    if (failure === undefined) continue;
    const alike = failures.get(failure.not);
    if (alike === undefined) failures.set(failure.not, { story: failure.story, seeds: [seed] });
    else alike.seeds.push(seed);
  }
  assert.ok(RUNS < 5000 || withRules >= 1000, `only ${withRules} have restart rules`);
  const shown = [...failures].map(
    ([not, { story, seeds }]) => `NOT: ${not} (${seeds.length} times: ${seeds.slice(0, 9).join(" ")})\n${story}`,
  );
  assert.equal(failures.size, 0, shown.join("\n\n"));
});

/** How many containers had restart rules. */
let withRules = 0;

/** @returns the sentence that does not hold, and the events in detail */
function play(seed: number): { not: string; story: string } | undefined {
  const scenario = new Scenario(seed);
  const { linux } = scenario;
  if (scenario.restarts.size > 0) withRules++;
  let doing = "my_init ends";
  try {
    const status = main(linux);
    const endMs = linux.nowMs;
    linux.advance(100); // signals under way arrive
    // my_init's own lines begin with its name; lines by way of the fake log writer do not.
    const lines = linux.stderr.text.replaceAll("[my_init] ", "").split("\n").slice(0, -1);
    const played = { scenario, status, lines, endMs, ...whatHappened(scenario, endMs) };
    for (const [sentence, check] of Object.entries(CHECKS)) {
      doing = sentence;
      check(played);
    }
    return undefined;
  } catch (error) {
    const story = [
      `SEED=${seed} RUNS=1 node scripts/test.mjs test/simulation`,
      ...scenario.notes.map((note) => `  ${note}`),
      linux.stderr.text,
      ...linux.history.map(life),
      ...linux.sent.map(
        ({ target, signal, atMs }) => `${ms(atMs)} sent ${signal} to ${target.pid} ${target.argv.join(" ")}`,
      ),
      error instanceof Error ? `${error.stack ?? error.message}` : String(error),
    ];
    return { not: doing, story: story.join("\n") };
  }
}

function life(process: FakeProcess): string {
  const times = `${ms(process.startedMs)} to ${ms(process.endedMs)}`;
  return `${process.pid} ${process.argv.join(" ")}: ${times}, ${process.state} ${process.status}`;
}

function ms(time: number): string {
  return time.toFixed(2);
}

/** How a process ended, as a shell's status. */
function statusOf({ status }: FakeProcess): number {
  return (status & 0x7f) === 0 ? status >> 8 : 128 + (status & 0x7f);
}

function whatHappened(
  { linux, refusals, stops, hasCommand }: Scenario,
  endMs: number,
): Pick<Played, "causeMs" | "statuses"> {
  const command = linux.history.find(({ file }) => file === COMMAND);
  const ofStop = (signal: number) => {
    // A process that could not be killed may end after my_init.
    if (command !== undefined && command.endedMs <= endMs) return statusOf(command);
    return hasCommand ? 128 + signal : 0;
  };
  const causes = [
    ...refusals,
    ...stops.map(({ atMs, signal }) => ({ atMs, status: ofStop(signal) })),
    ...linux.history.flatMap((process) => {
      const atMs = process.endedMs;
      if (process.isAlive || process.parent !== linux.self) return [];
      if (isStartup(process)) return statusOf(process) === 0 ? [] : [{ atMs, status: statusOf(process) }];
      if (process.file === COMMAND) return [{ atMs, status: statusOf(process) }];
      return process.file === RUNSVDIR ? [{ atMs, status: 1 }] : [];
    }),
  ];
  const causeMs = Math.min(...causes.map(({ atMs }) => atMs));
  const first = causes.filter(({ atMs }) => atMs <= causeMs + SLACK_MS);
  return { causeMs, statuses: first.map(({ status }) => status) };
}

function isStartup({ file }: FakeProcess): boolean {
  if (file === SYSLOG) return false;
  return (
    file.startsWith(`${DIRECTORIES.startup}/`) || file === "/etc/rc.local" || file === "/usr/sbin/enable_insecure_key"
  );
}

function checkLines({ scenario, lines }: Played): void {
  const { stdout, stderr } = scenario.linux;
  assert.equal(stdout.text, "");
  assert.equal(stderr.hasBlocked, false, "a write waited for its reader");
  for (const [index, line] of lines.entries()) {
    // Lines that are cut off at the end had no reader.
    if (index < lines.length - 1 || !scenario.hasSlowReader) assert.ok(line.startsWith("*** "), line);
    assert.ok(!line.includes("internal error"), line);
  }
}

function checkStrangers({ scenario: { linux } }: Played): void {
  for (const { target, signal } of linux.sent) {
    assert.notEqual(target, linux.self, `signal ${signal} to ourselves`);
    if (linux.self.pid !== 1) assert.ok(target.isOurs, `signal ${signal} to the stranger ${target.pid}`);
  }
}

function checkForwarding({ scenario: { linux } }: Played): void {
  for (const { target, signal } of linux.sent) {
    if (signal === SIGSTOP) continue; // stopped while it is inspected, or before it is killed
    if (![SIGTERM, SIGCONT, SIGKILL, SIGHUP, ...STOP_SIGNALS].includes(signal)) assert.equal(target.file, COMMAND);
  }
}

function checkNothingLeft({ scenario }: Played): void {
  const { linux } = scenario;
  if (!scenario.killsAll || scenario.hasUninterruptible) return;
  const left = linux.self.pid === 1 ? [...linux.processes.values()] : [...linux.living(), ...linux.self.children];
  assert.deepEqual(left.filter((process) => process !== linux.self).map(life), []);
}

function checkStatus({ status, statuses }: Played): void {
  assert.ok(statuses.includes(status), `${status} is not ${statuses.join(" or ")}`);
}

/** Reads the limits as the specification has them. */
function limitMs({ env }: Scenario): number {
  const read = (name: string) => (/^\d{1,9}$/.test(env[name] ?? "") ? Number(env[name]) * 1000 : undefined);
  const whole = read("SHUTDOWN_TIMEOUT") ?? (env["KUBERNETES_SERVICE_HOST"] === undefined ? 9000 : 28_000);
  const [one, all] = [read("KILL_PROCESS_TIMEOUT"), read("KILL_ALL_PROCESSES_TIMEOUT")];
  return one === undefined && all === undefined ? whole : (one ?? whole) + (all ?? whole);
}

/** The time on top of any limit: killed processes end, finish scripts run, the last lines find a reader. */
function extraMs({ scenario, lines }: Played): number {
  const kills = lines.filter((line) => line.includes("Forcing")).length;
  // Without pidfds nothing reports the end of processes that are not our children.
  const killMs = scenario.hasUninterruptible || !scenario.hasPidfds ? (kills + 1) * KILL_WAIT_MS : 50;
  return (
    killMs + FINISH_MS + SYSLOG_MS + SLACK_MS * 10 + (scenario.hasSlowReader ? LAST_WORDS_MS + 20 * KILL_WAIT_MS : 0)
  );
}

function checkBudget(played: Played): void {
  const { scenario, endMs, causeMs } = played;
  const mostMs = limitMs(scenario) + extraMs(played);
  assert.ok(endMs - causeMs <= mostMs, `${ms(endMs - causeMs)} ms are more than ${ms(mostMs)}`);

  // A second TERM or INT leaves each wait a second.
  const [first, second] = scenario.stops.filter(({ atMs }) => atMs >= causeMs);
  if (first === undefined || second === undefined || second.atMs > endMs) return;
  if (scenario.stops[0] !== first || ![SIGTERM, 2].includes(second.signal) || second.atMs <= first.atMs + SLACK_MS)
    return;
  const scripts = [...scenario.linux.files.keys()].filter((path) => path.includes("shutdown.d/")).length;
  const hurriedMs = (scripts + 6) * 1000 + extraMs(played);
  assert.ok(endMs - second.atMs <= hurriedMs, `${ms(endMs - second.atMs)} ms after a second signal`);
}

function checkObedience({ scenario, lines, endMs, causeMs }: Played): void {
  if (!scenario.isObedient || !scenario.killsAll || scenario.hasSlowReader) return;
  assert.deepEqual(
    lines.filter((line) => line.includes("Forcing")),
    [],
  );
  const mostMs = scenario.durationMs + 150 + POLL_INTERVAL_MS * 2 * scenario.forkers;
  assert.ok(endMs - causeMs <= mostMs, `${ms(endMs - causeMs)} ms for what takes ${ms(mostMs)}`);
}

const STEPS: readonly ((line: string) => boolean)[] = [
  (line) => line.startsWith("*** Running /usr/sbin/enable_insecure_key"),
  (line) => line.startsWith(`*** Running ${DIRECTORIES.startup}/10`),
  (line) => line.startsWith(`*** Running ${DIRECTORIES.startup}/20`),
  (line) => line.startsWith(`*** Running ${DIRECTORIES.startup}/30`),
  (line) => line.startsWith("*** Running /etc/rc.local..."),
  (line) => line === "*** Booting runit daemon...",
  (line) => line.startsWith("*** Runit started as PID"),
  (line) => line === "*** Running app word...",
  (line) => line.startsWith("*** Shutting down the command (PID"),
  (line) => line.startsWith(`*** Running ${DIRECTORIES.before}/10`),
  (line) => line.startsWith(`*** Running ${DIRECTORIES.before}/20`),
  (line) => line.startsWith("*** Shutting down runit daemon (PID"),
  (line) => line.startsWith(`*** Running ${DIRECTORIES.after}/10`),
  (line) => line.startsWith(`*** Running ${DIRECTORIES.after}/20`),
  (line) => line === "*** Killing all processes...",
];

function checkSyslog({ scenario, causeMs }: Played): void {
  const { linux } = scenario;
  const daemons = linux.history.filter(({ file, argv }) => file === SYSLOG || argv[0] === "cat");
  const others = linux.history.filter(
    (process) => process.isOurs && process !== linux.self && process.file !== LOG_WRITER && !daemons.includes(process),
  );
  const [first] = daemons;
  if (first === undefined) return;
  for (const other of others) assert.ok(first.startedMs <= other.startedMs, `${life(other)} was before syslog`);
  const last = daemons.filter(({ file }) => file === SYSLOG).at(-1);
  const wasStopped = last !== undefined && linux.sent.some(({ target }) => target === last);
  if (last === undefined || !wasStopped || !scenario.killsAll || scenario.hasUninterruptible) return;
  assert.ok(last.endedMs >= causeMs, "syslog was stopped before anything had ended");
  for (const other of others) assert.ok(other.endedMs <= last.endedMs + LATENCY_MS, `${life(other)} outlived syslog`);
  const killed = linux.sent.some(({ target, signal }) => target === last && signal === SIGKILL);
  if (killed && scenario.isObedient)
    assert.ok(!last.isBusy && last.sockets <= 2, "syslog was killed with messages left to write");
}

function checkNeeds({ scenario, lines }: Played): void {
  const { linux, needs, hasCycle } = scenario;
  // Without a reader the line may have been written all the same.
  if (hasCycle || scenario.hasSlowReader || scenario.hasDeafLogWriter) return;
  for (const [name, needed] of needs) {
    const runs = linux.history.filter(({ argv }) => argv.includes(`./run ${name}`));
    for (const other of needed) {
      const stopped = linux.sent.find(
        ({ target, signal }) => target.argv.join(" ") === `runsv ${other}` && [SIGTERM, SIGKILL].includes(signal),
      );
      if (stopped === undefined || lines.some((line) => line.startsWith(`*** ${other} is told to stop while `)))
        continue;
      const running = runs.find(({ startedMs, endedMs }) => startedMs < stopped.atMs && endedMs > stopped.atMs);
      assert.equal(running, undefined, `${other} got TERM before ${running && life(running)} had ended`);
    }
  }
}

function checkRestarts({ scenario }: Played): void {
  for (const [name, isOnce] of scenario.restarts) {
    const runs = scenario.linux.history.filter(({ argv }) => argv.join(" ") === `./run ${name}`);
    const supervisors = scenario.linux.history.filter(({ argv }) => argv.join(" ") === `runsv ${name}`);
    if (isOnce) assert.ok(runs.length <= supervisors.length, `${name} was started ${runs.length} times`);
  }
}

function checkSupervised({ scenario, endMs, causeMs }: Played): void {
  const { linux, killsAll, supervised } = scenario;
  if (!killsAll || scenario.hasSlowReader) return;
  for (const { child, isDeaf, runsv, supervisor } of supervised) {
    const stopped = linux.sent.find(
      ({ target, signal, atMs }) =>
        atMs >= causeMs && [SIGTERM, SIGKILL].includes(signal) && (target === supervisor || target === runsv),
    );
    if (stopped === undefined || child.startedMs > stopped.atMs || supervisor.endedMs < stopped.atMs) continue;
    const latestMs = stopped.atMs + (isDeaf ? 0 : limitMs(scenario) / 2) + SUPERVISED_MS;
    const reached = linux.sent.find(({ target, signal }) => target === child && [SIGTERM, SIGKILL].includes(signal));
    if (Math.min(child.endedMs, endMs) < latestMs) continue;
    assert.ok(reached !== undefined && reached.atMs <= latestMs, `${life(child)} got TERM too late`);
  }
}

function checkLogWriter({ scenario }: Played): void {
  const { linux } = scenario;
  const isLogWriter = (process: FakeProcess) => process.file === LOG_WRITER;
  const others = linux.history.filter((process) => process.isOurs && process !== linux.self && !isLogWriter(process));
  const all = linux.history.filter(isLogWriter);
  const [first, last] = [all[0], all.at(-1)];
  if (first === undefined || last === undefined) return;
  for (const other of others) assert.ok(first.startedMs <= other.startedMs, `${life(other)} was before it`);
  if (!scenario.killsAll || scenario.hasUninterruptible) return;
  for (const other of others) assert.ok(other.endedMs <= last.endedMs + LATENCY_MS, `${life(other)} outlived it`);
  const hasRoom = !scenario.hasSlowReader;
  if (scenario.isObedient && hasRoom) assert.equal(last.status, 0, "it was not let finish");
}

function checkOrder({ scenario, lines, causeMs }: Played): void {
  const { linux } = scenario;
  const steps = lines.map((line) => STEPS.findIndex((isStep) => isStep(line))).filter((step) => step >= 0);
  assert.deepEqual(
    steps,
    [...new Set(steps)].sort((a, b) => a - b),
  );

  const started = (path: string) => linux.history.filter(({ file }) => file.startsWith(path));
  const [before, after] = [started(`${DIRECTORIES.before}/`), started(`${DIRECTORIES.after}/`)];
  const booting = linux.history.filter((process) => isStartup(process) || [COMMAND, RUNSVDIR].includes(process.file));
  for (const process of booting) assert.ok(process.startedMs <= causeMs + SLACK_MS, `${life(process)} came too late`);
  for (const [index, path] of [...before, ...after].entries()) {
    assert.ok(path.startedMs >= causeMs, `${life(path)} ran too early`);
    const next = [...before, ...after][index + 1];
    if (next !== undefined && !scenario.hasUninterruptible) assert.ok(path.endedMs <= next.startedMs, "two at a time");
  }
  if (scenario.hasUninterruptible) return;
  const scripts = [...scenario.linux.files].filter(([path, { program }]) => path.includes("shutdown.d/") && program);
  assert.equal(before.length + after.length, scripts.length, "not all shutdown scripts ran");
  const command = started(COMMAND)[0];
  for (const script of before)
    if (command) assert.ok(command.endedMs <= script.startedMs, "the command was still there");
  const supervised = linux.history.filter(
    ({ name, argv }) => name === "runsvdir" || name === "runsv" || argv[0] === "svlogd",
  );
  const services = linux.history.filter(({ argv }) => argv.some((word) => word.startsWith("./")));
  for (const script of after) {
    for (const process of [...supervised, ...services]) {
      const killMs = process.status === SIGKILL ? LATENCY_MS : 0;
      if (process.isOurs) assert.ok(process.endedMs <= script.startedMs + killMs, `${life(process)} outlived runit`);
    }
  }
  const stopped = linux.sent.find(({ target, signal }) => target.name === "runsv" && signal === SIGTERM);
  for (const service of services) {
    const needed = [...scenario.needs.values()].flat();
    const name = service.argv.find((word) => word.startsWith("./")) ?? "";
    const isNeeded = scenario.hasCycle || needed.includes(name.split(" ")[1] ?? "");
    // A service that is needed is supervised for as long as others need it.
    if (stopped && name.startsWith("./run") && !isNeeded) {
      assert.ok(service.startedMs <= stopped.atMs + 10, `${life(service)} was started in the shutdown`);
    }
  }
}
