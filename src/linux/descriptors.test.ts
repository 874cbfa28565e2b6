import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../test/support/fake-linux.ts";
import { maxDescriptors, raiseDescriptorLimit } from "./descriptors.ts";

test("a process can have as many descriptors as the hard limit allows, and raises the soft limit to it", () => {
  const linux = new FakeLinux();
  linux.descriptorLimit = [1024, 4096];
  assert.equal(maxDescriptors(linux), 4096);
  raiseDescriptorLimit(linux);
  assert.deepEqual(linux.descriptorLimit, [4096, 4096]);
});

test("without a hard limit, and where the limit cannot be read, there is no end", () => {
  const unlimited = new FakeLinux();
  unlimited.descriptorLimit = [1024, -1];
  assert.equal(maxDescriptors(unlimited), Number.POSITIVE_INFINITY);

  const unknown = new FakeLinux({ fault: (call) => (call === "getLimit" ? 1 : 0) });
  unknown.descriptorLimit = [1024, 4096];
  assert.equal(maxDescriptors(unknown), Number.POSITIVE_INFINITY);
  raiseDescriptorLimit(unknown);
  assert.deepEqual(unknown.descriptorLimit, [1024, 4096]);
});
