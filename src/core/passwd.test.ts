import assert from "node:assert/strict";
import { test } from "node:test";
import { idNumber, parseGroup, parsePasswd } from "./passwd.ts";

test("users are read in the file's order, with uid, gid and home", () => {
  const content = "root:x:0:0:root:/root:/bin/bash\nwww:x:33:33::/var/www:/bin/sh\n";
  assert.deepEqual(parsePasswd(content), [
    { name: "root", uid: 0, gid: 0, home: "/root" },
    { name: "www", uid: 33, gid: 33, home: "/var/www" },
  ]);
});

test("a user without a home lives in /", () => {
  assert.equal(parsePasswd("x:x:1:1:::/bin/sh\n")[0]?.home, "/");
});

test("lines without a user are skipped", () => {
  const lines = [
    "",
    "# comment",
    "+::::::",
    "-x:x:1:1:::",
    "a:x:1:1",
    "b:x:one:1:::",
    "c:x:1::::",
    ":x:1:1:::",
    "ok:x:7:8:::",
  ];
  assert.deepEqual(
    parsePasswd(lines.join("\n")).map(({ name }) => name),
    ["ok"],
  );
  assert.deepEqual(parsePasswd(""), []);
});

test("groups have their members, none or more", () => {
  assert.deepEqual(parseGroup("adm:x:4:syslog,root\nempty:x:5:\nodd:x:6:,a,,b,\n"), [
    { name: "adm", gid: 4, members: ["syslog", "root"] },
    { name: "empty", gid: 5, members: [] },
    { name: "odd", gid: 6, members: ["a", "b"] },
  ]);
});

test("an id is at most 4294967294: the number after that means no change to the kernel", () => {
  assert.equal(idNumber("0"), 0);
  assert.equal(idNumber("4294967294"), 4294967294);
  for (const text of ["4294967295", "4294967296", "99999999999", "-1", "", "1x", " 1", undefined]) {
    assert.equal(idNumber(text), undefined);
  }
});
