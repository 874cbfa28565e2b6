import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../test/support/fake-linux.ts";
import { live } from "../../test/support/story.ts";
import { serviceFaults } from "./service-faults.ts";

const SERVICE = "/etc/service/web";
const CR_LF = "its first line ends as on Windows (CR LF); save it with Unix line ends (ENOENT)";

/** A service with these files: content by name; all can be executed but `plain`. */
function addService(linux: FakeLinux, files: Readonly<Record<string, string>>): void {
  for (const path of ["/etc/service", SERVICE, `${SERVICE}/log`, `${SERVICE}/control`]) linux.addDirectory(path);
  linux.addFile("/bin/sh", "\x7fELF", { mode: 0o755 });
  for (const [name, content] of Object.entries(files)) {
    linux.addFile(`${SERVICE}/${name}`, content, { mode: content === "plain" ? 0o644 : 0o755 });
  }
}

function said(linux: FakeLinux): string[] {
  return serviceFaults(linux, SERVICE).map(({ path, reason }) => `cannot run "${path}": ${reason}`);
}

function faults(files: Readonly<Record<string, string>>): string[] {
  const linux = new FakeLinux();
  addService(linux, files);
  linux.addFile(`${SERVICE}/log/run`, "#!/bin/sh\n", { mode: 0o755 });
  return said(linux);
}

test("scripts and programs that can be run have no fault", () => {
  for (const run of ["#!/bin/sh\n", "#! /bin/sh -e\necho\r\n", "\x7fELF\0", "MZ\0\0", "#!sh\n"]) {
    assert.deepEqual(faults({ run, finish: run, check: run, "control/t": run }), [], run);
  }
});

test("each program of a service is looked at, and its fault has words", () => {
  const windows = "#!/bin/sh\r\n";
  assert.deepEqual(
    faults({ run: windows, finish: "", check: "plain", "control/t": "#!/bin/bsh", "control/README": "", README: "" }),
    [
      `cannot run "${SERVICE}/run": ${CR_LF}`,
      `cannot run "${SERVICE}/finish": it is empty (ENOEXEC)`,
      `cannot run "${SERVICE}/check": no permission; make it executable with chmod +x (EACCES)`,
      `cannot run "${SERVICE}/control/t": no such interpreter "/bin/bsh" (ENOENT)`,
    ],
  );
});

test("a program that this user may execute and not read has no fault", () => {
  const linux = new FakeLinux();
  addService(linux, { run: "#!/bin/bsh" });
  linux.addFile(`${SERVICE}/log/run`, "#!/bin/sh\n", { mode: 0o755 });
  const read = linux.readFile.bind(linux);
  linux.readFile = (path, ...more) => (path.endsWith("/web/run") ? -13 : read(path, ...more));
  assert.deepEqual(said(linux), []);
});

test("an argument of an interpreter does not hide a Windows line end", () => {
  assert.deepEqual(faults({ run: "#!/usr/bin/env sh\r\n" }), [`cannot run "${SERVICE}/run": ${CR_LF}`]);
});

test("a service or a log service without run is named", () => {
  const linux = new FakeLinux();
  addService(linux, {});
  assert.deepEqual(said(linux), [
    `cannot run "${SERVICE}/run": no such file or directory (ENOENT)`,
    `cannot run "${SERVICE}/log/run": no such file or directory (ENOENT)`,
  ]);
});

test("a fault is logged once; of a service that is down it is not", () => {
  for (const down of [{}, { down: "" }]) {
    const { lines } = live({
      signals: { 50: 15 },
      prepare: (linux) => {
        addService(linux, { run: "echo\n", "log/run": "#!/bin/sh\n", ...down });
        linux.addDirectory("/etc/service/.git");
      },
    });
    const warning = `*** web: cannot run "${SERVICE}/run": it is no program, and its first line does not begin with #! (ENOEXEC)`;
    assert.deepEqual(
      lines.filter((line) => line.includes("cannot run")),
      "down" in down ? [] : [warning],
    );
  }
});
