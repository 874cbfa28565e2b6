import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../test/support/fake-linux.ts";
import { execFailure } from "./exec-failure.ts";

/** What is said of a file with this content that execve(2) refused with `errno`. */
function reason(content: string, errno: number, mode = 0o755): string {
  const linux = new FakeLinux();
  linux.addFile("/etc/s", content, { mode });
  linux.addFile("/bin/locked", "", { mode: 0o644 });
  const sentence = execFailure(linux, "/etc/s", errno);
  const start = 'cannot run "/etc/s": ';
  assert.equal(sentence.slice(0, start.length), start);
  return sentence.slice(start.length);
}

const ENOENT = 2;
const ENOEXEC = 8;
const EACCES = 13;

test("an interpreter that is not there is named", () => {
  assert.equal(reason("#!/bin/bsh -e\necho\n", ENOENT), 'no such interpreter "/bin/bsh" (ENOENT)');
  assert.equal(reason("#! \t/bin/bsh\t-e", ENOENT), 'no such interpreter "/bin/bsh" (ENOENT)');
});

test("Windows line ends are reported for every errno", () => {
  for (const errno of [ENOENT, ENOEXEC, EACCES]) {
    assert.ok(reason("#!/bin/sh\r\necho\r\n", errno).startsWith("its first line ends as on Windows (CR LF); save it"));
  }
});

test("for a program of another architecture, the architecture is named", () => {
  const elf = (machine: number) => `\x7fELF\x02\x01\x01${"\0".repeat(11)}${String.fromCharCode(machine, 0)}`;
  assert.equal(reason(elf(183), ENOEXEC), "wrong architecture, it was built for arm64 (ENOEXEC)");
  assert.equal(reason(elf(62), ENOEXEC), "wrong architecture, it was built for x86-64 (ENOEXEC)");
  assert.equal(reason(elf(99), ENOEXEC), "wrong architecture, it was built for machine 99 (ENOEXEC)");
  const bigEndian = `\x7fELF\x02\x02\x01${"\0".repeat(11)}${String.fromCharCode(0, 22)}`;
  assert.equal(reason(bigEndian, ENOEXEC), "wrong architecture, it was built for s390x (ENOEXEC)");
});

test("a missing loader is reported", () => {
  assert.ok(reason("\x7fELF\x02", ENOENT).startsWith("its dynamic loader is missing"));
});

test("for a file that is no program, the reason is reported", () => {
  assert.equal(reason("", ENOEXEC), "it is empty (ENOEXEC)");
  assert.equal(reason("#!\necho", ENOEXEC), "its first line names no interpreter after #! (ENOEXEC)");
  assert.ok(reason("echo hello\n", ENOEXEC).startsWith("it is no program, and its first line does not begin with #!"));
});

test("a missing permission is reported with its remedy", () => {
  assert.equal(reason("#!/bin/sh\n", EACCES, 0o644), 'no permission to execute its interpreter "/bin/sh" (EACCES)');
  assert.equal(reason("#!/bin/locked\n", EACCES), 'no permission to execute its interpreter "/bin/locked" (EACCES)');
  assert.equal(reason("\x7fELF", EACCES, 0o644), "no permission; make it executable with chmod +x (EACCES)");
  assert.ok(reason("\x7fELF", EACCES).includes("noexec"));
});

test("what is too large is told by the three largest variables, without their values", () => {
  const environ = ["A=1", `B=${"b".repeat(9)}`, `C\n=${"c".repeat(99_996)}`, `D=${"d".repeat(997)}`, "PATH=/bin"];
  const sizes = "C\\n (99999 bytes), D (999 bytes), B (11 bytes)";
  const sentence = execFailure(new FakeLinux(), "/a", 7, environ);
  assert.equal(
    sentence,
    `cannot run "/a": arguments and environment are too large (E2BIG); largest variables: ${sizes}`,
  );
});

test("other errors keep the kernel's words, and hostile names are made safe", () => {
  assert.equal(reason("#!/bin/sh", 7), "arguments and environment are too large (E2BIG)");
  assert.equal(
    execFailure(new FakeLinux(), "/a\nb", ENOENT),
    'cannot run "/a\\nb": no such file or directory (ENOENT)',
  );
});
