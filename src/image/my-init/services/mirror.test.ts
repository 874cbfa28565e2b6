import assert from "node:assert/strict";
import { test } from "node:test";
import { FINISH, RUN, statusBytes } from "../../../../test/support/fake-container.ts";
import type { FakeLinux } from "../../../../test/support/fake-linux.ts";
import * as habit from "../../../../test/support/fake-programs.ts";
import { live } from "../../../../test/support/story.ts";
import { ERRNO } from "../../../linux/errno.ts";

const SIGTERM = 15;
const RUNSVDIR = "/usr/bin/runsvdir";
const MIRROR = "/run/my_init/my_init-services-0";

/** Root's container with the services `web`, which needs `db`, and `db`. */
function withNeeds(prepare: (linux: FakeLinux) => void = () => {}, stopMs = 500) {
  return live({
    signals: { [stopMs]: SIGTERM },
    prepare: (linux) => {
      for (const path of ["/run", "/run/my_init", "/etc/service"]) linux.addDirectory(path);
      linux.addProgram("/usr/sbin/my_init", habit.sleeps);
      linux.addLink("/proc/self/exe", "/usr/sbin/my_init");
      addService(linux, "db");
      addService(linux, "web");
      linux.addFile("/etc/service/web/needs", "db\n");
      prepare(linux);
    },
  });
}

function addService(linux: FakeLinux, name: string) {
  linux.addDirectory(`/etc/service/${name}`);
  linux.addProgram(`/etc/service/${name}/run`, habit.sleeps);
}

/** The first `times` questions whether files can be made in the directory are answered with no: then it is remounted. */
function cannotWrite(linux: FakeLinux, directory: string, times = Number.POSITIVE_INFINITY) {
  const access = linux.access.bind(linux);
  let asked = 0;
  linux.access = (path, mode) =>
    path === directory && (mode & 2) !== 0 && asked++ < times ? -ERRNO.EROFS : access(path, mode);
}

/** What happens in a directory while services run. */
function later(linux: FakeLinux, directory: string, act: () => void) {
  linux.after(200, () => {
    act();
    linux.tellWatchers(directory);
  });
}

/** The services in the mirror. */
function inMirror(linux: FakeLinux) {
  const paths = [...linux.files.keys()].filter((path) => path.startsWith(`${MIRROR}/`) && !path.endsWith("/finish"));
  return paths.map((path) => path.slice(MIRROR.length + 1)).sort();
}

test("if a service needs another, all run in a mirror, and our `./run` starts that service", () => {
  const { linux, lines, status } = withNeeds();
  assert.equal(status, 0, lines.join("\n"));
  const runsvdir = linux.history.find(({ file }) => file === RUNSVDIR);
  assert.equal(runsvdir?.argv.join(" "), `${RUNSVDIR} -P ${MIRROR}`);
  assert.deepEqual(inMirror(linux), ["db", "db/run", "web", "web/needs", "web/run", "web/run.own"]);
  assert.equal(linux.content(`${MIRROR}/db/run`), "/etc/service/db/run");
  assert.equal(linux.content(`${MIRROR}/web/run`), "/usr/sbin/my_init");
  assert.equal(linux.content(`${MIRROR}/web/run.own`), "/etc/service/web/run");
});

test("at the stop our `finish` is gone, except where runsv is about to execute it", () => {
  const GONE = 99;
  for (const status of [{ state: FINISH }, { state: RUN }]) {
    const { linux } = withNeeds((linux) => {
      linux.after(499, () => linux.addFile(`${MIRROR}/db/supervise/status`, statusBytes(linux, status, GONE)));
    });
    assert.equal(linux.files.has(`${MIRROR}/db/finish`), true, `${status.state}`);
    assert.equal(linux.files.has(`${MIRROR}/web/finish`), false, `${status.state}`);
  }
});

test("a service may use its directory like the real one, also after a startup script has changed that", () => {
  const access = (linux: FakeLinux, path: string) => {
    const { gid, mode, uid } = linux.files.get(`${MIRROR}/${path}`) ?? {};
    return `${uid}:${gid} ${((mode ?? 0) & 0o7777).toString(8)}`;
  };
  const { linux } = withNeeds((linux) => {
    linux.addDirectory("/etc/service/db", { mode: 0o2775, uid: 7, gid: 8 });
    linux.addDirectory("/etc/service/db/log");
    cannotWrite(linux, "/etc/service/db/log", 2);
    linux.addDirectory("/etc/service/web", { mode: 0o555 });
    linux.addProgram("/etc/my_init.d/10_late", (self) => {
      linux.addDirectory("/etc/service/db/log", { mode: 0o750, uid: 9, gid: 9 });
      self.exit(0);
    });
  });
  assert.equal(access(linux, "db"), "7:8 2775");
  assert.equal(access(linux, "db/log"), "9:9 750", "runsv's own copy, as it cannot write in the real one");
  assert.equal(access(linux, "web"), "0:0 755", "runsv has to write there");
});

test("a directory that cannot be given away stays ours, and no other user may write there", () => {
  const { linux } = withNeeds((linux) => {
    linux.addDirectory("/etc/service/db", { mode: 0o777, uid: 7, gid: 8 });
    linux.chown = () => -1;
  });
  const { mode, uid } = linux.files.get(`${MIRROR}/db`) ?? {};
  assert.deepEqual([uid, (mode ?? 0) & 0o7777], [0, 0o755]);
});

test("a directory on a read-only file system is not given to its owner, as the owner could replace `run`", () => {
  const { linux } = withNeeds((linux) => {
    linux.addDirectory("/etc/service/db", { mode: 0o2770, uid: 7, gid: 8 });
    const access = linux.access.bind(linux);
    linux.access = (path, mode) => (path === "/etc/service/db" && (mode & 2) !== 0 ? -ERRNO.EROFS : access(path, mode));
  });
  const { gid, mode, uid } = linux.files.get(`${MIRROR}/db`) ?? {};
  assert.deepEqual([uid, gid, (mode ?? 0) & 0o7777], [0, 0, 0o755]);
});

test("if `run` cannot be executed, or there is none, one line says so, and ours keeps runsv from one each second", () => {
  const gone = withNeeds((linux) => linux.files.delete("/etc/service/db/run"));
  const files = ["db", "db/.reported", "db/run", "db/run.own", "web", "web/needs", "web/run", "web/run.own"];
  assert.deepEqual(inMirror(gone.linux), files);
  assert.equal(gone.linux.content(`${MIRROR}/db/run`), "/usr/sbin/my_init");
  assert.equal(
    gone.lines.filter((line) => line.includes('db: cannot run "/etc/service/db/run": no such file')).length,
    1,
  );
  const text = withNeeds((linux) => linux.addFile("/etc/service/db/run", "echo", { mode: 0o755 }));
  assert.deepEqual(inMirror(text.linux), files);
});

test("files of a service may have the names of ours", () => {
  const { linux, status, lines } = withNeeds((linux) => {
    for (const name of ["run.new", "run.own", ".run"]) linux.addFile(`/etc/service/web/${name}`, "");
  });
  assert.equal(status, 0, lines.join("\n"));
  assert.equal(linux.content(`${MIRROR}/web/run`), "/usr/sbin/my_init");
  assert.equal(linux.content(`${MIRROR}/web/run.own`), "/etc/service/web/run");
  assert.equal(linux.content(`${MIRROR}/web/run.new`), "/etc/service/web/run.new");
});

test("an essential service's own scripts stay as they are, and run from the mirror", () => {
  const { linux, lines } = withNeeds((linux) => {
    for (const path of ["web/essential", "web/finish"]) linux.addFile(`/etc/service/${path}`, "");
    linux.addDirectory("/etc/service/web/control");
    linux.addFile("/etc/service/web/control/t", "");
  });
  const CONTROL = "/usr/lib/baseimage/service-control";
  assert.equal(linux.content(`${MIRROR}/web/control/t`), CONTROL, lines.join("\n"));
  assert.equal(linux.content(`${MIRROR}/web/control/t.own`), "/etc/service/web/control/t");
  assert.equal(linux.content(`${MIRROR}/web/control/k`), CONTROL);
  assert.equal(linux.content("/etc/service/web/control/t"), "");
  assert.ok(!linux.files.has("/etc/service/web/control/t.own"));
});

/** What `control/t` and the program beside it lead to in the mirror, after what is done while services run. */
function control(prepare: (linux: FakeLinux) => void, acts: Readonly<Record<string, (linux: FakeLinux) => void>> = {}) {
  const { linux, lines, status } = withNeeds((linux) => {
    prepare(linux);
    for (const [directory, act] of Object.entries(acts)) later(linux, `/etc/service/${directory}`, () => act(linux));
  });
  assert.equal(status, 0, lines.join("\n"));
  return ["t", "t.own"].map((name) => linux.files.get(`${MIRROR}/db/control/${name}`)?.content);
}

const OURS = "/usr/lib/baseimage/service-control";
const OWN = "/etc/service/db/control/t";
const addSignal = (linux: FakeLinux) => linux.addFile("/etc/service/db/stop-signal", "QUIT");
const addControl = (linux: FakeLinux) => linux.addDirectory("/etc/service/db/control");
const addOwn = (linux: FakeLinux) => {
  addControl(linux);
  linux.addFile(OWN, "");
};
const addEssential = (linux: FakeLinux) => {
  for (const path of ["/usr/lib", "/usr/lib/baseimage"]) linux.addDirectory(path);
  linux.addFile(OURS, "", { mode: 0o755 });
  linux.addFile("/etc/service/db/essential", "");
};
const both = (linux: FakeLinux) => {
  addEssential(linux);
  addSignal(linux);
};

test("our program is `control/t` of a service with a file `stop-signal`, unless it has its own", () => {
  assert.deepEqual(control(addSignal), [OURS, undefined]);
  assert.deepEqual(
    control((linux) => {
      addControl(linux);
      addSignal(linux);
    }),
    [OURS, undefined],
  );
  assert.deepEqual(
    control(() => {}),
    [undefined, undefined],
  );
  assert.deepEqual(
    control((linux) => {
      addOwn(linux);
      addSignal(linux);
    }),
    [OWN, undefined],
  );
  assert.deepEqual(control(both), [OURS, undefined]);
});

test("also if the file comes while services run; ours stays if it goes, and has runsv send TERM", () => {
  assert.deepEqual(
    control(() => {}, { db: addSignal }),
    [OURS, undefined],
  );
  assert.deepEqual(control(addEssential, { db: addSignal }), [OURS, undefined]);
  const removeSignal = (linux: FakeLinux) => linux.files.delete("/etc/service/db/stop-signal");
  assert.deepEqual(control(addSignal, { db: removeSignal }), [OURS, undefined]);
});

test("`finish` is our program, which runs the service's own; the own is back when services are stopped", () => {
  const finish = (linux: FakeLinux, path: string) => linux.files.get(`${MIRROR}/${path}`)?.content;
  const { linux } = withNeeds((linux) => {
    linux.addProgram("/etc/service/web/finish", habit.sleeps);
    linux.addDirectory("/etc/service/db/log");
    linux.after(100, () => {
      assert.equal(finish(linux, "web/finish"), "/usr/sbin/my_init");
      assert.equal(finish(linux, "web/finish.own"), "/etc/service/web/finish");
      assert.equal(finish(linux, "db/finish"), "/usr/sbin/my_init");
      assert.equal(finish(linux, "db/log/finish"), undefined, "runsv runs none");
      linux.addFile("/saw", "");
    });
  });
  assert.ok(linux.files.has("/saw"));
  assert.equal(finish(linux, "web/finish"), "/etc/service/web/finish");
  assert.equal(finish(linux, "db/finish"), undefined);
  assert.equal(finish(linux, "web/finish.own"), "/etc/service/web/finish", "ours may be about to execute it");
});

test("`supervise` in /etc/service leads to the mirror; what an earlier runsv has left is replaced", () => {
  const supervise = (linux: FakeLinux, path: string) => linux.files.get(`/etc/service/${path}/supervise`)?.content;
  const { linux } = withNeeds((linux) => {
    linux.addDirectory("/etc/service/db/supervise");
    linux.addFile("/etc/service/db/supervise/status", "old");
    linux.addLink("/etc/service/web/supervise", "/run/gone");
  });
  for (const name of ["db", "web"]) assert.equal(supervise(linux, name), `${MIRROR}/${name}/supervise`);
  assert.equal(linux.files.has("/etc/service/db/supervise/status"), false);
  const runsvdir = linux.history.find(({ file }) => file === RUNSVDIR);
  assert.ok(!runsvdir?.environ.some((variable) => variable.startsWith("SVDIR=")));
});

test("SVDIR names the mirror where another user could replace `supervise`, or where it cannot be made", () => {
  const reasons: Readonly<Record<string, (linux: FakeLinux) => void>> = {
    "another user's directory": (linux) => linux.addDirectory("/etc/service/web", { uid: 7 }),
    "a directory that others may write": (linux) => linux.addDirectory("/etc/service/web", { mode: 0o775 }),
    "a read-only file system": (linux) => cannotWrite(linux, "/etc/service/web"),
  };
  for (const [what, prepare] of Object.entries(reasons)) {
    const { linux } = withNeeds(prepare);
    const runsvdir = linux.history.find(({ file }) => file === RUNSVDIR);
    assert.ok(runsvdir?.environ.includes(`SVDIR=${MIRROR}`), what);
    assert.notEqual(linux.files.get("/etc/service/web/supervise")?.content, `${MIRROR}/web/supervise`, what);
  }
});

test("runsv keeps its files in a place that was prepared for them, and what is there stays", () => {
  const prepared: Readonly<Record<string, (linux: FakeLinux) => void>> = {
    "/run/chosen": (linux) => {
      linux.addDirectory("/run/chosen");
      linux.addLink("/etc/service/web/supervise", "/run/chosen");
    },
    "/etc/service/web/supervise": (linux) => linux.addDirectory("/etc/service/web/supervise", { uid: 7 }),
  };
  for (const [place, prepare] of Object.entries(prepared)) {
    const { linux } = withNeeds((linux) => {
      prepare(linux);
      linux.addFile(`${place}/kept`, "");
    });
    assert.ok(linux.files.has(`${place}/kept`), place);
    assert.equal(linux.content(`${MIRROR}/web/supervise`), "/etc/service/web/supervise");
    assert.equal(linux.content(`${MIRROR}/web/run.own`), "/etc/service/web/run");
  }
});

test("of an old `supervise` only runsv's files are removed, and no directory in it is entered", () => {
  const { linux } = withNeeds((linux) => {
    for (const path of ["", "/x"]) linux.addDirectory(`/etc/service/web/supervise${path}`);
    linux.addFile("/etc/service/web/supervise/x/passwd", "");
  });
  assert.ok(linux.files.has("/etc/service/web/supervise/x/passwd"));
});

test("a copy of a service's directory has a link of its own, not that of the service", () => {
  const { linux } = withNeeds((linux) => {
    later(linux, "/etc/service", () => {
      addService(linux, "copy");
      linux.addDirectory(`${MIRROR}/web/supervise`);
      linux.addLink("/etc/service/copy/supervise", `${MIRROR}/web/supervise`);
    });
  });
  assert.equal(linux.content("/etc/service/copy/supervise"), `${MIRROR}/copy/supervise`);
});

test("our program for essential services is not taken for the service's own finish", () => {
  const SCRIPT = "/usr/lib/baseimage/essential-finish";
  const withScript = (own: boolean) =>
    withNeeds((linux) => {
      for (const path of ["/usr/lib", "/usr/lib/baseimage"]) linux.addDirectory(path);
      linux.addProgram(SCRIPT, habit.sleeps);
      linux.addLink("/etc/service/web/finish", SCRIPT);
      if (own) linux.addProgram("/etc/service/web/finish.own", habit.sleeps);
    }).linux.files.get(`${MIRROR}/web/finish.own`)?.content;
  assert.equal(withScript(true), "/etc/service/web/finish.own");
  assert.equal(withScript(false), undefined);
});

test("what an earlier start without a mirror has left in `control` is not taken for the service's own either", () => {
  const left = (linux: FakeLinux) => {
    addEssential(linux);
    addControl(linux);
    linux.addLink(OWN, OURS);
    linux.addFile(`${OWN}.own`, "own");
  };
  assert.deepEqual(control(left), [OWN, `${OWN}.own`]);
  assert.deepEqual(
    control((linux) => {
      left(linux);
      addSignal(linux);
    }),
    [OWN, `${OWN}.own`],
  );
});

test("without watches, services that come are found as soon as by runsvdir", () => {
  const { linux } = withNeeds((linux) => {
    linux.inotifyOpen = () => -24;
    linux.after(200, () => addService(linux, "late"));
  }, 6000);
  assert.equal(linux.content(`${MIRROR}/late/run`), "/etc/service/late/run");
});

test("a log service runs where it is, unless runsv cannot write there", () => {
  const logOf = (prepare: (linux: FakeLinux) => void) => {
    const { linux } = withNeeds((linux) => {
      linux.addDirectory("/etc/service/db/log");
      linux.addProgram("/etc/service/db/log/run", habit.sleeps);
      prepare(linux);
    });
    return [linux.files.get(`${MIRROR}/db/log`)?.content, linux.files.get(`${MIRROR}/db/log/run`)?.content];
  };
  assert.deepEqual(
    logOf(() => {}),
    ["/etc/service/db/log", undefined],
  );
  const own = logOf((linux) => cannotWrite(linux, "/etc/service/db/log"));
  assert.deepEqual(own, ["", "/etc/service/db/log/run"]);
});

test("a log service may log into a directory with the name log", () => {
  const { linux } = withNeeds((linux) => {
    cannotWrite(linux, "/etc/service/db/log");
    for (const path of ["db/log", "db/log/log"]) linux.addDirectory(`/etc/service/${path}`);
    linux.addProgram("/etc/service/db/log/run", habit.sleeps);
  });
  assert.equal(linux.content(`${MIRROR}/db/log/log`), "/etc/service/db/log/log");
});

test("changes of startup scripts in /etc/service, and in the mirror, stay", () => {
  const { linux } = withNeeds((linux) => {
    for (const name of ["web/down", "db/down"]) linux.addFile(`/etc/service/${name}`, "");
    linux.addProgram("/etc/my_init.d/10_change", (self) => {
      linux.files.delete("/etc/service/web/down");
      linux.rename(`${MIRROR}/db/down`, `${MIRROR}/db/down-without-key`);
      linux.addFile("/etc/service/db/needs", "");
      linux.addDirectory("/etc/service/db/log");
      linux.addProgram("/etc/service/db/log/run", habit.sleeps);
      addService(linux, "late");
      for (const name of ["", "/web", "/db", "/db/log"]) linux.tellWatchers(`/etc/service${name}`);
      self.exit(0);
    });
  });
  const db = ["db", "db/down-without-key", "db/log", "db/needs", "db/run", "db/run.own"];
  const rest = ["late", "late/run", "web", "web/needs", "web/run", "web/run.own"];
  assert.deepEqual(inMirror(linux), [...db, ...rest]);
});

test("new services appear in the mirror while others run, and so do files that come later", () => {
  const { linux } = withNeeds((linux) => {
    later(linux, "/etc/service", () => linux.addDirectory("/etc/service/late"));
    linux.after(100, () => {
      later(linux, "/etc/service/late", () => {
        addService(linux, "late");
        linux.addFile("/etc/service/late/needs", "db\n");
      });
    });
  });
  assert.equal(linux.content(`${MIRROR}/late/run`), "/usr/sbin/my_init");
  assert.equal(linux.content(`${MIRROR}/late/run.own`), "/etc/service/late/run");
});

test("a service that was removed is hidden from runsvdir, and its runsv still finds its files", () => {
  const { linux } = withNeeds((linux) => {
    later(linux, "/etc/service", () => {
      for (const path of ["", "/run", "/needs"]) linux.files.delete(`/etc/service/web${path}`);
    });
  });
  assert.deepEqual(inMirror(linux), [".web.1", ".web.1/needs", ".web.1/run", ".web.1/run.own", "db", "db/run"]);
});

test("a new directory with the name of a service is another service", () => {
  const { linux } = withNeeds((linux) => {
    later(linux, "/etc/service", () => addService(linux, "db"));
  });
  assert.deepEqual(inMirror(linux).slice(0, 4), [".db.1", ".db.1/run", "db", "db/run"]);
});

test("a service that no longer needs another runs without our `./run`", () => {
  const { linux } = withNeeds((linux) => {
    later(linux, "/etc/service/web", () => linux.files.delete("/etc/service/web/needs"));
  });
  assert.deepEqual(inMirror(linux), ["db", "db/run", "web", "web/run"]);
  assert.equal(linux.content(`${MIRROR}/web/run`), "/etc/service/web/run");
});

test("changes of /etc/service have no effect once services are being stopped", () => {
  const { linux } = withNeeds((linux) => {
    linux.addProgram("/etc/my_init.pre_shutdown.d/10_slow", habit.exitsAfter(500));
    linux.after(800, () => {
      addService(linux, "late");
      linux.tellWatchers("/etc/service");
    });
  });
  assert.deepEqual(inMirror(linux), ["db", "db/run", "web", "web/needs", "web/run", "web/run.own"]);
});

test("a change that cannot be copied has one line, and ends nothing", () => {
  const { lines, ms } = withNeeds((linux) => {
    later(linux, "/etc/service", () => {
      addService(linux, "late");
      linux.addFile(`${MIRROR}/late`, "");
    });
  });
  const told = `*** a change in /etc/service has no effect: cannot make "${MIRROR}/late": exists already (EEXIST)`;
  assert.ok(lines.includes(told), lines.join("\n"));
  assert.ok(ms >= 500);
});
