import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../test/support/fake-linux.ts";
import { exitsAfter, sleeps } from "../../test/support/fake-programs.ts";
import { Children } from "./children.ts";

const program = { file: "/bin/app", argv: ["app"], environ: ["A=1"] };

test("a child's end is known once it was reaped", () => {
  const linux = new FakeLinux();
  linux.addProgram("/bin/app", exitsAfter(10, 3));
  const children = new Children(linux);
  const child = children.spawn(program, 0);
  assert.ok(typeof child !== "number");
  children.reap();
  assert.equal(child.end, undefined);
  assert.equal(children.isEmpty, false);
  linux.advance(10);
  assert.equal(child.end, undefined);
  children.reap();
  assert.deepEqual(child.end, { how: "exited", code: 3 });
});

test("a program that cannot be started is an errno above zero, and no child", () => {
  const linux = new FakeLinux();
  const children = new Children(linux);
  assert.equal(children.spawn(program, 0), 2);
  children.reap();
  assert.equal(children.isEmpty, true);
});

test("one call reaps all children that have ended, unknown orphans too", () => {
  const linux = new FakeLinux();
  linux.addProgram("/bin/app", (self) => {
    for (let i = 0; i < 1000; i++) self.spawn(exitsAfter(5), ["orphan"]);
    self.exit(0);
  });
  const children = new Children(linux);
  children.spawn(program, 0);
  linux.advance(5);
  children.reap();
  assert.equal(children.isEmpty, true);
  assert.equal(linux.processes.size, 1);
});

test("a limit leaves children for the next call", () => {
  const linux = new FakeLinux();
  linux.addProgram("/bin/app", (self) => {
    self.spawn(exitsAfter(5), ["orphan"]);
    self.spawn(exitsAfter(5), ["orphan"]);
    self.exit(0);
  });
  const children = new Children(linux);
  children.spawn(program, 0);
  linux.advance(5);
  assert.equal(children.reap(2), 2);
  assert.equal(children.isEmpty, false);
  assert.equal(children.reap(2), 1);
  assert.equal(children.isEmpty, true);
});

test("the end of an adopted child is kept", () => {
  const linux = new FakeLinux();
  linux.addProgram("/bin/app", (self) => {
    self.spawn(exitsAfter(5, 7), ["orphan"]);
    self.exit(0);
  });
  const children = new Children(linux);
  children.spawn(program, 0);
  children.reap();
  assert.equal(children.isEmpty, false);
  const orphan = children.adopt(3);
  linux.advance(5);
  children.reap();
  assert.deepEqual(orphan.end, { how: "exited", code: 7 });
});

test("a child that ended gets no signal: another process may have its pid", () => {
  const linux = new FakeLinux({ reusesPids: true });
  linux.addProgram("/bin/app", exitsAfter(5));
  const children = new Children(linux);
  const child = children.spawn(program, 0);
  assert.ok(typeof child !== "number");
  linux.advance(5);
  children.reap();
  assert.equal(linux.addStranger(sleeps, ["stranger"]).pid, child.pid);
  children.signal(child, 15);
  assert.deepEqual(linux.sent, []);
});
