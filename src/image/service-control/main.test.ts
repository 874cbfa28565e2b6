import assert from "node:assert/strict";
import { test } from "node:test";
import { RUN, statusBytes } from "../../../test/support/fake-container.ts";
import { FakeLinux, Replaced } from "../../../test/support/fake-linux.ts";
import * as habit from "../../../test/support/fake-programs.ts";
import { wasAsked } from "../../container/service-end.ts";
import { main } from "./main.ts";

const SERVICE = "/mirror/web";

/** What it answers, signals, records and executes; the service is a child of the same runsv. */
function control(
  prepare: (linux: FakeLinux) => void,
  { name = "control/t", isChild = true }: { name?: string; isChild?: boolean } = {},
) {
  const linux = new FakeLinux({ argv: [name], pid: 20 });
  for (const path of ["/mirror", SERVICE, `${SERVICE}/control`, `${SERVICE}/supervise`]) linux.addDirectory(path);
  linux.cwd = SERVICE;
  const runsv = linux.self.parent;
  assert.ok(runsv);
  let service = runsv.spawn(habit.sleeps, ["web"]);
  if (!isChild) service = service.spawn(habit.sleeps, ["child"]);
  linux.addFile(`${SERVICE}/supervise/status`, statusBytes(linux, { state: RUN, ageMs: 100 }, service.pid));
  linux.addFile(`${SERVICE}/supervise/pid`, `${service.pid}\n`);
  const signals: number[] = [];
  linux.kill = (pid, signal) => {
    assert.equal(pid, service.pid);
    signals.push(signal);
    return 0;
  };
  prepare(linux);
  let executed: string | undefined;
  let answer: number | undefined;
  try {
    answer = main(linux);
  } catch (error) {
    assert.ok(error instanceof Replaced);
    executed = error.file;
  }
  return { status: answer, executed, signals, isAsked: wasAsked(linux, `${SERVICE}/supervise`) };
}

const essential = (linux: FakeLinux) => linux.addFile(`${SERVICE}/essential`, "");
const signal = (text: string) => (linux: FakeLinux) => linux.addFile(`${SERVICE}/stop-signal`, text);
const all =
  (...prepares: ((linux: FakeLinux) => void)[]) =>
  (linux: FakeLinux) => {
    for (const prepare of prepares) prepare(linux);
  };

test("it records that the end of an essential service was asked for, and leaves the signal to runsv", () => {
  for (const name of ["control/t", "control/k"]) {
    assert.deepEqual(control(essential, { name }), { status: 1, executed: undefined, signals: [], isAsked: true });
  }
  assert.equal(control(() => {}).isAsked, false);
});

test("it sends the signal of the file in place of TERM, not of KILL", () => {
  assert.deepEqual(control(signal("SIGQUIT # graceful\n")), {
    status: 0,
    executed: undefined,
    signals: [3],
    isAsked: false,
  });
  const both = control(all(essential, signal("RTMIN+4")));
  assert.deepEqual([both.status, both.signals, both.isAsked], [0, [38], true]);
  assert.deepEqual(control(signal("QUIT"), { name: "control/k" }).signals, []);
});

test("without a signal to send, runsv sends TERM: the file has a mistake or was removed", () => {
  for (const prepare of [signal("QUIET"), signal(""), () => {}]) {
    const { signals, status } = control(prepare);
    assert.deepEqual([status, signals], [1, []]);
  }
});

test("only a child of its own runsv gets the signal", () => {
  const { signals, status } = control(signal("QUIT"), { isChild: false });
  assert.deepEqual([status, signals], [1, []]);
});

test("the service's own control program runs first, and decides", () => {
  const own = (linux: FakeLinux) => linux.addProgram(`${SERVICE}/control/t.own`, habit.sleeps);
  const answer = control(all(essential, own, signal("QUIT")));
  assert.deepEqual([answer.executed, answer.signals, answer.isAsked], ["/mirror/web/control/t.own", [], true]);
});
