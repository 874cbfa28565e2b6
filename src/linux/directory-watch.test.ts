import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../test/support/fake-linux.ts";
import { Children } from "./children.ts";
import { DirectoryWatch } from "./directory-watch.ts";
import { EventLoop } from "./event-loop.ts";
import { Output } from "./output.ts";

function makeLoop(linux: FakeLinux): EventLoop {
  return new EventLoop(linux, new Children(linux), new Output(linux, 2), () => {});
}

test("a new name in a directory notifies that directory's watch immediately, until the watch ends", () => {
  const linux = new FakeLinux();
  const loop = makeLoop(linux);
  const directories = new DirectoryWatch(linux, loop);
  const changes: string[] = [];
  const ends = ["/dev", "/etc"].map((directory) =>
    directories.add(directory, () => changes.push(`${directory} ${linux.nowMs}`)),
  );
  const startMs = loop.nowMs;
  linux.after(10, () => linux.addSocket("/dev/log"));
  linux.after(20, () => ends[0]?.());
  linux.after(20, () => linux.addSocket("/dev/log"));
  loop.waitUntil(
    () => false,
    () => startMs + 100,
  );
  assert.deepEqual(changes, [`/dev ${startMs + 10}`]);
  assert.deepEqual(
    [...linux.inotifies.values()].map(({ watches }) => [...watches.keys()]),
    [["/etc"]],
  );
});

test("a kernel with no watches left, or without the directory, gives none", () => {
  const linux = new FakeLinux({ fault: (call) => (call === "inotifyOpen" ? 24 : 0) });
  assert.equal(new DirectoryWatch(linux, makeLoop(linux)).add("/dev", assert.fail), undefined);
  const other = new FakeLinux();
  assert.equal(new DirectoryWatch(other, makeLoop(other)).add("/none", assert.fail), undefined);
});
