import assert from "node:assert/strict";
import { test } from "node:test";
import type { FakeLinux } from "../../../../test/support/fake-linux.ts";
import { live, type Story } from "../../../../test/support/story.ts";
import { ERRNO } from "../../../linux/errno.ts";

const STOPS = { 50: 15 };
const FINISH = "/usr/lib/baseimage/essential-finish";
const CONTROL = "/usr/lib/baseimage/service-control";

/** A container with two services, of which `web` is essential. */
function boot(prepare: (linux: FakeLinux) => void = () => {}, options: Story = {}) {
  return live({
    ...options,
    signals: STOPS,
    prepare: (linux) => {
      for (const directory of [
        "/usr/lib",
        "/usr/lib/baseimage",
        "/etc/service",
        "/etc/service/web",
        "/etc/service/other",
      ]) {
        linux.addDirectory(directory);
      }
      for (const script of [FINISH, CONTROL]) linux.addFile(script, "#!/bin/sh\n", { mode: 0o755 });
      linux.addFile("/etc/service/web/essential", "");
      prepare(linux);
    },
  });
}

test("an essential service gets links to our programs, the others none", () => {
  const { linux, status } = boot();
  assert.equal(status, 0);
  for (const [path, target] of [
    ["finish", FINISH],
    ["control/t", CONTROL],
    ["control/k", CONTROL],
  ]) {
    assert.equal(linux.content(`/etc/service/web/${path}`), target);
    assert.equal(linux.files.get(`/etc/service/other/${path}`), undefined);
    assert.equal(linux.files.get(`/etc/service/web/${path}.own`), undefined);
  }
});

test("the service's own scripts are kept beside them, once", () => {
  const { linux } = boot((prepared) => {
    prepared.addFile("/etc/service/web/finish", "own", { mode: 0o755 });
    prepared.addDirectory("/etc/service/web/control");
    prepared.addFile("/etc/service/web/control/t", "own t", { mode: 0o755 });
    prepared.addLink("/etc/service/web/control/k", CONTROL);
  });
  assert.equal(linux.content("/etc/service/web/finish"), FINISH);
  assert.equal(linux.content("/etc/service/web/finish.own"), "own");
  assert.equal(linux.content("/etc/service/web/control/t.own"), "own t");
  assert.equal(linux.files.get("/etc/service/web/control/k.own"), undefined);
});

test("the line on the container's end names the service and how it has ended", () => {
  const ends: [ended: string, status: number, words: string][] = [
    ["3 0\n", 3, "exited with status 3"],
    ["0 0\n", 0, "exited with status 0"],
    ["-1 9\n", 137, "was killed by signal 9 (SIGKILL)"],
    ["-1 139\n", 139, "was killed by signal 11 (SIGSEGV)"],
  ];
  const line = (status: number, ended: string | undefined, isEarlier = false) => {
    const { lines } = boot(
      (prepared) => {
        prepared.addDirectory("/etc/service/web/supervise");
        const write = () => prepared.addFile("/etc/service/web/supervise/ended", ended ?? "");
        if (isEarlier) write();
        else if (ended !== undefined) prepared.after(20, write);
      },
      { exits: { 30: status } },
    );
    return lines.find((each) => each.includes("the container ends with"));
  };
  for (const [ended, status, words] of ends) {
    assert.equal(
      line(status, ended),
      `*** the essential service web ${words}: the container ends with exit status ${status}`,
    );
  }
  const called = "*** container_exit was called: the container ends with exit status 3";
  for (const ended of [undefined, "", "nonsense", "4 0", "-1 9", "3 0 0", "-2 0"]) assert.equal(line(3, ended), called);
  assert.equal(line(3, "3 0\n", true), called, "what an earlier start of the container has left is not believed");
});

test("a directory that cannot be written has one line, and the container runs", () => {
  const readOnly = (call: string, path: string) =>
    ["mkdir", "rename", "symlink"].includes(call) && path.startsWith("/etc/service/") ? ERRNO.EROFS : 0;
  const { lines, status } = boot(() => {}, { fault: readOnly });
  assert.equal(status, 0);
  assert.deepEqual(
    lines.filter((line) => line.includes("essential")),
    [
      "*** the end of the essential service web will not be the container's: " +
        'cannot rename "/etc/service/web/finish": read-only file system (EROFS)',
    ],
  );
});
