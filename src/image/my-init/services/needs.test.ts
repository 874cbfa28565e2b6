import assert from "node:assert/strict";
import { test } from "node:test";
import type { FakeLinux } from "../../../../test/support/fake-linux.ts";
import * as habit from "../../../../test/support/fake-programs.ts";
import { live, type Story } from "../../../../test/support/story.ts";

const SIGTERM = 15;
const RUNSVDIR = "/usr/bin/runsvdir";

/** Root's container with services and their files `needs`; undefined: it has none. */
function withNeeds(needs: Readonly<Record<string, string | undefined>>, { prepare, ...story }: Story = {}) {
  return live({
    signals: { 100: SIGTERM },
    ...story,
    prepare: (linux) => {
      for (const path of ["/run", "/run/my_init", "/etc/service"]) linux.addDirectory(path, { mode: 0o1777 });
      linux.addProgram("/usr/sbin/my_init", habit.sleeps);
      linux.addLink("/proc/self/exe", "/usr/sbin/my_init");
      for (const [name, text] of Object.entries(needs)) {
        linux.addDirectory(`/etc/service/${name}`);
        linux.addProgram(`/etc/service/${name}/run`, habit.sleeps);
        if (text !== undefined) linux.addFile(`/etc/service/${name}/needs`, text);
      }
      prepare?.(linux);
    },
  });
}

/** The one line that says why no service is started. */
function refusal(needs: Readonly<Record<string, string | undefined>>, prepare?: (linux: FakeLinux) => void): string {
  const { linux, lines, status } = withNeeds(needs, prepare === undefined ? {} : { prepare });
  assert.equal(status, 1);
  assert.equal(linux.history.filter(({ file }) => file === RUNSVDIR).length, 0, "runsvdir was started");
  assert.ok(lines.includes("*** Killing all processes..."), "the shutdown is orderly");
  const said = lines.filter((line) => !line.includes("Killing all"));
  assert.equal(said.length, 1, lines.join("\n"));
  return said[0] ?? "";
}

test("needs without a mistake cause no line", () => {
  const { lines, status } = withNeeds({ web: "app\n", app: "# first\r\ndb 5\r\n", db: undefined, none: "" });
  assert.equal(status, 0);
  assert.deepEqual(
    lines.filter((line) => !line.includes("unit") && !line.includes("Killing all")),
    [],
  );
});

test("a mistake in a file `restart` stops the boot, also where no service needs another", () => {
  const prepare = (linux: FakeLinux) => linux.addFile("/etc/service/db/restart", "delay 2\npolicy on-error\n");
  assert.equal(
    refusal({ db: undefined }, prepare),
    '*** services are not started: /etc/service/db/restart, line 2: "on-error" is no policy; ' +
      "write policy always|on-failure|never, delay SECONDS [SECONDS] or give-up ENDS SECONDS",
  );
  const isDirectory = refusal({ db: undefined }, (linux) => linux.addDirectory("/etc/service/db/restart"));
  assert.ok(isDirectory.includes('cannot read "/etc/service/db/restart": is a directory (EISDIR)'), isDirectory);
});

test("an unknown name stops the boot, and the line says where it is and what to do", () => {
  assert.equal(
    refusal({ app: "\ndbx\n", db: undefined }),
    "*** services are not started: /etc/service/app/needs, line 2: " +
      'there is no service "dbx" in /etc/service; correct the name or take the line out',
  );
  for (const name of ["db/log", "/etc/service/db", "..", ".hidden", "db\0", "\x1b[1m"]) {
    const line = refusal({ app: name, db: undefined }, (linux) => {
      linux.addDirectory("/etc/service/.hidden");
      linux.addDirectory("/etc/service/db/log");
    });
    assert.ok(line.includes("line 1: there is no service"), line);
    assert.ok(!line.includes("\x1b"), line);
  }
});

test("so does a service that needs itself", () => {
  const line = refusal({ app: "app" });
  assert.ok(line.endsWith("/etc/service/app/needs, line 1: a service cannot need itself; take the line out"), line);
});

test("so does a cycle, which is shown", () => {
  assert.equal(
    refusal({ web: "a", a: "db\nb 3", b: "c", c: "a", db: undefined }),
    "*** services are not started: /etc/service/a/needs, line 2: " +
      "services need each other in a circle, a -> b -> c -> a; take one of them out",
  );
});

test("so does any other mistake in a line", () => {
  assert.equal(
    refusal({ app: "db soon", db: undefined }),
    '*** services are not started: /etc/service/app/needs, line 1: "soon" is no limit in whole seconds, 1 or more; ' +
      "write NAME or NAME SECONDS",
  );
});

test("so does a file that cannot be read", () => {
  const needs = "/etc/service/app/needs";
  const ofWhat = (prepare: (linux: FakeLinux) => void) => {
    const line = refusal({ app: undefined }, prepare);
    assert.ok(line.startsWith(`*** services are not started: cannot read "${needs}": `), line);
    return line;
  };
  assert.ok(ofWhat((linux) => linux.addDirectory(needs)).includes("is a directory (EISDIR)"));
  assert.ok(ofWhat((linux) => linux.addFile(needs, "x".repeat(65_537))).includes("file is too large (EFBIG)"));
});

test("so does a mistake in a file `stop-signal` or `stop-timeout`, also if no service needs another", () => {
  const ofWhat = (file: string, text: string) =>
    refusal({ web: undefined }, (linux) => linux.addFile(`/etc/service/web/${file}`, text));
  assert.equal(
    ofWhat("stop-signal", "QUITT"),
    '*** services are not started: /etc/service/web/stop-signal, line 1: "QUITT" is no signal that can end a service; ' +
      "write one signal such as QUIT, SIGQUIT, RTMIN+3 or 3",
  );
  assert.equal(
    ofWhat("stop-timeout", "\n3 s"),
    '*** services are not started: /etc/service/web/stop-timeout, line 2: "3 s" is no time limit; ' +
      "write one whole number of seconds, 1 or more",
  );
  const line = ofWhat("stop-signal", "\x1b[1m");
  assert.ok(!line.includes("\x1b"), line);
});

test("a link that leads nowhere is no file", () => {
  const { status } = withNeeds(
    { app: undefined },
    { prepare: (linux) => linux.addLink("/etc/service/app/needs", "/no") },
  );
  assert.equal(status, 0);
});

test("a command does not run without the services", () => {
  const programs = { "/bin/app": habit.exitsAfter(1) };
  const { lines, status } = withNeeds({ app: "db" }, { words: ["app"], programs });
  assert.equal(status, 1);
  assert.ok(!lines.some((line) => line.includes("Running app")), lines.join("\n"));
});

test("a service that waits for a service that is not started has a line, unless it is not started itself", () => {
  const told = (prepare: (linux: FakeLinux) => void, euid = 0) => {
    const { lines, status } = withNeeds({ app: "db", db: undefined }, { euid, prepare });
    assert.equal(status, 0);
    return lines.filter((line) => line.includes("has to wait"));
  };
  const down = '*** app has to wait for db, which has a file "down"';
  assert.deepEqual(
    told((linux) => linux.addFile("/etc/service/db/down", "")),
    [down],
  );
  assert.deepEqual(
    told((linux) => {
      for (const name of ["db", "app"]) linux.addFile(`/etc/service/${name}/down`, "");
    }),
    [],
  );
  const unavailable = "*** app has to wait for db, which is left out";
  assert.deepEqual(
    told((linux) => linux.addFile("/etc/service/db/needs-root", ""), 1000),
    [unavailable],
  );
});

test("the needs of a service that is left out do not matter", () => {
  const prepare = (linux: FakeLinux) => linux.addFile("/etc/service/app/needs-root", "");
  assert.equal(withNeeds({ app: "nobody", db: undefined }, { euid: 1000, prepare }).status, 0);
});
