import assert from "node:assert/strict";
import { test } from "node:test";
import type { FakeLinux, FakeOptions } from "../../test/support/fake-linux.ts";
import * as habit from "../../test/support/fake-programs.ts";
import { live } from "../../test/support/story.ts";

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

test("where runsv could not keep its files, services run in a mirror of links", () => {
  const { linux, lines, status } = asUser();
  assert.equal(status, 0);
  assert.equal(started(linux).words, `${RUNSVDIR} -P ${MIRROR}`);
  assert.ok(started(linux).environ.includes(`SVDIR=${MIRROR}`));
  const there = [...linux.files].filter(([path]) => path.startsWith(`${MIRROR}/`)).map(([path]) => path);
  assert.deepEqual(there.sort(), [
    `${MIRROR}/.lock`,
    `${MIRROR}/web`,
    `${MIRROR}/web/log`,
    `${MIRROR}/web/log/run`,
    `${MIRROR}/web/run`,
  ]);
  assert.equal(linux.content(`${MIRROR}/web/log/run`), "/etc/service/web/log/run");
  assert.ok(lines.includes("*** left out, as uid 1000 is not root: the service cron"));
});

test("a service that is down, or may not be executed, is left out; of the first nothing is said", () => {
  const { linux, lines } = asUser((linux) => {
    linux.addFile("/etc/service/cron/down", "");
    linux.addProgram("/etc/service/web/run", habit.sleeps, { mode: 0o700 });
  });
  assert.equal(linux.files.has(`${MIRROR}/web`), false);
  assert.ok(lines.includes("*** left out, as uid 1000 is not root: the service web"));
});

test("where all of them can be supervised, they run where they are", () => {
  const own = { uid: 1000 };
  const { linux } = asUser((linux) => {
    for (const path of ["web/supervise", "web/log", "cron"]) linux.addDirectory(`/etc/service/${path}`, own);
  });
  assert.equal(started(linux).words, `${RUNSVDIR} -P /etc/service`);
  assert.ok(!started(linux).environ.some((variable) => variable.startsWith("SVDIR=")));
  assert.equal(started(asUser(() => {}, { euid: 0 }).linux).words, `${RUNSVDIR} -P /etc/service`);
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

test("the mirror of a container that was stopped is made anew", () => {
  const { linux } = asUser((linux) => {
    for (const path of [MIRROR, `${MIRROR}/gone`]) linux.addDirectory(path, { uid: 1000 });
    linux.addFile(`${MIRROR}/gone/run`, "", { uid: 1000 });
  });
  assert.equal(linux.files.has(`${MIRROR}/gone`), false);
  assert.ok(linux.files.has(`${MIRROR}/web/run`));
});

test("services that another my_init runs in a mirror are not started again, and that one stays", () => {
  const taken = (linux: FakeLinux) => {
    for (const path of ["", "/web", "/web/supervise"]) linux.addDirectory(`${MIRROR}${path}`, { uid: 1000 });
    // A runsv reads it.
    const open = linux.openToAppend.bind(linux);
    linux.openToAppend = (path) => (path === `${MIRROR}/web/supervise/ok` ? 99 : open(path));
    linux.addProgram("/bin/app", habit.exitsAfter(5, 3));
  };
  const { linux, lines, status } = asUser(taken, { words: ["app"] });
  assert.equal(status, 3);
  assert.equal(started(linux).words, undefined);
  assert.ok(linux.files.has(`${MIRROR}/web/supervise`));
  assert.equal(lines.filter((line) => line.includes("another my_init runs them")).length, 1, lines.join("\n"));
  assert.equal(asUser(taken).status, 1);
});

test("a mirror is in use from the moment it is made, before anything runs in it", () => {
  const { linux, lines } = asUser((linux) => {
    for (const path of ["", "/web"]) linux.addDirectory(`${MIRROR}${path}`, { uid: 1000 });
    const lock = linux.lock.bind(linux);
    linux.lock = (path) => (path === `${MIRROR}/.lock` ? -11 : lock(path));
  });
  assert.equal(started(linux).words, undefined);
  assert.ok(linux.files.has(`${MIRROR}/web`));
  assert.equal(lines.filter((line) => line.includes("another my_init runs them")).length, 1, lines.join("\n"));

  const first = asUser(() => {}).linux;
  assert.deepEqual([...first.locks.values()], [`${MIRROR}/.lock`]);
});

test("a folder of another user, or in one, is no place for it", () => {
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

test("with no place for it, a command runs without services, and a container without a command ends", () => {
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
