import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../../test/support/fake-linux.ts";
import { allProcesses, groupByParent } from "../../linux/processes.ts";
import { pageKib, treePages } from "./memory.ts";

test("the memory of a process is that of the whole tree", () => {
  const linux = new FakeLinux({ pid: 1 });
  let parent = linux.addStranger(() => {}, ["service"]);
  const { pid } = parent;
  parent.residentPages = 1;
  // Deeper than any call stack.
  for (let depth = 0; depth < 20_000; depth++) {
    parent = parent.spawn(() => {}, ["child"]);
    parent.residentPages = 1;
  }
  linux.addStranger(() => {}, ["stranger"]).residentPages = 1000;
  assert.equal(treePages(linux, groupByParent(allProcesses(linux)), pid), 20_001);
  assert.equal(treePages(linux, new Map(), 0), 0);
  assert.equal(treePages(linux, new Map(), 9_999_999), 0);
});

test("the size of a page is the kernel's, and 4 KiB if it cannot be read", () => {
  const entry = (key: number, value: string) =>
    `${String.fromCharCode(key)}${"\0".repeat(7)}${value}${"\0".repeat(8 - value.length)}`;
  const kib = (vector: string | undefined) => {
    const linux = new FakeLinux();
    if (vector !== undefined) linux.addFile("/proc/self/auxv", vector);
    return pageKib(linux);
  };
  for (const [value, size] of [
    ["\0\x10", 4],
    ["\0\x40", 16],
    ["\0\0\x01", 64],
  ] as const) {
    assert.equal(kib(entry(33, "\x06\x06") + entry(6, value) + entry(17, "d") + entry(0, "")), size);
  }
  assert.equal(kib(undefined), 4);
  assert.equal(kib(entry(17, "d")), 4);
});
