import assert from "node:assert/strict";
import { test } from "node:test";
import type { FakeLinux, FakeOptions } from "../../../../test/support/fake-linux.ts";
import * as habit from "../../../../test/support/fake-programs.ts";
import { live } from "../../../../test/support/story.ts";

const SIGTERM = 15;
const RUNSVDIR = "/usr/bin/runsvdir";

/** A container of user 1000 with services of root's: `web` with a log service, `cron` for root only. */
function asUser(prepare: (linux: FakeLinux) => void = () => {}, options: FakeOptions & { words?: string[] } = {}) {
  return live({
    euid: 1000,
    signals: { 50: SIGTERM },
    ...options,
    prepare: (linux) => {
      for (const path of ["/run", "/etc/service", "/etc/service/web", "/etc/service/web/log", "/etc/service/cron"]) {
        linux.addDirectory(path);
      }
      linux.addDirectory("/run/my_init", { mode: 0o1777 });
      linux.addDirectory("/etc/service/web/supervise");
      for (const run of ["web/run", "web/log/run", "cron/run"]) {
        linux.addProgram(`/etc/service/${run}`, habit.sleeps);
      }
      linux.addFile("/etc/service/cron/needs-root", "");
      prepare(linux);
    },
  });
}

function started(linux: FakeLinux) {
  const runsvdir = linux.history.find(({ file }) => file === RUNSVDIR);
  return { words: runsvdir?.argv.join(" "), environ: runsvdir?.environ ?? [] };
}

const MIRROR = "/run/my_init/my_init-services-1000";

test("if runsv could not keep its files, services run in a mirror of links", () => {
  const { linux, lines, status } = asUser();
  assert.equal(status, 0);
  assert.equal(started(linux).words, `${RUNSVDIR} -P ${MIRROR}`);
  assert.ok(started(linux).environ.includes(`SVDIR=${MIRROR}`));
  const there = [...linux.files].filter(([path]) => path.startsWith(`${MIRROR}/`)).map(([path]) => path);
  assert.deepEqual(there.sort(), [`${MIRROR}/web`, `${MIRROR}/web/log`, `${MIRROR}/web/log/run`, `${MIRROR}/web/run`]);
  assert.equal(linux.content(`${MIRROR}/web/log/run`), "/etc/service/web/log/run");
  assert.ok(lines.includes("*** left out, as uid 1000 is not root: the service cron"));
});

test("a service that is down, or may not be executed, is left out; only the second has a line", () => {
  const { linux, lines } = asUser((linux) => {
    linux.addFile("/etc/service/cron/down", "");
    linux.addProgram("/etc/service/web/run", habit.sleeps, { mode: 0o700 });
  });
  assert.equal(linux.files.has(`${MIRROR}/web`), false);
  assert.ok(lines.includes("*** left out, as uid 1000 is not root: the service web"));
});

test("without a place for a mirror they run where they are, if all can be supervised there", () => {
  const own = { uid: 1000 };
  const noPlace = (linux: FakeLinux) => {
    linux.files.delete("/run/my_init");
    linux.files.delete("/run");
  };
  const mayAll = (linux: FakeLinux) => {
    for (const path of ["web/supervise", "web/log", "cron"]) linux.addDirectory(`/etc/service/${path}`, own);
  };
  const { linux } = asUser((linux) => {
    mayAll(linux);
    noPlace(linux);
    linux.files.delete("/etc/service/cron/needs-root");
  });
  assert.equal(started(linux).words, `${RUNSVDIR} -P /etc/service`);
  assert.ok(!started(linux).environ.some((variable) => variable.startsWith("SVDIR=")));
  for (const file of ["needs", "stop-signal", "stop-timeout"]) {
    const { linux: other } = asUser((linux) => {
      mayAll(linux);
      noPlace(linux);
      linux.files.delete("/etc/service/cron/needs-root");
      linux.addFile(`/etc/service/cron/${file}`, "1");
    });
    assert.equal(started(other).words, undefined, `${file} would have no effect`);
  }
  const { linux: hidden, lines } = asUser((linux) => {
    mayAll(linux);
    noPlace(linux);
  });
  assert.equal(started(hidden).words, undefined, "runsvdir would start what is left out");
  assert.ok(
    lines.some((line) => line.startsWith("*** left out") && line.includes("all services")),
    lines.join("\n"),
  );
});

test("where /dev is a tmpfs, the mirror is there; the machine's own /dev is none", () => {
  const asRoot = (type: string) =>
    asUser(
      (linux) => {
        linux.addDirectory("/dev");
        linux.addFile(
          "/proc/self/mountinfo",
          `21 20 0:5 / /dev rw,nosuid - ${type} ${type} rw\n22 21 0:6 / /dev/pts rw - devpts devpts rw\n`,
        );
      },
      { euid: 0 },
    ).linux;
  assert.equal(started(asRoot("tmpfs")).words, `${RUNSVDIR} -P /dev/my_init-services-0`);
  assert.equal(started(asRoot("devtmpfs")).words, `${RUNSVDIR} -P /run/my_init/my_init-services-0`);
});

test("if no service is left, runsvdir runs with an empty mirror, and one line says what is left out", () => {
  const { linux, lines, status } = asUser((linux) => {
    for (const path of ["", "/run", "/supervise", "/log/run", "/log"]) linux.files.delete(`/etc/service/web${path}`);
  });
  assert.equal(status, 0);
  assert.equal(started(linux).words, `${RUNSVDIR} -P ${MIRROR}`);
  assert.deepEqual(
    lines.filter((line) => line.includes("left out")),
    ["*** left out, as uid 1000 is not root: the service cron"],
  );
});

test("a service that a startup script brings is in the mirror, too", () => {
  const { linux } = asUser((linux) => {
    linux.addProgram("/etc/my_init.d/10_late", (self) => {
      linux.addDirectory("/etc/service/late");
      linux.addProgram("/etc/service/late/run", habit.sleeps);
      self.exit(0);
    });
  });
  assert.equal(linux.content(`${MIRROR}/late/run`), "/etc/service/late/run");
});

test("the mirror of a container that was stopped is made again", () => {
  const { linux } = asUser((linux) => {
    for (const path of [MIRROR, `${MIRROR}/gone`]) linux.addDirectory(path, { uid: 1000 });
    linux.addFile(`${MIRROR}/gone/run`, "", { uid: 1000 });
  });
  assert.equal(linux.files.has(`${MIRROR}/gone`), false);
  assert.ok(linux.files.has(`${MIRROR}/web/run`));
});

/** A runsv reads the FIFO of this service. */
function hasRunsv(linux: FakeLinux, supervise: string) {
  const open = linux.openToAppend.bind(linux);
  linux.openToAppend = (path) => (path === `${supervise}/ok` ? 99 : open(path));
}

/** Another process has the lock on a directory. */
function isLocked(linux: FakeLinux, directory: string) {
  const lock = linux.lockDirectory.bind(linux);
  linux.lockDirectory = (path) => (path === directory ? -11 : lock(path));
}

/** One line says that services are not started; the command runs, and without one my_init waits until it is stopped. */
function assertElsewhere(line: string, taken: (linux: FakeLinux) => void, options: FakeOptions = {}) {
  const command = (linux: FakeLinux) => {
    taken(linux);
    linux.addProgram("/bin/app", habit.exitsAfter(5, 3));
  };
  const { linux, lines, status } = asUser(command, { ...options, words: ["app"] });
  assert.equal(status, 3);
  assert.equal(started(linux).words, undefined);
  assert.deepEqual(
    lines.filter((each) => each.includes("services are not started")),
    [`*** services are not started: ${line}; for a command alone say --skip-runit`],
  );
  const alone = asUser(taken, options);
  assert.equal(alone.status, 0);
  assert.ok(alone.ms >= 50);
  return linux;
}

test("services that still have a runsv are not started again, and its files stay", () => {
  // A mirror gives the directory of a service that is gone a name with a dot.
  for (const name of ["web", ".web.1"]) {
    const supervise = `${MIRROR}/${name}/supervise`;
    const inMirror = assertElsewhere(`they run already, in "${MIRROR}"`, (linux) => {
      for (const path of [MIRROR, `${MIRROR}/${name}`, supervise]) linux.addDirectory(path, { uid: 1000 });
      hasRunsv(linux, supervise);
      linux.addDirectory("/tmp", { mode: 0o1777 });
      linux.addDirectory("/tmp/my_init-services-1000", { uid: 1000 });
    });
    assert.ok(inMirror.files.has(supervise));
    assert.equal(inMirror.files.has("/tmp/my_init-services-1000"), false);
  }
  const where = 'they run already, in "/etc/service"';
  assertElsewhere(where, (linux) => hasRunsv(linux, "/etc/service/web/supervise"), { euid: 0 });
});

test("services are not started while another my_init of the container has them, another user's too", () => {
  for (const euid of [0, 1000]) {
    const taken = (linux: FakeLinux) => {
      isLocked(linux, "/etc/service");
      linux.addFile("/usr/sbin/my_init", "");
      linux.addFile("/mnt-namespace", "");
      const first = linux.addStranger(() => {}, ["/sbin/my_init"]);
      first.startTime = linux.self.startTime - 1;
      for (const pid of [first.pid, "self"]) {
        linux.addLink(`/proc/${pid}/exe`, "/usr/sbin/my_init");
        linux.addLink(`/proc/${pid}/ns/mnt`, "/mnt-namespace");
      }
    };
    assertElsewhere("another my_init runs them", taken, { euid, pid: 500 });
  }
});

test("another container that has the directory as a volume, and has locked it, prevents nothing", () => {
  const { linux } = asUser((linux) => isLocked(linux, "/etc/service"));
  assert.equal(started(linux).words, `${RUNSVDIR} -P ${MIRROR}`);
});

test("the mirror is locked, and every user may enter it; if its name is taken, it has another", () => {
  const first = asUser(() => {}).linux;
  assert.deepEqual([...first.locks.values()], ["/etc/service", MIRROR]);
  assert.equal((first.files.get(MIRROR)?.mode ?? 0) & 0o7777, 0o755);

  const { linux } = asUser((linux) => {
    for (const path of [MIRROR, `${MIRROR}/web`]) linux.addDirectory(path, { uid: 1000 });
    isLocked(linux, MIRROR);
    linux.addFile("/mnt-namespace", "");
    linux.addLink("/proc/self/ns/mnt", "/mnt-namespace");
  });
  const inode = linux.files.get("/mnt-namespace")?.inode;
  assert.equal(started(linux).words, `${RUNSVDIR} -P ${MIRROR}-${inode}`);
  assert.ok(linux.files.has(`${MIRROR}/web`));
});

test("it is never in a directory of another user", () => {
  const { linux } = asUser((linux) => {
    linux.addDirectory("/tmp", { mode: 0o1777 });
    linux.addDirectory(MIRROR, { uid: 1001, mode: 0o777 });
  });
  assert.equal(started(linux).words, `${RUNSVDIR} -P /tmp/my_init-services-1000`);
  const elsewhere = asUser((linux) => {
    linux.addDirectory("/tmp", { mode: 0o1777 });
    linux.addDirectory("/run/my_init", { uid: 1001, mode: 0o777 });
  });
  assert.equal(started(elsewhere.linux).words, `${RUNSVDIR} -P /tmp/my_init-services-1000`);
});

test("without a place for it, a command runs without services, and a container without a command ends", () => {
  const nowhere = (linux: FakeLinux) => {
    linux.addDirectory("/run/my_init");
    linux.addProgram("/bin/app", habit.exitsAfter(5, 3));
  };
  const withCommand = asUser(nowhere, { words: ["app"] });
  assert.equal(withCommand.status, 3);
  assert.equal(started(withCommand.linux).words, undefined);
  assert.equal(withCommand.lines.filter((line) => line.includes("all services")).length, 1);
  assert.equal(asUser(nowhere).status, 1);
});
