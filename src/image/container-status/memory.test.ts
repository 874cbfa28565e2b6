import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../../test/support/fake-linux.ts";
import { allProcesses, groupByParent } from "../../linux/processes.ts";
import { memoryKib } from "./memory.ts";

test("the memory of a process is that of the whole tree, and a process without a figure has none", () => {
  const linux = new FakeLinux({ pid: 1 });
  let parent = linux.addStranger(() => {}, ["service"]);
  const { pid } = parent;
  parent.residentKib = 1;
  // Deeper than any call stack.
  for (let depth = 0; depth < 20_000; depth++) {
    parent = parent.spawn(() => {}, ["child"]);
    parent.residentKib = 1;
  }
  parent.spawn(() => {}, ["other"]).residentKib = Number.NaN;
  linux.addStranger(() => {}, ["stranger"]).residentKib = 1000;
  assert.equal(memoryKib(linux, groupByParent(allProcesses(linux)), pid), 20_001);
  assert.equal(memoryKib(linux, new Map(), 9_999_999), 0);
});
