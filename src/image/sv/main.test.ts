import assert from "node:assert/strict";
import { test } from "node:test";
import { DOWN, FINISH, RUN, statusBytes } from "../../../test/support/fake-container.ts";
import { FakeLinux, Replaced } from "../../../test/support/fake-linux.ts";
import * as habit from "../../../test/support/fake-programs.ts";
import { type RestartRecord, readRestartRecord, writeRestartRecord } from "../../container/restart-record.ts";
import { main } from "./main.ts";

const MIRROR = "/tmp/my_init-services";

interface Setting {
  readonly words?: readonly string[];
  /** By which it was executed; undefined: the first word. */
  readonly programPath?: string;
  readonly environ?: readonly string[];
  readonly euid?: number;
  /** The user of PID 1; undefined: it is hidden. */
  readonly init?: number | undefined;
  readonly prepare?: (linux: FakeLinux) => void;
}

/** Runs it, and answers what runit's sv was given. */
function run({ words = ["/usr/bin/sv", "status", "web"], environ = ["A=b"], euid = 0, ...setting }: Setting) {
  const linux = new FakeLinux({
    argv: words,
    environ,
    euid,
    pid: 20,
    programPath: setting.programPath ?? words[0] ?? "",
  });
  for (const path of ["/run", "/dev"]) linux.addDirectory(path);
  for (const path of ["/run/my_init", "/tmp", "/dev/shm"]) linux.addDirectory(path, { mode: 0o1777 });
  const init = "init" in setting ? setting.init : 0;
  if (init !== undefined) linux.addDirectory("/proc/1", { uid: init });
  linux.addFile("/etc/passwd", "app:x:1000:1001::/home/app:/bin/sh\n");
  linux.addFile("/etc/group", "app:x:1001:\n");
  linux.addProgram("/usr/bin/sv.distrib", habit.sleeps);
  setting.prepare?.(linux);
  try {
    main(linux);
  } catch (error) {
    assert.ok(error instanceof Replaced);
    assert.equal(error.file, "/usr/bin/sv.distrib");
    const svdir = error.env.find((variable) => variable.startsWith("SVDIR="))?.slice(6);
    return { words: error.words.join(" "), svdir, calls: linux.calls, said: "" };
  }
  return { words: undefined, svdir: undefined, calls: linux.calls, said: linux.stderr.text };
}

const mirrorOf = (uid: number) => (linux: FakeLinux) => linux.addDirectory(`${MIRROR}-${uid}`, { uid });

test("where services run where they are, it is runit's sv", () => {
  const { svdir, words } = run({});
  assert.equal(words, "/usr/bin/sv status web");
  assert.equal(svdir, undefined);
});

test("in a mirror it is runit's sv there, and paths of services lead there too", () => {
  const words = ["/usr/bin/sv", "status", "web", "/etc/service/db", "/etc/services", "./web"];
  const answer = run({ words, prepare: mirrorOf(0) });
  assert.equal(answer.svdir, `${MIRROR}-0`);
  assert.equal(answer.words, `/usr/bin/sv status web ${MIRROR}-0/db /etc/services ./web`);
});

test("busybox's sv, which is no init script, gets the service's name as a word", () => {
  const prepare = (linux: FakeLinux) => {
    for (const path of ["/usr/lib", "/usr/lib/runit"]) linux.addDirectory(path);
    linux.addProgram("/usr/lib/runit/busybox", habit.sleeps);
    linux.unlink("/usr/bin/sv.distrib");
    linux.addLink("/usr/bin/sv.distrib", "/usr/lib/runit/busybox");
  };
  assert.equal(run({ words: ["/etc/init.d/web", "restart"], prepare }).words, "sv restart web");
  assert.equal(run({ words: ["/usr/bin/sv", "status", "web"], prepare }).words, "/usr/bin/sv status web");
});

test("it is called what it was called: as a service's name it is that service's init script", () => {
  assert.equal(run({ words: ["/etc/init.d/web", "restart"] }).words, "/etc/init.d/web restart");
});

test("a first word that is not its name changes nothing: the path that was executed is the name", () => {
  for (const first of ["", "helper", "/etc/init.d/other"]) {
    const called = (programPath: string, ...words: string[]) => run({ words: [first, ...words], programPath }).words;
    assert.equal(called("/usr/bin/sv", "status", "web"), "/usr/bin/sv status web");
    assert.equal(called("/etc/init.d/web", "restart"), "/etc/init.d/web restart");
  }
});

test("in the mirror of another user root is that user", () => {
  const { calls, svdir } = run({ init: 1000, prepare: mirrorOf(1000) });
  assert.equal(svdir, `${MIRROR}-1000`);
  assert.deepEqual(
    calls.filter((call) => call.startsWith("set")),
    ["setGroups 1001", "setGid 1001", "setUid 1000"],
  );
  const given = run({ init: 1000, environ: [`SVDIR=${MIRROR}-1000`], prepare: mirrorOf(1000) });
  assert.ok(given.calls.includes("setUid 1000"), "SVDIR comes with a shell that was given the container's environment");
});

test("that of PID 1's user comes before one's own, and one's own counts where there is no other", () => {
  const both = (linux: FakeLinux) => [0, 1000].map((uid) => mirrorOf(uid)(linux));
  assert.equal(run({ init: 1000, prepare: both }).svdir, `${MIRROR}-1000`);
  assert.equal(run({ init: 0, euid: 1000, prepare: both }).svdir, `${MIRROR}-0`);
  assert.equal(run({ init: 0, euid: 1000, prepare: mirrorOf(1000) }).svdir, `${MIRROR}-1000`);
  assert.equal(run({ init: undefined, euid: 1000, prepare: mirrorOf(0) }).svdir, `${MIRROR}-0`, "hidepid");
});

test("what another user can have put there is not believed", () => {
  const hostile: Readonly<Record<string, (linux: FakeLinux) => void>> = {
    "a directory": (linux) => linux.addDirectory(`${MIRROR}-0`, { uid: 65_534 }),
    "one of another name": (linux) => linux.addDirectory(`${MIRROR}-x`),
    "one that all may write": (linux) => linux.addDirectory(`${MIRROR}-0`, { mode: 0o777 }),
    "a link": (linux) => {
      linux.addDirectory("/var/tmp");
      linux.addLink(`${MIRROR}-0`, "/var/tmp");
    },
  };
  for (const [what, prepare] of Object.entries(hostile)) assert.equal(run({ prepare }).svdir, undefined, what);
});

test("of two mirrors that is ours which has our namespace in its name: the other is another container's", () => {
  const { svdir } = run({
    prepare: (linux) => {
      mirrorOf(0)(linux);
      linux.addFile("/namespace", "");
      linux.addLink("/proc/self/ns/mnt", "/namespace");
      linux.addDirectory(`${MIRROR}-0-${linux.files.get("/namespace")?.inode}`);
    },
  });
  assert.ok(svdir?.startsWith(`${MIRROR}-0-`), svdir);
});

test("where containers share a place, a mirror without our namespace in its name is another container's", () => {
  const shared = (linux: FakeLinux) => linux.addDirectory("/dev/shm/my_init-services-0");
  assert.equal(run({ prepare: shared }).svdir, "/dev/shm/my_init-services-0", "without /proc there is no other name");
  const { svdir } = run({
    prepare: (linux) => {
      shared(linux);
      linux.addFile("/namespace", "");
      linux.addLink("/proc/self/ns/mnt", "/namespace");
    },
  });
  assert.equal(svdir, undefined);
});

test("a directory of one's own in SVDIR is used as it is", () => {
  assert.equal(run({ environ: ["SVDIR=/srv/services"], prepare: mirrorOf(0) }).svdir, "/srv/services");
  assert.equal(run({ environ: ["SVDIR=/etc/service"], prepare: mirrorOf(0) }).svdir, `${MIRROR}-0`);
});

test("where runit's is not there, or its user cannot be taken on, a line says so", () => {
  const gone = run({ prepare: (linux) => linux.files.delete("/usr/bin/sv.distrib") });
  const start = 'sv: cannot run "/usr/bin/sv.distrib": ';
  assert.ok(gone.said.startsWith(start) && gone.said.endsWith("ENOENT)\n"), gone.said);
  const refused = run({
    init: 1000,
    prepare: (linux) => {
      mirrorOf(1000)(linux);
      linux.setGroups = () => -1;
    },
  });
  assert.equal(refused.words, undefined);
  assert.ok(refused.said.startsWith("sv: cannot set the groups of user app: "), refused.said);
});

/** Runs it with a runsv for `web` in the mirror, and one in a directory of another user. @returns the container afterwards */
function called(
  words: readonly string[],
  state: number = RUN,
  prepare: (linux: FakeLinux) => void = () => {},
): FakeLinux {
  let linux: FakeLinux | undefined;
  run({
    words: ["/usr/bin/sv", ...words],
    prepare: (fake) => {
      linux = fake;
      mirrorOf(0)(fake);
      for (const service of [`${MIRROR}-0/web`, "/home/app/web"]) {
        for (const path of [service, `${service}/supervise`]) fake.addDirectory(path);
        fake.addFile(`${service}/supervise/status`, statusBytes(fake, { state }, 30));
      }
      prepare(fake);
    },
  });
  assert.ok(linux);
  return linux;
}

/** @returns where it has recorded a request */
function recorded(words: readonly string[]): string[] {
  return [...called(words).files.keys()].filter((path) => path.endsWith("/asked"));
}

test("a request to end is recorded for the service, whatever the options are", () => {
  const there = [`${MIRROR}-0/web/supervise/asked`];
  for (const words of [
    ["restart", "web"],
    ["term", "web"],
    ["-v", "kill", "web"],
    ["-w", "9", "restart", "web"],
  ]) {
    assert.deepEqual(recorded(words), there, words.join(" "));
  }
  assert.deepEqual(recorded(["-vw", "9", "force-restart", "/etc/service/web"]), there);
  for (const words of [["status", "web"], ["down", "web"], ["hup", "web"], ["restart"], ["restart", "nope"]]) {
    assert.deepEqual(recorded(words), [], words.join(" "));
  }
});

test("nothing is recorded where another user may choose the place", () => {
  for (const word of ["/home/app/web", "../home/app/web", "x/../../home/app/web", "./web"]) {
    assert.deepEqual(recorded(["restart", word]), [], word);
  }
});

/** Runs it for a service in this state, with a record of this kind. @returns whether the record is still there */
function keepsRecord(next: RestartRecord["next"], state: number, ...words: readonly string[]): boolean {
  const supervise = `${MIRROR}-0/web/supervise`;
  const linux = called(words, state, (fake) => {
    writeRestartRecord(fake, supervise, { next, delayMs: 0, endsMs: [1] });
  });
  return readRestartRecord(linux, supervise) !== undefined;
}

test("a start that is asked for begins anew, and a service that is told to be down has not given up", () => {
  for (const next of ["again", "done", "gave-up"] as const) {
    for (const state of [RUN, FINISH, DOWN]) {
      for (const word of ["up", "u", "once", "start"]) assert.equal(keepsRecord(next, state, word, "web"), false, word);
      for (const word of [
        "status",
        "s",
        "check",
        "hup",
        "pause",
        "cont",
        "interrupt",
        "quit",
        "alarm",
        "1",
        "reload",
      ]) {
        assert.equal(keepsRecord(next, state, word, "web"), true, word);
      }
      // A program that waits for the delay would start the service before it gets the signal.
      const isDelayed = next === "again" && state === RUN;
      for (const word of ["down", "stop", "restart", "force-reload", "exit", "shutdown", "force-stop"]) {
        assert.equal(keepsRecord(next, state, "-w", "9", word, "web"), isDelayed, `${next} ${state} ${word}`);
      }
      assert.equal(keepsRecord(next, state, "up", "other"), true);
    }
  }
});

test("`sv term` and `sv kill` of a service that does not run change nothing: a done task is still done", () => {
  for (const next of ["again", "done", "gave-up"] as const) {
    for (const word of ["term", "kill", "try-restart"]) {
      for (const state of [FINISH, DOWN]) assert.equal(keepsRecord(next, state, word, "web"), true, word);
      assert.equal(keepsRecord(next, RUN, word, "web"), next === "again", `${next} ${word}`);
    }
  }
});
