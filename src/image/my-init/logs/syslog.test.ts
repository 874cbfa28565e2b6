import assert from "node:assert/strict";
import { test } from "node:test";
import type { FakeLinux, FakeProgram } from "../../../../test/support/fake-linux.ts";
import * as habit from "../../../../test/support/fake-programs.ts";
import { live } from "../../../../test/support/story.ts";
import { SYSLOG_SCRIPT } from "./syslog.ts";

const EBUSY = 16;
const EROFS = 30;
const SIGSEGV = 11;
const SIGTERM = 15;
const SIGKILL = 9;

/** The daemons that were started, and what ended the last. */
function daemons(linux: FakeLinux) {
  const all = linux.history.filter(({ file }) => file === SYSLOG_SCRIPT);
  return { starts: all.map(({ startedMs }) => startedMs - 1000), last: all.at(-1) };
}

function warnings(lines: readonly string[]): string[] {
  return lines.filter((line) => ["system log", "syslog", "dev/log"].some((word) => line.includes(word)));
}

test("it is up before the first startup script, which is not it", () => {
  let wasThere = false;
  const script: FakeProgram = (self) => {
    wasThere = self.linux.files.has("/dev/log");
    self.exit(0);
  };
  const programs = { [SYSLOG_SCRIPT]: habit.syslogd(20, 0), "/etc/my_init.d/00_first": script };
  const { linux, lines, status } = live({ programs, signals: { 200: SIGTERM } });
  assert.equal(status, 0);
  assert.ok(wasThere);
  assert.equal(daemons(linux).starts.length, 1);
  assert.ok(!lines.some((line) => line.includes(SYSLOG_SCRIPT)));
});

test("a stop does not keep it from coming up: shutdown scripts have something to log", () => {
  let wasThere = false;
  const script: FakeProgram = (self) => {
    wasThere = self.linux.files.has("/dev/log");
    self.exit(0);
  };
  const last = "/etc/my_init.post_shutdown.d/99_last";
  const { ms } = live({ programs: { [SYSLOG_SCRIPT]: habit.syslogd(20, 0), [last]: script }, signals: { 5: SIGTERM } });
  assert.ok(wasThere);
  assert.ok(ms < 100, `${ms} ms`);
  const never = live({ programs: { [SYSLOG_SCRIPT]: habit.sleeps }, signals: { 5: SIGTERM } });
  assert.ok(never.ms < 1000, `${never.ms} ms`);
});

test("asleep, it has nothing left to write, and is not waited for", () => {
  const { linux, ms } = live({ programs: { [SYSLOG_SCRIPT]: habit.syslogd(5, 0) }, signals: { 50: SIGTERM } });
  assert.equal(daemons(linux).last?.status, SIGKILL);
  assert.ok(ms < 60, `${ms} ms`);
  assert.equal(linux.files.has("/dev/log"), false);
});

test("busy, it is left alone until it has written all", () => {
  const { linux } = live({ programs: { [SYSLOG_SCRIPT]: habit.syslogd(5, 700) }, signals: { 50: SIGTERM } });
  assert.ok((daemons(linux).last?.endedMs ?? 0) - 1000 >= 700);
  assert.equal(daemons(linux).last?.status, SIGKILL);
});

test("with connections to elsewhere it gets TERM", () => {
  const { linux, lines } = live({ programs: { [SYSLOG_SCRIPT]: habit.syslogd(5, 0, 3) }, signals: { 50: SIGTERM } });
  assert.equal(daemons(linux).last?.status, 0);
  assert.deepEqual(warnings(lines), []);
});

test("where its output has no room for what it wrote, it is waited for", () => {
  const prepare = (linux: FakeLinux) => {
    linux.stdout.room = 0;
    linux.after(400, () => {
      linux.stdout.room = 1 << 20;
    });
  };
  const { linux } = live({ programs: { [SYSLOG_SCRIPT]: habit.syslogd(5, 0) }, signals: { 50: SIGTERM }, prepare });
  assert.ok((daemons(linux).last?.endedMs ?? 0) - 1000 >= 400);
});

test("a daemon that was killed is started again immediately, one that cannot start later and later; the boot goes on", () => {
  const killed = habit.together(habit.syslogd(5, 0), habit.diesAfter(2000, SIGSEGV));
  const first = live({ programs: { [SYSLOG_SCRIPT]: killed }, signals: { 3000: SIGTERM } });
  assert.deepEqual(daemons(first.linux).starts, [0, 2000]);
  assert.deepEqual(warnings(first.lines), [
    "*** the system log daemon was killed by signal 11 (SIGSEGV); it is started again",
  ]);

  const broken = habit.exitsAfter(10, 1);
  const second = live({ programs: { [SYSLOG_SCRIPT]: broken }, signals: { 8000: SIGTERM } });
  assert.equal(second.status, 0);
  assert.deepEqual(daemons(second.linux).starts, [0, 1010, 3020, 7030]);
  assert.equal(warnings(second.lines)[0], "*** the system log daemon failed with status 1; it is tried again in 1 s");
  assert.equal(warnings(second.lines)[2], "*** the system log daemon failed with status 1; it is tried again in 4 s");
});

test("after a start that failed, and only then, the script looks for what was refused", () => {
  // Also where it took its time before.
  for (const ms of [10, 1500]) {
    const programs = { [SYSLOG_SCRIPT]: habit.exitsAfter(ms, 1) };
    const { linux } = live({ programs, signals: { [ms + 1500]: SIGTERM } });
    const words = linux.history.filter(({ file }) => file === SYSLOG_SCRIPT).map(({ argv }) => argv.slice(1));
    assert.deepEqual(words, [[], ["again"]], `${ms} ms`);
  }
});

test("an image's own service for syslog-ng is the only one that runs it, unless it is down or no services are run", () => {
  const run = "/etc/service/syslog-ng/run";
  const story = {
    programs: { [SYSLOG_SCRIPT]: habit.syslogd(5, 0), [run]: habit.sleeps },
    signals: { 500: SIGTERM },
  };
  const { linux, lines } = live(story);
  assert.equal(daemons(linux).starts.length, 0);
  assert.deepEqual(warnings(lines), ['*** "/etc/service/syslog-ng" runs the system log daemon: no other is started']);
  const prepare = (machine: FakeLinux) => machine.addFile("/etc/service/syslog-ng/down", "");
  assert.equal(daemons(live({ ...story, prepare }).linux).starts.length, 1);
  const programs = { ...story.programs, "/bin/app": habit.exitsAfter(100) };
  assert.equal(daemons(live({ programs, words: ["--skip-runit", "app"] }).linux).starts.length, 1);
});

test("a daemon that never listens costs five seconds and a line, not the boot", () => {
  const { lines, status } = live({ programs: { [SYSLOG_SCRIPT]: habit.sleeps }, signals: { 6000: SIGTERM } });
  assert.equal(status, 0);
  assert.ok(warnings(lines)[0]?.startsWith('*** no "/dev/log" 5 seconds after'));
});

test("a script that ends well is not run again: it has started something that looks after itself", () => {
  const { linux, lines } = live({ programs: { [SYSLOG_SCRIPT]: habit.exitsAfter(10) }, signals: { 5000: SIGTERM } });
  assert.equal(daemons(linux).starts.length, 1);
  assert.deepEqual(warnings(lines), []);
});

test("a socket that is mounted from outside is left alone", () => {
  const { linux, lines } = live({
    programs: { [SYSLOG_SCRIPT]: habit.syslogd(5, 0) },
    prepare: (machine) => machine.addSocket("/dev/log"),
    fault: (call, path) => (call === "unlink" && path === "/dev/log" ? EBUSY : 0),
    signals: { 50: SIGTERM },
  });
  assert.equal(daemons(linux).starts.length, 0);
  assert.ok(warnings(lines)[0]?.startsWith('*** "/dev/log" is not ours (busy (EBUSY)'));
});

test("if /dev is read-only and has no socket, the system log is left out, and the line names /dev", () => {
  const { linux, lines } = live({
    programs: { [SYSLOG_SCRIPT]: habit.syslogd(5, 0) },
    fault: (call, path) =>
      (call === "unlink" && path === "/dev/log") || (call === "access" && path === "/dev") ? EROFS : 0,
    signals: { 50: SIGTERM },
  });
  assert.equal(daemons(linux).starts.length, 0);
  assert.deepEqual(warnings(lines), ["*** left out: the system log (/dev: read-only file system (EROFS))"]);
});

test("a socket that another daemon listens on is left alone; one without a listener is removed", () => {
  for (const sockets of ["", "0: 2 0 0 2 1 7 /dev/log\n"]) {
    const { linux, lines } = live({
      programs: { [SYSLOG_SCRIPT]: habit.syslogd(5, 0) },
      prepare: (machine) => {
        machine.addSocket("/dev/log");
        machine.addDirectory("/proc/net");
        machine.addFile("/proc/net/unix", sockets);
      },
      signals: { 50: SIGTERM },
    });
    assert.equal(daemons(linux).starts.length, sockets === "" ? 1 : 0);
    assert.equal(linux.files.has("/dev/log"), sockets !== "");
    assert.deepEqual(
      warnings(lines),
      sockets === "" ? [] : ['*** "/dev/log" is in use: no system log daemon is started'],
    );
  }
});

test("it is not started where neither startup scripts nor services are, nor where it was deleted", () => {
  const programs = { [SYSLOG_SCRIPT]: habit.syslogd(5, 0), "/bin/app": habit.exitsAfter(5) };
  const words = ["--skip-startup-files", "--skip-runit", "app"];
  assert.equal(daemons(live({ words, programs }).linux).starts.length, 0);
  assert.equal(daemons(live({ words: words.slice(1), programs }).linux).starts.length, 1);
  assert.equal(daemons(live({ words: [words[0] ?? "", "app"], programs }).linux).starts.length, 1);
  const { status, lines } = live({ words: ["app"], programs: { "/bin/app": habit.exitsAfter(5) } });
  assert.equal(status, 0);
  assert.deepEqual(warnings(lines), []);
});

test("an empty file that is not executable is a placeholder: nothing is run or logged", () => {
  const { lines } = live({
    prepare: (linux) => linux.addFile("/etc/my_init.post_shutdown.d/10_syslog-ng.shutdown", ""),
    signals: { 50: SIGTERM },
  });
  assert.deepEqual(warnings(lines), []);
});
