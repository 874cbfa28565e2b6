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
import type { FakeTerminal } from "../../../test/support/fake-linux.ts";
import { oneFailure } from "../../../test/support/service-ends.ts";
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
  ...oneFailure,
  count: 3,
  last: { how: "killed", signal: 9 },
  isOutOfMemory: true,
  endedMs: 1_699_999_999_000,
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
    `${UP}, not healthy: app: waits for db; 1 more
service  state           for         pid  starts   memory  check                   last end
app      waiting for db  9 s         ${app}       1  0.0 MiB  -                       -
db       up              5 s         ${db}       1  0.0 MiB  failed (exit status 3)  -
job      down            1 min 10 s    -       3        -  -                       was killed by SIGKILL (out of memory), 2 s ago
web      up              1 h 2 min   ${web}       1  3.5 MiB  passes                  -
`,
  );
  assert.equal(status, 0);
});

test("a service with rules is done, has given up, or is about to start again", () => {
  const { linux } = ask({
    record,
    services: {
      crash: { state: DOWN, want: "d", restarts: { next: "gave-up", delayMs: 0, endsMs: [1] } },
      late: { state: RUN, restarts: { next: "again", delayMs: 2001, endsMs: [1000] } },
      task: { state: DOWN, want: "d", restarts: { next: "done", delayMs: 0, endsMs: [1] } },
    },
  });
  const rows = linux.stdout.text.split("\n").slice(2);
  assert.deepEqual(
    rows.map((row) => row.split("  5 s")[0]?.trimEnd()),
    ["crash    gave up", "late     starting again in 3 s", "task     done", ""],
  );
  assert.ok(rows[1]?.includes("       0  "), "it is no start yet");
});

test("a cause that the files of a service show has a line after the table, if the service is not healthy", () => {
  const { said } = ask({
    services: { db: { state: DOWN }, ok: { state: RUN }, web: { state: DOWN } },
    prepare: (linux) => {
      for (const name of ["", "/db", "/ok", "/web"]) linux.addDirectory(`/etc/service${name}`);
      for (const name of ["ok", "web"]) linux.addFile(`/etc/service/${name}/run`, "#!/bin/\x1b\r\n", { mode: 0o755 });
    },
  });
  assert.deepEqual(
    said.split("\n").slice(5),
    [
      'db: cannot run "/etc/service/db/run": no such file or directory (ENOENT)',
      'web: cannot run "/etc/service/web/run": its first line ends as on Windows (CR LF); save it with Unix line ends ' +
        "(ENOENT)",
      "",
    ],
    said,
  );
});

test("only the named services are listed, with their log services; the container's line is about all", () => {
  const services = { web: { state: RUN }, "web/log": { state: RUN }, db: { state: FINISH }, "x/log": { state: RUN } };
  const { status, said } = ask({ record, words: ["web"], services });
  assert.equal(status, 0);
  const lines = said.split("\n");
  assert.equal(lines[0], `${UP}, not healthy: db: has ended, and its finish script runs`);
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

test("during the shutdown the services are listed, and no check is run", () => {
  const services = { web: { state: FINISH }, z: { state: RUN, check: () => assert.fail("it ran") } };
  const { said } = ask({ record: record + IS_STOPPING, services });
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
  assert.ok(said.includes("not healthy: web: cannot be inspected: permission denied (EACCES)\n"), said);
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

test("a name and a state are printable", () => {
  const { said } = ask({ services: { "a\x1b\n": { state: RUN }, db: { state: RUN, waitsFor: "a\x07" } } });
  const lines = said.split("\n").slice(2);
  assert.ok(lines[0]?.startsWith("a\\x1b\\n  up                 5 s"), lines[0]);
  assert.ok(lines[1]?.startsWith("db       waiting for a\\x07  5 s"), lines[1]);
});

test("words that are no options of the program are refused", () => {
  for (const words of [
    ["--bad"],
    ["-x"],
    ["--json=1"],
    ["--json", "--watch"],
    ["--watch", "--json", "web"],
    ["--watch=2"],
  ]) {
    const { status, linux } = ask({ words, services: { web: { state: RUN } } });
    assert.deepEqual([status, linux.stdout.text], [2, ""]);
    assert.ok(linux.stderr.text.includes("usage: container_status"), linux.stderr.text);
  }
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

/** The bytes of a frame that mean nothing but a place or a colour, as words. */
function shownAs(screen: string): string {
  return screen
    .replaceAll("\x1b[", "<")
    .replaceAll("<H", "<home>")
    .replaceAll("<K", "<line>")
    .replaceAll("<J", "<below>");
}

/** Runs container_status at a terminal. */
function askAtTerminal({ terminal = {}, prepare, ...container }: FakeContainer & { terminal?: Partial<FakeTerminal> }) {
  return ask({
    ...container,
    prepare: (linux, put) => {
      linux.terminal = { foreground: linux.self.group, ...terminal };
      prepare?.(linux, put);
    },
  });
}

test("at a terminal bad news has a colour, without NO_COLOR and at no dumb terminal", () => {
  const services = {
    app: { state: RUN, waitsFor: "db" },
    db: { state: FINISH },
    job: { state: DOWN, want: "d" },
    web: { state: RUN },
  };
  const coloured = shownAs(askAtTerminal({ services, environ: ["NO_COLOR=", "TERM=xterm"] }).said);
  assert.deepEqual(
    coloured.split("\n").map((line) => line.split(" ")[0]),
    ["<31mcontainer:", "<2mservice", "<33mapp", "<31mdb", "<2mjob", "web", ""],
  );
  assert.equal(coloured.split("<m\n").length, 6);
  assert.ok(askAtTerminal({ services: {} }).said.startsWith("\x1b[32mcontainer: up, healthy\x1b[m"));
  for (const environ of [["NO_COLOR=1"], ["TERM=dumb"]]) {
    assert.ok(!askAtTerminal({ services, environ }).said.includes("\x1b"));
  }
  assert.ok(!ask({ services }).said.includes("\x1b"));
});

test("--watch draws each second, until q or Ctrl-C, and gives the terminal back", () => {
  for (const key of ["q", "\x03", "xyq"]) {
    const { linux, ms, said, status } = askAtTerminal({
      words: ["--watch"],
      services: { web: { state: RUN } },
      prepare: (linux) => {
        linux.after(2500, () => {
          assert.ok(linux.terminal);
          assert.equal(linux.terminal.mode, "raw");
          linux.terminal.typed = key;
        });
      },
    });
    assert.deepEqual([status, ms], [0, 2500]);
    assert.equal(linux.terminal?.mode, "cooked");
    const screen = shownAs(said);
    assert.ok(screen.startsWith("<?1049h<?25l\n<home><line><32mcontainer: up, healthy<m\r\n<line><2mservice"), screen);
    assert.ok(screen.endsWith("\r\n<below><home>\n<?25h<?1049l\n"), screen);
    const times = screen
      .split("<home><line>")
      .slice(1)
      .map((frame) => frame.slice(frame.indexOf("up   "), frame.indexOf("up   ") + 10));
    assert.deepEqual(
      times,
      ["up     5 s ", "up     6 s ", "up     7 s "].map((text) => text.slice(0, 10)),
    );
  }
});

test("--watch fits any terminal, and is drawn again as soon as its size changes", () => {
  const services = { a: { state: RUN }, b: { state: RUN }, c: { state: RUN }, d: { state: RUN } };
  const { said } = askAtTerminal({
    words: ["--watch"],
    services,
    terminal: { rows: 4, columns: 13 },
    prepare: (linux) => {
      linux.after(500, () => {
        linux.terminal = { foreground: linux.self.group, mode: "raw", rows: 1, columns: 1 };
        linux.signalSelf(28);
      });
      linux.after(700, () => {
        linux.terminal = { foreground: linux.self.group, mode: "raw", rows: 0, columns: 0 };
        linux.signalSelf(28);
      });
      linux.after(900, () => linux.signalSelf(15));
    },
  });
  const frames = shownAs(said)
    .split("<home><line>")
    .slice(1)
    .map((frame) => frame.split("<home>")[0]);
  assert.equal(frames.length, 3);
  assert.equal(
    frames[0],
    "<32mcontainer: up<m\r\n<line><2mservice  stat<m\r\n<line>a        up  \r\n<line><33m3 more lines:<m",
  );
  assert.equal(frames[1], "<33m6<m");
  assert.ok(frames[2]?.includes("\r\n<line>d        up     5 s"), frames[2]);
});

test("--watch goes on while a check hangs, and a signal ends it and the check", () => {
  const { linux, ms, said, status } = askAtTerminal({
    words: ["--watch"],
    services: { web: { state: RUN, check: () => {} } },
    prepare: (linux) => {
      linux.signalSelf(28); // docker exec sends one at the start
      linux.after(7500, () => linux.signalSelf(15));
    },
  });
  assert.deepEqual([status, ms], [143, 7500]);
  assert.deepEqual(linux.living(), []);
  assert.equal(linux.terminal?.mode, "cooked");
  // The first check is waited for: five seconds.
  assert.equal(said.split("not healthy: web: its check did not").length - 1, 3);
  assert.ok(!said.includes("healthy\\x1b"), said);
});

test("--watch refuses an unknown service, and all that is no terminal of its own", () => {
  const unknown = askAtTerminal({ words: ["--watch", "nope"] });
  assert.deepEqual([unknown.status, unknown.said], [1, ""]);
  assert.equal(unknown.linux.terminal?.mode, undefined);
  const none = ask({ words: ["--watch"] });
  const background = askAtTerminal({ words: ["--watch"], terminal: { foreground: 7 } });
  for (const { linux, said, status } of [none, background]) {
    assert.deepEqual([status, said], [1, ""]);
    assert.equal(
      linux.stderr.text,
      "container_status: --watch needs a terminal, and its foreground: docker exec -it\n",
    );
  }
});

test("--watch gives the terminal back where it cannot go on", () => {
  const { linux, said, status } = askAtTerminal({
    words: ["--watch", "web"],
    services: { web: { state: RUN } },
    prepare: (linux) => linux.after(1500, () => linux.files.delete(`${SERVICES}/web`)),
  });
  assert.equal(status, 1);
  assert.ok(said.endsWith("\x1b[?25h\x1b[?1049l\n"), said);
  assert.equal(linux.terminal?.mode, "cooked");
  assert.ok(linux.stderr.text.includes('there is no service "web"'), linux.stderr.text);
});
