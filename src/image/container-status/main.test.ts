import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DOWN,
  type FakeContainer,
  FINISH,
  RUN,
  runInContainer,
  SERVICES,
} from "../../../test/support/fake-container.ts";
import { formatRecord, IS_STOPPING } from "../../container/phase-record.ts";
import { formatEnds, type ServiceEnds } from "../../container/service-end.ts";
import { main } from "./main.ts";

const ask = (container: FakeContainer) => runInContainer("container_status", main, container);

/** The boot began a second after the fake clock's first moment, and 61 seconds before now. */
const record = formatRecord({
  phase: "boot",
  host: "",
  beganMs: 1_699_999_940_000,
  steps: [{ name: "services", startMs: 0, endMs: 123.4 }],
  killed: [],
});
const UP = "container: up 1 min 1 s since 2023-11-14T22:12:20Z, boot took 0.12 s";

const ENDS: ServiceEnds = {
  count: 3,
  failures: 3,
  last: { how: "killed", signal: 9 },
  isOutOfMemory: true,
  endedMs: 1_699_999_999_000,
  ranMs: 60_000,
  quickSuccesses: 0,
  loggedMs: 0,
  loggedFailures: 0,
};

test("the container has a line, and each service, with its memory, its check and its last end", () => {
  const { status, linux } = ask({
    record,
    services: {
      web: {
        state: RUN,
        ageMs: 3_723_000,
        check: (self) => self.exit(0),
        prepare: (process) => {
          process.residentPages = 256;
          process.spawn(() => {}, ["worker"]).spawn(() => {}, ["helper"]).residentPages = 640;
        },
      },
      db: { state: RUN, ageMs: 5000, check: (self) => self.exit(3) },
      app: { state: RUN, ageMs: 9000, waitsFor: "db" },
      job: { state: DOWN, ageMs: 70_000, want: "d" },
    },
    prepare: (linux) => linux.addFile(`${SERVICES}/job/supervise/ends`, formatEnds(ENDS)),
  });
  const pids = linux.history.filter(({ argv }) => ["./run", "db", "web"].includes(argv[0] ?? "")).map(({ pid }) => pid);
  const [web, db, app] = pids.map((pid) => `${pid}`.padStart(3));
  assert.equal(
    linux.stdout.text,
    `${UP}, not healthy: app waits for db; 1 more
service  state           for         pid  starts   memory  check                   last end
app      waiting for db  9 s         ${app}       1  0.0 MiB  -                       -
db       up              5 s         ${db}       1  0.0 MiB  failed (exit status 3)  -
job      down            1 min 10 s    -       3        -  -                       was killed by SIGKILL (out of memory), 2 s ago
web      up              1 h 2 min   ${web}       1  3.5 MiB  passes                  -
`,
  );
  assert.equal(status, 0);
});

test("only the named services are listed, with their log services; the container's line is about all", () => {
  const services = { web: { state: RUN }, "web/log": { state: RUN }, db: { state: FINISH }, "x/log": { state: RUN } };
  const { status, said } = ask({ record, words: ["web"], services });
  assert.equal(status, 0);
  const lines = said.split("\n");
  assert.equal(lines[0], `${UP}, not healthy: db has ended, and its finish script runs`);
  assert.deepEqual(
    lines.slice(2).map((line) => line.split(" ")[0]),
    ["web", "web/log", ""],
  );
  assert.ok(ask({ words: ["web/log"], services }).said.includes("\nweb/log  up"));
});

test("an unknown service is an error that names it, and nothing is listed or run", () => {
  for (const word of ["nope", "", "we", "web/", "/run/services/web", "WEB", ".", "a\x1b[2J"]) {
    const { status, linux } = ask({
      words: ["--", "web", word],
      services: { web: { state: RUN, check: () => assert.fail("it ran") } },
    });
    assert.equal(status, 1);
    assert.equal(linux.stdout.text, "");
    assert.equal(
      linux.stderr.text,
      `container_status: there is no service "${word.replace("\x1b", "\\x1b")}"; without a name all are listed\n`,
    );
  }
});

test("during the boot there is a line, also if a service is named", () => {
  const { status, said } = ask({ isBooted: false, words: ["web"] });
  assert.deepEqual([status, said], [0, "container: booting, not healthy\n"]);
});

test("during the shutdown the services are listed", () => {
  const { said } = ask({ record: record + IS_STOPPING, services: { web: { state: FINISH } } });
  assert.ok(said.startsWith("container: stopping 1 min 1 s since"), said);
  assert.ok(said.includes("\nweb      finishing  5 s"), said);
});

test("a container without a record of its boot or without services has a line", () => {
  assert.equal(ask({}).said, "container: up, healthy\n");
  assert.equal(ask({ hasRunit: false }).said, "container: up, healthy\n");
});

test("a service that cannot be inspected is unknown, and so is its time where the clock was set back", () => {
  const fault = (call: string, path: string) =>
    call === "readFile" && path.endsWith("/status") && path.startsWith("/run") ? 13 : 0;
  const { said } = ask({ services: { web: { state: RUN } }, fault });
  assert.ok(said.includes("not healthy: web cannot be inspected: permission denied (EACCES)\n"), said);
  assert.ok(said.endsWith("\nweb      unknown  -      -       0       -  -      -\n"), said);
  const set = ask({ services: { web: { state: RUN, ageMs: -5000 } } }).said;
  assert.ok(set.includes("\nweb      up     -    "), set);
});

test("a record of ends that is none counts as none", () => {
  for (const text of ["", "x", "1 2 3", "9".repeat(300)]) {
    const { said } = ask({
      services: { web: { state: RUN } },
      prepare: (linux) => linux.addFile(`${SERVICES}/web/supervise/ends`, text),
    });
    assert.ok(said.endsWith("       1  0.0 MiB  -      -\n"), said);
  }
});

test("a name and a state are printable, and columns count characters", () => {
  const { said } = ask({ services: { "a\x1b\n\xc3\xa9": { state: RUN }, db: { state: RUN, waitsFor: "a\x07" } } });
  const lines = said.split("\n").slice(2);
  assert.ok(lines[0]?.startsWith("a\\x1b\\n\xc3\xa9  up                 5 s"), lines[0]);
  assert.ok(lines[1]?.startsWith("db        waiting for a\\x07  5 s"), lines[1]);
});

test("without my_init, or without permission to look into it, an error says so", () => {
  const none = ask({ initWords: ["/usr/sbin/setuser"] });
  assert.equal(none.status, 1);
  assert.equal(none.linux.stderr.text, "container_status: no my_init is running\n");
  const fault = (call: string, path: string) => (call === "listDir" && path === "/proc/1/fd" ? 13 : 0);
  const hidden = ask({ euid: 1000, fault });
  assert.deepEqual([hidden.status, hidden.said], [1, ""]);
  assert.ok(hidden.linux.stderr.text.includes("permission denied (EACCES); root and its own user may\n"));
});

test("a signal ends it while checks run, and a check that hangs is killed after five seconds", () => {
  const services = { web: { state: RUN, check: () => {} } };
  const ended = ask({ services, prepare: (linux) => linux.after(70, () => linux.signalSelf(15)) });
  assert.deepEqual([ended.status, ended.ms, ended.said], [143, 70, ""]);
  assert.deepEqual(ended.linux.living(), []);
  const late = ask({ services });
  assert.equal(late.ms, 5000);
  assert.ok(late.said.includes("  did not end in time, and was killed  -\n"), late.said);
});
