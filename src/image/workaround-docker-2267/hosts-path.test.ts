import assert from "node:assert/strict";
import { test } from "node:test";
import { findHostsPath, ORIGINAL_PATH, REPLACED_PATH, withReplacedPath } from "./hosts-path.ts";

const elf = (...strings: readonly string[]) =>
  `\x7fELF\x02\x01\xff\0${strings.map((text) => `${text}\0`).join("")}\x80\0`;

test("the path is found where it stands alone, beside others that begin like it", () => {
  const libc = elf("/etc/hosts.equiv", "hosts", "/etc/hosts", "/etc/networks");
  const found = findHostsPath(libc);
  assert.ok(found.kind === "original");
  assert.equal(libc.slice(found.at - 1, found.at + 11), "\0/etc/hosts\0");
});

test("replacing it changes the bytes of the directory's name and nothing else, and is recognised", () => {
  const libc = elf("/etc/hosts.equiv", "/etc/hosts");
  const found = findHostsPath(libc);
  assert.ok(found.kind === "original");
  const changed = withReplacedPath(libc, found.at);
  assert.equal(changed, elf("/etc/hosts.equiv", "/cte/hosts"));
  assert.deepEqual(findHostsPath(changed), { kind: "replaced" });
  assert.equal(REPLACED_PATH.length, ORIGINAL_PATH.length);
});

test("a library without the path is recognized", () => {
  assert.deepEqual(findHostsPath(elf("/etc/hosts.equiv", "/etc/hosts.allow")), { kind: "absent" });
});

test("what is not known is said", () => {
  const cases: Readonly<Record<string, string>> = {
    "it holds the path of the hosts file 2 times": elf("/etc/hosts", "/etc/hosts"),
    "it holds the path of the hosts file 3 times": elf("/etc/hosts", "/cte/hosts", "/etc/hosts"),
    "the path of the hosts file is part of another text in it": elf("file:/etc/hosts"),
    "it is no ELF file": `${elf("/etc/hosts")}`.slice(1),
  };
  for (const [why, library] of Object.entries(cases)) {
    assert.deepEqual(findHostsPath(library), { kind: "unclear", why });
  }
});
