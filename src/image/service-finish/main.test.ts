import assert from "node:assert/strict";
import { test } from "node:test";
import { FINISH, statusBytes } from "../../../test/support/fake-container.ts";
import { FakeLinux, Replaced } from "../../../test/support/fake-linux.ts";
import * as habit from "../../../test/support/fake-programs.ts";
import { readEnds, recordAsked, recordBegan } from "../../container/service-end.ts";
import { main } from "./main.ts";

const SERVICE = "/mirror/web";
const SUPERVISE = `${SERVICE}/supervise`;
const CONTROL = `${SUPERVISE}/control`;

/** A service whose finish program runsv starts again and again. */
class Service {
  readonly files = new Map<string, string>();
  realMs = 0;

  /** @returns what it logged, what it has executed, its status, and the record */
  end(words: readonly string[], { ranMs = 100, want = "u", prepare = (_: FakeLinux) => {} } = {}) {
    const linux = new FakeLinux({ argv: ["./finish", ...words], environ: ["A=b"], pid: 20 });
    linux.advance(this.realMs);
    for (const path of ["/mirror", SERVICE, SUPERVISE]) linux.addDirectory(path);
    for (const [path, content] of this.files) linux.addFile(path, content);
    linux.addFile(`${SUPERVISE}/status`, statusBytes(linux, { state: FINISH, ageMs: ranMs, want }, linux.getPid()));
    linux.cwd = SERVICE;
    linux.makeFifo(CONTROL, 0o600);
    const control = linux.fifos.get(CONTROL);
    assert.ok(control);
    control.hasReader = true;
    const runsv = linux.self.parent?.pid ?? 0;
    for (const path of [`/proc/${runsv}`, `/proc/${runsv}/fd`]) linux.addDirectory(path);
    linux.addLink(`/proc/${runsv}/fd/2`, CONTROL);
    prepare(linux);
    let executed: Replaced | undefined;
    let status: number | undefined;
    try {
      status = main(linux);
    } catch (error) {
      assert.ok(error instanceof Replaced);
      executed = error;
    }
    this.files.clear();
    for (const [path, { content }] of linux.files) if (path.startsWith("/mirror/")) this.files.set(path, content);
    for (const path of ["/mirror", SERVICE, SUPERVISE]) this.files.delete(path);
    this.realMs += 1000;
    this.files.delete(CONTROL);
    return { said: linux.stderr.text, executed, status, ends: readEnds(linux, SUPERVISE), asked: control.text };
  }
}

test("an end is recorded, and a failure has a line", () => {
  const service = new Service();
  const { ends, said, status } = service.end(["3", "0"], { ranMs: 2500 });
  assert.equal(status, 0);
  assert.equal(said, "*** web ended with exit code 3 after 2.5 s\n");
  assert.deepEqual([ends?.count, ends?.failures, ends?.ranMs, ends?.last], [1, 1, 2500, { how: "exited", code: 3 }]);
  const again = service.end(["-1", "139"]);
  assert.equal(again.said, "", "within a minute");
  assert.deepEqual([again.ends?.count, again.ends?.last], [2, { how: "killed", signal: 11 }]);
  service.realMs += 60_000;
  assert.equal(service.end(["-1", "11"]).said, "*** web was killed by SIGSEGV after 0.1 s (3rd time)\n");
});

test("exit code 0, `sv down`, the shutdown and `sv restart` have none", () => {
  assert.equal(new Service().end(["0", "0"]).said, "");
  for (const want of ["d", "x"]) assert.equal(new Service().end(["1", "0"], { want }).said, "");
  const asked = new Service().end(["143", "0"], { prepare: (linux) => recordAsked(linux, SUPERVISE) });
  assert.deepEqual([asked.said, asked.ends?.failures], ["", 0]);
  // What was asked of an earlier start does not count.
  const service = new Service();
  service.end(["0", "0"], { prepare: (linux) => recordAsked(linux, SUPERVISE) });
  assert.ok(service.end(["1", "0"], { ranMs: 700 }).said.includes("exit code 1"));
});

test("five quick ends with exit code 0 in a row have one line", () => {
  const service = new Service();
  const lines = Array.from({ length: 12 }, () => service.end(["0", "0"]).said);
  assert.deepEqual(
    lines.map((line) => line !== ""),
    lines.map((_, index) => index === 4),
  );
  assert.ok(lines[4]?.includes("5 times in a row: a service has to stay in the foreground"), lines[4]);
});

test("the service's own finish is executed, with runsv's words; for an essential service the image's script", () => {
  const own = new Service().end(["-1", "15"], {
    prepare: (linux) => linux.addProgram(`${SERVICE}/finish.own`, habit.sleeps),
  });
  assert.deepEqual([own.executed?.file, own.executed?.words], ["./finish.own", ["./finish.own", "-1", "15"]]);
  const essential = new Service().end(["7", "0"], {
    prepare: (linux) => {
      linux.addFile(`${SERVICE}/essential`, "");
      for (const path of ["/usr/lib", "/usr/lib/baseimage"]) linux.addDirectory(path);
      linux.addProgram("/usr/lib/baseimage/essential-finish", habit.sleeps);
    },
  });
  assert.equal(essential.executed?.file, "/usr/lib/baseimage/essential-finish");
  assert.equal(essential.said, "", "my_init's line names the end");
  assert.equal(essential.ends?.count, 1);
});

test("a finish that cannot be run has a line with its path, but not at each end", () => {
  const service = new Service();
  const prepare = (linux: FakeLinux) => {
    for (const path of ["/etc/service", "/etc/service/web"]) linux.addDirectory(path);
    linux.addFile("/etc/service/web/finish", "");
    linux.addLink(`${SERVICE}/finish.own`, "/etc/service/web/finish");
  };
  const { said, status } = service.end(["0", "0"], { prepare });
  assert.equal(status, 126);
  assert.ok(said.startsWith('*** web: cannot run "/etc/service/web/finish": no permission'), said);
  assert.equal(service.end(["0", "0"], { prepare }).said, "");
});

test("a kill is the kernel's, for want of memory, if its count has grown since another end saw it", () => {
  const service = new Service();
  const killed = (count: number, path = "/sys/fs/cgroup/memory.events", words = ["-1", "9"]) => {
    service.realMs += 60_000;
    const prepare = (linux: FakeLinux) => {
      linux.addFile(path, `low 0\noom ${count}\noom_kill ${count}\n`);
    };
    return service.end(words, { prepare }).ends?.isOutOfMemory;
  };
  assert.equal(killed(0), false);
  assert.equal(killed(1), true);
  assert.equal(killed(1), false);
  assert.equal(killed(2, undefined, ["137", "0"]), true, "a shell whose child was killed");
  assert.equal(killed(3, undefined, ["1", "0"]), false);
  assert.equal(killed(4, "/sys/fs/cgroup/memory/memory.oom_control"), true, "cgroup v1");
});

test("words that are not runsv's are no end", () => {
  for (const words of [[], ["x", "0"], ["1"]]) {
    const { ends, said, status } = new Service().end(words);
    assert.deepEqual([ends, said, status], [undefined, "", 0]);
  }
});

test("without room for the record there is no line: each failure would have one", () => {
  const { said, status } = new Service().end(["3", "0"], {
    prepare: (linux) => {
      linux.writeFile = () => -28;
    },
  });
  assert.deepEqual([said, status], ["", 0]);
});

test("a full log does not keep the service from its next start", () => {
  const { ends, said } = new Service().end(["3", "0"], {
    prepare: (linux) => {
      linux.stderr.room = 0;
    },
  });
  assert.deepEqual([said, ends?.count], ["", 1]);
});

/** Adds the file `restart`, and what an essential service has. */
const withRules =
  (rules: string, isEssential = false) =>
  (linux: FakeLinux): void => {
    linux.addFile(`${SERVICE}/restart`, rules);
    if (!isEssential) return;
    linux.addFile(`${SERVICE}/essential`, "");
    for (const path of ["/usr/lib", "/usr/lib/baseimage"]) linux.addDirectory(path);
    linux.addProgram("/usr/lib/baseimage/essential-finish", habit.sleeps);
  };

test("a service that gives up is told to stay down, and one line says so, also within a minute after another", () => {
  const service = new Service();
  const prepare = withRules("give-up 3 60");
  const ends = Array.from({ length: 4 }, () => service.end(["3", "0"], { prepare }));
  assert.deepEqual(
    ends.map(({ asked }) => asked),
    ["", "", "d", ""],
    "the fourth follows `sv up`",
  );
  assert.deepEqual(
    ends.map(({ said }) => said),
    [
      "*** web ended with exit code 3 after 0.1 s\n",
      "",
      "*** web ended with exit code 3 after 0.1 s (3rd time) and is not started again: it ended 3 times within 60 s; " +
        '"sv up web" starts it\n',
      "",
    ],
  );
});

test("a task that is done has no line and stays down, and its own finish runs", () => {
  const { asked, executed, said } = new Service().end(["0", "0"], {
    prepare: (linux) => {
      withRules("policy on-failure")(linux);
      linux.addProgram(`${SERVICE}/finish.own`, habit.sleeps);
    },
  });
  assert.deepEqual([asked, said, executed?.file], ["d", "", "./finish.own"]);
});

test("without the control FIFO of its own runsv nothing else is written to, and the rules have no effect", () => {
  const prepares: Readonly<Record<string, (linux: FakeLinux) => void>> = {
    "a link to a file": (linux) => {
      linux.addFile("/etc/passwd", "");
      linux.unlink(CONTROL);
      linux.addLink(CONTROL, "/etc/passwd");
    },
    "a link to the FIFO of another service": (linux) => {
      for (const path of ["/mirror/db", "/mirror/db/supervise"]) linux.addDirectory(path);
      linux.rename(CONTROL, "/mirror/db/supervise/control");
      linux.addLink(CONTROL, "/mirror/db/supervise/control");
    },
    "another FIFO": (linux) => {
      linux.unlink(CONTROL);
      linux.makeFifo(CONTROL, 0o600);
      linux.unlink(`/proc/${linux.self.parent?.pid ?? 0}/fd/2`);
    },
  };
  for (const [name, attack] of Object.entries(prepares)) {
    const service = new Service();
    const prepare = (linux: FakeLinux) => {
      withRules("policy never")(linux);
      attack(linux);
      const write = linux.write.bind(linux);
      linux.write = (fd, bytes) => {
        assert.notEqual(bytes, "d", name);
        return write(fd, bytes);
      };
    };
    const ends = Array.from({ length: 3 }, () => service.end(["3", "0"], { prepare }));
    assert.deepEqual(
      ends.map(({ said }) => said),
      ["*** web ended with exit code 3 after 0.1 s\n", "", ""],
      name,
    );
    assert.ok(!service.files.has(`${SUPERVISE}/restarts`), name);
  }
});

test("that a service gave up has a line also without room for the record of its end", () => {
  const { asked, said } = new Service().end(["3", "0"], {
    prepare: (linux) => {
      withRules("policy never")(linux);
      const write = linux.writeFile.bind(linux);
      linux.writeFile = (path, text, isNew) => (path.endsWith("/ends.new") ? -28 : write(path, text, isNew));
    },
  });
  assert.equal(asked, "d");
  assert.ok(said.includes("is not started again: its policy is never"), said);
});

test("an end that was asked for is none for the rules, and begins anew", () => {
  const service = new Service();
  const prepare = withRules("give-up 2 60\npolicy never");
  const asked = service.end(["1", "0"], { want: "d", prepare });
  assert.deepEqual([asked.asked, asked.said], ["", ""]);
  const rules = withRules("give-up 2 60");
  assert.equal(service.end(["1", "0"], { prepare: rules }).asked, "");
  const restarted = (linux: FakeLinux) => {
    rules(linux);
    recordAsked(linux, SUPERVISE);
  };
  assert.equal(service.end(["1", "0"], { prepare: restarted }).asked, "");
  assert.equal(service.end(["1", "0"], { prepare: rules }).asked, "", "the end before was forgotten");
  assert.equal(service.end(["1", "0"], { prepare: rules }).asked, "d");
});

test("an essential service ends the container when it gives up or an end stays, not before", () => {
  const service = new Service();
  const prepare = withRules("give-up 2 60", true);
  const first = service.end(["3", "0"], { prepare });
  assert.deepEqual([first.executed, first.said], [undefined, "*** web ended with exit code 3 after 0.1 s\n"]);
  const second = service.end(["3", "0"], { prepare });
  assert.equal(second.executed?.file, "/usr/lib/baseimage/essential-finish");
  assert.equal(
    second.said,
    "*** web ended with exit code 3 after 0.1 s (2nd time) and is not started again: it ended 2 times within 60 s\n",
  );
  const asked = new Service().end(["143", "0"], { prepare: withRules("policy always", true), want: "d" });
  assert.equal(asked.executed?.file, "/usr/lib/baseimage/essential-finish", "it notices that the end was asked for");
  const wrong = new Service().end(["1", "0"], { prepare: withRules("policy", true) });
  assert.equal(wrong.executed?.file, "/usr/lib/baseimage/essential-finish", "rules with a mistake are none");
});

test("an essential task that is done ends the container, unless a service needs it", () => {
  const done = (needs: string) =>
    new Service().end(["0", "0"], {
      prepare: (linux) => {
        withRules("policy on-failure", true)(linux);
        linux.addDirectory("/mirror/app");
        linux.addFile("/mirror/app/needs", needs);
      },
    });
  assert.equal(done("db").executed?.file, "/usr/lib/baseimage/essential-finish");
  const needed = done("db\nweb 600 # the task\n");
  assert.deepEqual([needed.executed, needed.asked], [undefined, "d"]);
});

test("without room for the record of its rules, a service is started again as without rules", () => {
  const { asked, said } = new Service().end(["3", "0"], {
    prepare: (linux) => {
      withRules("policy never")(linux);
      linux.writeFile = () => -28;
    },
  });
  assert.deepEqual([asked, said], ["", ""]);
});

test("a service that waited before it ran has run only since then", () => {
  const service = new Service();
  service.realMs = 60_000;
  const { said } = service.end(["3", "0"], {
    ranMs: 60_000,
    prepare: (linux) => {
      const now = linux.monotonicMs.bind(linux);
      linux.monotonicMs = () => now() - 2500;
      recordBegan(linux, SUPERVISE);
      linux.monotonicMs = now;
    },
  });
  assert.equal(said, "*** web ended with exit code 3 after 2.5 s\n");
});
