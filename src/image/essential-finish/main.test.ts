import assert from "node:assert/strict";
import { test } from "node:test";
import { FINISH, statusBytes } from "../../../test/support/fake-container.ts";
import { FakeLinux } from "../../../test/support/fake-linux.ts";
import * as habit from "../../../test/support/fake-programs.ts";
import { recordAsked } from "../../container/service-end.ts";
import { main } from "./main.ts";

const SERVICE = "/mirror/web";
const SUPERVISE = `${SERVICE}/supervise`;
const CONTROL = `${SUPERVISE}/control`;

interface Setting {
  readonly words?: readonly string[];
  readonly prepare?: (linux: FakeLinux) => void;
  /** The errno with which my_init is asked. */
  readonly errno?: number;
}

/** Runs it for an essential service that has ended. */
function finish({ words = ["3", "0"], prepare = () => {}, errno = 0 }: Setting = {}) {
  const linux = new FakeLinux({
    argv: ["/usr/lib/baseimage/essential-finish", ...words],
    pid: 20,
    fault: (call) => (call === "queueSignal" ? errno : 0),
  });
  const [init] = linux.processes.values();
  if (init !== undefined) init.argv = ["/sbin/my_init"];
  linux.addFile("/usr/sbin/my_init", "");
  for (const path of ["/proc/self/exe", "/proc/1/exe"]) linux.addLink(path, "/usr/sbin/my_init");
  for (const path of ["/mirror", SERVICE, SUPERVISE]) linux.addDirectory(path);
  linux.addFile(`${SERVICE}/essential`, "");
  linux.addFile(`${SUPERVISE}/status`, statusBytes(linux, { state: FINISH, ageMs: 100 }, linux.getPid()));
  linux.cwd = SERVICE;
  linux.makeFifo(CONTROL, 0o600);
  const control = linux.fifos.get(CONTROL);
  assert.ok(control);
  control.hasReader = true;
  for (const path of ["/proc/1", "/proc/1/fd"]) linux.addDirectory(path);
  linux.addLink("/proc/1/fd/2", CONTROL);
  prepare(linux);
  const status = main(linux);
  const asked = linux.calls.filter((call) => call.startsWith("queueSignal "));
  return {
    status,
    asked,
    said: linux.stderr.text,
    down: control.text,
    ended: linux.files.get(`${SUPERVISE}/ended`)?.content,
    linux,
  };
}

test("the container is to end with the status of the service, and the service stays down", () => {
  for (const [words, value, ended] of [
    [["3", "0"], 0x62690003, "3 0\n"],
    [["0", "0"], 0x62690000, "0 0\n"],
    [["-1", "9"], 0x62690089, "-1 9\n"],
    [["-1", "139"], 0x6269008b, "-1 139\n"],
  ] as const) {
    const answer = finish({ words });
    assert.deepEqual(
      [answer.status, answer.asked, answer.down, answer.ended, answer.said],
      [0, [`queueSignal 1 37 ${value}`], "d", ended, ""],
    );
  }
});

test("not if the end was asked for, the file `essential` was removed, or the words are not runsv's", () => {
  for (const prepare of [
    (linux: FakeLinux) => recordAsked(linux, SUPERVISE),
    (linux: FakeLinux) => linux.unlink(`${SERVICE}/essential`),
  ]) {
    const { asked, down, ended, status } = finish({ prepare });
    assert.deepEqual([status, asked, down, ended], [0, [], "", undefined]);
  }
  for (const words of [[], ["x"], ["3"]]) {
    const { asked, status } = finish({ words });
    assert.deepEqual([status, asked], [2, []], words.join(" "));
  }
});

test("the service's own finish runs first, with the same words, and its failure changes nothing", () => {
  let [beginMs, askedMs] = [0, 0];
  const { linux, status } = finish({
    prepare: (linux) => {
      linux.addProgram(`${SERVICE}/finish.own`, habit.exitsAfter(100, 9));
      beginMs = linux.nowMs;
      const ask = linux.queueSignal.bind(linux);
      linux.queueSignal = (...words) => {
        askedMs = linux.nowMs - beginMs;
        return ask(...words);
      };
    },
  });
  const own = linux.history.find(({ argv }) => argv[0] === "./finish.own");
  assert.deepEqual([own?.argv, status, askedMs], [["./finish.own", "3", "0"], 0, 100]);
});

test("a signal ends it while the service's own finish runs", () => {
  const { asked, status } = finish({
    prepare: (linux) => {
      linux.addProgram(`${SERVICE}/finish.own`, habit.sleeps);
      linux.after(50, () => linux.signalSelf(15));
    },
  });
  assert.deepEqual([status, asked], [143, []]);
});

test("if my_init cannot be asked, one line says so, and the service is started again", () => {
  const { down, ended, said, status } = finish({ errno: 1 });
  assert.deepEqual([status, down, ended], [1, "", undefined]);
  assert.ok(said.startsWith("*** web: cannot ask my_init (PID 1) to stop: operation not permitted (EPERM)"), said);
});

test("an own finish that cannot be run has a line, and the container ends", () => {
  const { asked, said } = finish({
    prepare: (linux) => {
      for (const path of ["/etc/service", "/etc/service/web"]) linux.addDirectory(path);
      linux.addFile("/etc/service/web/finish", "echo", { mode: 0o755 });
      linux.addLink(`${SERVICE}/finish.own`, "/etc/service/web/finish");
    },
  });
  assert.equal(asked.length, 1);
  assert.ok(said.startsWith('*** web: cannot run "/etc/service/web/finish"'), said);
});
