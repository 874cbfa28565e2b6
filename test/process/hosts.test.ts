// workaround-docker-2267 as a plain process, with the sanitizers too. See docs/reference/workaround-docker-2267.md
import assert from "node:assert/strict";
import { lstatSync, readlinkSync, statSync } from "node:fs";
import { describe, test } from "node:test";
import { makeView, processRing, runInit, startInit, type View } from "../support/process.ts";

const program = "workaround-docker-2267";
const LIBC = "/usr/lib/x86_64-linux-gnu/libc.so.6";
const HOSTS = "/etc/workaround-docker-2267/hosts";

const namesIn = (view: View) => view.read(LIBC).match(/\0\/(etc|cte)\/hosts\0/g);

describe("workaround-docker-2267", { ...processRing, skip: processRing.skip || process.arch !== "x64" }, () => {
  test("afterwards libc reads the other file, which my_init fills; a second run does nothing", async (t) => {
    const view = await makeView(t);
    view.write("/etc/hosts", "127.0.0.1 localhost\n10.0.0.1 first\n");
    assert.deepEqual(namesIn(view), ["\0/etc/hosts\0"]);
    const first = await runInit(t, { view, program });
    assert.deepEqual([first.status, first.stderr], [0, ""]);
    assert.match(first.stdout, /changed/);
    assert.deepEqual(namesIn(view), ["\0/cte/hosts\0"]);
    assert.equal(readlinkSync(view.path("/cte")), "/etc/workaround-docker-2267");
    const { ino } = statSync(view.path(LIBC));

    const second = await runInit(t, { view, program });
    assert.match(second.stdout, /nothing to do/);
    assert.deepEqual([second.status, statSync(view.path(LIBC)).ino], [0, ino]);

    view.write("/etc/hosts", "127.0.0.1 localhost\n10.0.0.2 second\n");
    const boot = await runInit(t, { view, args: ["--quiet", "--skip-runit", "--", "getent", "hosts", "second"] });
    assert.deepEqual([boot.status, boot.stdout, boot.stderr], [0, "10.0.0.2        second\n", ""]);
    assert.equal(view.read(HOSTS), view.read("/etc/hosts"));
    assert.deepEqual(view.list("/etc/workaround-docker-2267"), ["hosts"]);
  });

  test("every user may read the file, whatever the umask is", async (t) => {
    const view = await makeView(t);
    const ended = await runInit(t, { view, program, prepare: "umask 077" });
    assert.equal(ended.status, 0, ended.stderr);
    const mode = (path: string) => (statSync(view.path(path)).mode & 0o777).toString(8);
    assert.deepEqual([mode("/etc/workaround-docker-2267"), mode(HOSTS), mode(LIBC)], ["755", "644", "755"]);
  });

  test("another user than root is refused in one line, and no file is made", async (t) => {
    const view = await makeView(t);
    const wrapper = ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups"];
    const ended = await runInit(t, { view, program, wrapper });
    assert.deepEqual([ended.status, ended.stdout], [1, ""]);
    assert.match(ended.stderr, /^workaround-docker-2267: cannot make "[^"]+": permission denied \(EACCES\)\n$/);
    assert.equal(view.exists("/etc/workaround-docker-2267"), false);
    assert.throws(() => lstatSync(view.path("/cte")));
  });

  test("it gets past a large, odd or missing file in the place of a libc", async (t) => {
    for (const content of [
      "",
      "\x7fELF",
      "\x7fELF\0/etc/hosts",
      "\xff\0/etc/hosts\0",
      "\x7fELF\0/etc/hosts\0/etc/hosts\0",
    ]) {
      const view = await makeView(t);
      view.write("/usr/lib/i386-linux-gnu/libc.so.6", content);
      const ended = await (await startInit(t, { view, program })).ended();
      assert.equal(ended.status, 1);
      assert.match(ended.stderr, /^workaround-docker-2267: cannot change "[^"]+i386-linux-gnu\/libc.so.6": [^\n]+\n$/);
      assert.deepEqual(namesIn(view), ["\0/etc/hosts\0"]);
      assert.equal(view.exists("/etc/workaround-docker-2267"), false);
    }
  });
});
