import assert from "node:assert/strict";
import { test } from "node:test";
import type { FakeLinux, FakeProgram } from "../../../../test/support/fake-linux.ts";
import * as habit from "../../../../test/support/fake-programs.ts";
import { live, type Story } from "../../../../test/support/story.ts";
import { SYSLOG_SCRIPT } from "./syslog.ts";

const LOG_WRITER = "/usr/lib/baseimage/log_lines";
const DIRECTORY = "/run/my_init/my_init-logs-1";
const SIGSEGV = 11;
const SIGTERM = 15;
const SIGKILL = 9;

/** A container whose log lines name their service. */
function liveWithNames({ prepare, programs = {}, environ = ["PATH=/bin", "LOG_PREFIX=yes"], ...story }: Story) {
  return live({
    ...story,
    environ,
    programs: { [LOG_WRITER]: habit.collects, ...programs },
    prepare: (linux) => {
      for (const directory of ["/run", "/tmp", "/etc/service"]) linux.addDirectory(directory);
      prepare?.(linux);
    },
  });
}

function logWriters(linux: FakeLinux) {
  return linux.history.filter(({ file }) => file === LOG_WRITER);
}

/** The FIFOs that each process had for standard output and standard error, by its file. */
function streams(linux: FakeLinux): Record<string, string> {
  return Object.fromEntries(
    linux.history
      .filter(({ stderr }) => stderr !== undefined)
      .map(({ file, stderr = "", stdout = "" }) => [file, `${stdout} ${stderr}`.replaceAll(`${DIRECTORY}/`, "")]),
  );
}

test("without a wish for names or JSON there is none, and no file", () => {
  const { linux, lines } = liveWithNames({ environ: ["PATH=/bin"], signals: { 100: SIGTERM } });
  assert.deepEqual(logWriters(linux), []);
  assert.deepEqual(streams(linux), {});
  assert.deepEqual([...linux.fifos], []);
  assert.ok(lines.every((line) => line.startsWith("*** ")));
});

test("it is up before all others and down after them, and all print to FIFOs of their own", () => {
  const { linux, lines, ms, status } = liveWithNames({
    programs: {
      [SYSLOG_SCRIPT]: habit.syslogd(5, 0),
      "/etc/my_init.d/50_hello": habit.exitsAfter(5),
      "/etc/my_init.post_shutdown.d/90_bye": habit.exitsAfter(5),
    },
    services: [{ name: "web", run: habit.endsOnTerm(5) }],
    signals: { 1000: SIGTERM },
  });
  assert.equal(status, 0);
  assert.ok(ms < 1100, `${ms} ms`);
  const [logWriter, ...more] = logWriters(linux);
  assert.deepEqual(more, []);
  const others = linux.history.filter((process) => process.isOurs && ![linux.self, logWriter].includes(process));
  for (const other of others) {
    assert.ok((logWriter?.startedMs ?? 0) <= other.startedMs, other.file);
    assert.ok(other.endedMs <= (logWriter?.endedMs ?? 0), other.file);
  }
  assert.equal(logWriter?.status, 0);
  assert.deepEqual(streams(linux), {
    [SYSLOG_SCRIPT]: "syslog.stdout syslog.stderr",
    "/etc/my_init.d/50_hello": "50_hello.stdout 50_hello.stderr",
    "/usr/bin/runsvdir": "runit.stdout runit.stderr",
    "/etc/my_init.post_shutdown.d/90_bye": "90_bye.stdout 90_bye.stderr",
  });
  assert.ok(lines.includes("*** Killing all processes..."));
  assert.equal(linux.files.has(DIRECTORY), false);
});

test("runsvdir finds our runsv before its own, and knows where the FIFOs are", () => {
  for (const path of ["PATH=/bin", undefined]) {
    const environ = ["LOG_FORMAT=json", ...(path === undefined ? [] : [path])];
    const { linux } = liveWithNames({ environ, signals: { 100: SIGTERM } });
    const runsvdir = linux.history.find(({ file }) => file === "/usr/bin/runsvdir");
    const expected = path === undefined ? "PATH=/usr/lib/baseimage" : "PATH=/usr/lib/baseimage:/bin";
    assert.ok(runsvdir?.environ.includes(expected), runsvdir?.environ.join(" "));
    assert.ok(runsvdir?.environ.includes(`MY_INIT_LOG_DIRECTORY=${DIRECTORY}`));
  }
});

test("without names, runsvdir finds our runsv if PATH does not lead to runit's, which my_init knows", () => {
  const programs = { "/opt/runit/runsv": habit.sleeps, "/usr/bin/runsv": habit.sleeps };
  for (const [path, expected] of [
    ["/usr/bin:/bin", "/usr/bin:/bin"],
    ["/bin", "/usr/lib/baseimage:/bin"],
    ["/opt/runit:/usr/bin", "/usr/lib/baseimage:/opt/runit:/usr/bin"],
    ["", "/usr/lib/baseimage:"],
  ] as const) {
    const { linux } = live({ environ: [`PATH=${path}`], programs, signals: { 100: SIGTERM } });
    const runsvdir = linux.history.find(({ file }) => file === "/usr/bin/runsvdir");
    assert.ok(runsvdir?.environ.includes(`PATH=${expected}`), runsvdir?.environ.join(" "));
    assert.equal(
      runsvdir?.environ.some((variable) => variable.startsWith("MY_INIT_LOG_DIRECTORY=")),
      false,
    );
  }
});

test("the command prints to where it always did", () => {
  const { linux } = liveWithNames({
    words: ["--skip-runit", "app"],
    programs: { "/bin/app": habit.exitsAfter(5) },
  });
  const app = linux.history.find(({ file }) => file === "/bin/app");
  assert.equal(app?.stdout, undefined);
  assert.equal(app?.stderr, undefined);
  assert.equal(
    app?.environ.some((variable) => variable.startsWith("MY_INIT")),
    false,
  );
});

test("where only the command runs, my_init's own lines are in the format without it", () => {
  const { linux, lines, status } = liveWithNames({
    words: ["--skip-startup-files", "--skip-runit", "app"],
    programs: { "/bin/app": habit.exitsAfter(5, 3) },
  });
  assert.equal(status, 3);
  assert.deepEqual(logWriters(linux), []);
  assert.deepEqual(lines.slice(0, 2), ["[my_init] *** Running app...", "[my_init] *** app exited with exit code 3."]);
});

test("a message that comes before the format is known waits for it, also where the boot fails there", () => {
  const { lines } = liveWithNames({
    environ: ["PATH=/bin", "FILE__KEY=/none", "LOG_PREFIX=maybe", "LOG_FORMAT=json"],
    prepare: (linux) => linux.addDirectory("/etc/container_environment"),
  });
  assert.ok(lines.some((line) => line.includes('LOG_PREFIX is "maybe"')));
  assert.ok(lines.some((line) => line.includes('cannot set the variable "KEY"')));
});

test("killed, it is started again, immediately if it had worked for a while", () => {
  const { linux, lines } = liveWithNames({
    programs: { [LOG_WRITER]: habit.together(habit.collects, habit.diesAfter(1500, SIGSEGV)) },
    signals: { 1700: SIGTERM },
  });
  assert.deepEqual(
    logWriters(linux).map(({ startedMs }) => startedMs - 1000),
    [0, 1500],
  );
  assert.equal(logWriters(linux)[1]?.argv[3], "again");
  assert.ok(lines.includes("*** log_lines was killed by signal 11 (SIGSEGV); it is started again"));
});

test("killed soon after its start, it is started again a second later; what was printed meanwhile is not lost", () => {
  const { linux, lines } = liveWithNames({
    programs: { [LOG_WRITER]: habit.together(habit.collects, habit.diesAfter(20, SIGKILL)) },
    signals: { 500: SIGTERM },
  });
  // The last is for what was left when the container ended.
  assert.equal(logWriters(linux).length, 2);
  assert.ok(lines.includes("*** log_lines was killed by signal 9 (SIGKILL); it is started again in 1 s"));
  assert.ok(lines.includes("*** Killing all processes..."));
});

test("a log writer that hangs is killed when the time is up, with a warning, and the container ends", () => {
  const { linux, lines, ms, status } = liveWithNames({
    environ: ["PATH=/bin", "LOG_PREFIX=yes", "SHUTDOWN_TIMEOUT=2"],
    programs: { [LOG_WRITER]: habit.ignoresTerm },
    signals: { 100: SIGTERM },
  });
  assert.equal(status, 0);
  assert.ok(ms > 1000 && ms < 3500, `${ms} ms`);
  assert.equal(logWriters(linux)[0]?.status, SIGKILL);
  // What it has not read is not lost, as far as it is my_init's own.
  assert.equal(lines[0], "[my_init] *** Booting runit daemon...");
  assert.ok(lines.some((line) => line.startsWith("[my_init] *** ") && line.includes("did not shut down in time")));
});

test("a log writer that waits for the reader of the log is not done", () => {
  // A process is left that may print, so that it does not end by itself.
  const leaves: FakeProgram = (self) => {
    for (const fifo of self.linux.fifos.values()) fifo.addWriter();
    self.exit(0);
  };
  const waits: FakeProgram = (self) => {
    let read = "";
    const look = () => {
      for (const fifo of self.linux.fifos.values()) read += fifo.take();
      const { stderr } = self.linux;
      if (stderr.room > 4096) {
        stderr.text += read;
        read = "";
      }
      self.after(0.5, look);
    };
    self.ignore(SIGTERM);
    look();
  };
  const { lines } = liveWithNames({
    programs: { [LOG_WRITER]: waits, "/etc/my_init.d/50_leaves": leaves },
    prepare: (linux) => {
      linux.stderr.room = 0;
      linux.after(600, () => {
        linux.stderr.room = Number.POSITIVE_INFINITY;
      });
    },
    signals: { 100: SIGTERM },
  });
  assert.ok(lines.includes("*** Killing all processes..."), lines.join("\n"));
});

test("a process that prints after the end keeps it waiting for a moment only", () => {
  // Another user's, say, that we cannot end.
  const leaves: FakeProgram = (self) => {
    for (const fifo of self.linux.fifos.values()) fifo.addWriter();
    self.exit(0);
  };
  const { linux, lines, ms } = liveWithNames({
    programs: { "/etc/my_init.d/50_leaves": leaves },
    signals: { 100: SIGTERM },
  });
  assert.ok(ms < 150, `${ms} ms`);
  assert.equal(logWriters(linux)[0]?.status, SIGKILL);
  assert.ok(!lines.some((line) => line.includes("Forcing")));
});

test("with --no-kill-all-on-exit it is left to the processes that are", () => {
  const leaves: FakeProgram = (self) => {
    for (const fifo of self.linux.fifos.values()) fifo.addWriter();
    self.exit(0);
  };
  const { linux, ms } = liveWithNames({
    words: ["--no-kill-all-on-exit"],
    pid: 50,
    programs: { "/etc/my_init.d/50_leaves": leaves },
    prepare: (kernel) => kernel.addDirectory("/run/my_init"),
    signals: { 100: SIGTERM },
  });
  assert.ok(ms < 150, `${ms} ms`);
  assert.equal(logWriters(linux)[0]?.isAlive, true);
  assert.equal(linux.files.has("/run/my_init/my_init-logs-50"), true);
});

test("where it cannot be had, that is logged, and all print to where they always did", () => {
  const nowhere = liveWithNames({
    prepare: (linux) => {
      linux.files.delete("/run");
      linux.files.delete("/tmp");
    },
    signals: { 100: SIGTERM },
  });
  assert.deepEqual(streams(nowhere.linux), {});
  assert.ok(
    nowhere.lines.includes("[my_init] *** left out: LOG_PREFIX=yes (/run/my_init, /tmp, /dev/shm cannot be written)"),
    nowhere.lines.join("\n"),
  );
  const missing = liveWithNames({ prepare: (linux) => linux.files.delete(LOG_WRITER), signals: { 100: SIGTERM } });
  assert.deepEqual(streams(missing.linux), {});
  assert.equal(missing.linux.files.has(DIRECTORY), false);
  assert.ok(missing.lines.some((line) => line.includes("left out: LOG_PREFIX=yes (")));
});

test("what another my_init uses in the same place is left alone", () => {
  const { linux } = liveWithNames({
    prepare: (kernel) => {
      kernel.addDirectory("/run/my_init");
      kernel.addDirectory(DIRECTORY);
      kernel.makeFifo(`${DIRECTORY}/my_init.stderr`, 0o622);
      const fifo = kernel.fifos.get(`${DIRECTORY}/my_init.stderr`);
      assert.ok(fifo);
      fifo.hasReader = true;
      fifo.addWriter();
    },
    signals: { 100: SIGTERM },
  });
  assert.equal(logWriters(linux)[0]?.argv[2], `${DIRECTORY}.2`);
  assert.equal(linux.files.has(`${DIRECTORY}/my_init.stderr`), true);
  assert.equal(linux.fifos.get(`${DIRECTORY}/my_init.stderr`)?.writers, 1);
});

test("what a killed container has left is removed", () => {
  const { linux, status } = liveWithNames({
    prepare: (kernel) => {
      kernel.addDirectory("/run/my_init");
      kernel.addDirectory(DIRECTORY);
      kernel.addFile(`${DIRECTORY}/old.stdout`, "");
    },
    signals: { 100: SIGTERM },
  });
  assert.equal(status, 0);
  assert.equal(linux.files.has(DIRECTORY), false);
});
