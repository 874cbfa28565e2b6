import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux, Replaced } from "../../../test/support/fake-linux.ts";
import * as habit from "../../../test/support/fake-programs.ts";
import { main } from "./main.ts";

const SERVICE = "/etc/service/web";

/** Runs it; undefined: the check took its place. */
function check(words: readonly string[], prepare: (linux: FakeLinux) => void = () => {}) {
  const linux = new FakeLinux({ argv: ["./check", SERVICE, ...words], pid: 20 });
  for (const path of ["/dev", "/etc/service", SERVICE]) linux.addDirectory(path);
  linux.addProgram(`${SERVICE}/check`, habit.sleeps);
  prepare(linux);
  try {
    return { status: main(linux), said: linux.stderr.text };
  } catch (error) {
    assert.ok(error instanceof Replaced);
    return { status: undefined, said: linux.stderr.text };
  }
}

const hasNull = (linux: FakeLinux) => {
  linux.openToWrite = () => 9;
};

test("the check takes its place, with its output hidden or not", () => {
  assert.equal(check([]).status, undefined);
  assert.equal(check(["hidden"], hasNull).status, undefined);
});

test("without /dev/null a check whose output is to be hidden does not run", () => {
  const { said, status } = check(["hidden"]);
  assert.equal(status, 127);
  assert.equal(said, 'cannot open "/dev/null": no such file or directory (ENOENT)\n');
});
