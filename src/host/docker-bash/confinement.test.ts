import assert from "node:assert/strict";
import { test } from "node:test";
import { hasCapability, readConfinement, withCapability } from "./confinement.ts";

const status = `Name:\tmy_init
Umask:\t0027
CapInh:\t0000000000000000
CapPrm:\t000001ffffffffff
CapBnd:\t00000100a80425fb
NoNewPrivs:\t1
Seccomp:\t2
`;

test("a process's confinement is read from its status", () => {
  assert.deepEqual(readConfinement(status), {
    bounding: { low: 0xa80425fb, high: 0x100 },
    inheritable: { low: 0, high: 0 },
    hasNoNewPrivileges: true,
    hasFilter: true,
    umask: 0o027,
  });
});

test("a line that old kernels lack means no; without the sets nothing is known", () => {
  const old = "CapInh:\t0000000000000000\nCapBnd:\t0000003fffffffff\n";
  const read = readConfinement(old);
  assert.deepEqual([read?.hasNoNewPrivileges, read?.hasFilter, read?.umask], [false, false, 0o022]);
  assert.equal(readConfinement("CapInh:\t0000000000000000\n"), undefined);
  assert.equal(readConfinement("CapInh:\t0000000000000000\nCapBnd:\tff\n"), undefined);
  assert.equal(readConfinement(""), undefined);
});

test("a capability is a bit of one of two words", () => {
  const set = { low: 0x80000001, high: 0x100 };
  const has = [...Array(64).keys()].filter((capability) => hasCapability(set, capability));
  assert.deepEqual(has, [0, 31, 40]);
  assert.deepEqual(withCapability(set, 31), set);
  assert.deepEqual(withCapability({ low: 0, high: 0 }, 31), { low: 0x80000000, high: 0 });
  assert.deepEqual(withCapability({ low: 1, high: 0 }, 5), { low: 33, high: 0 });
  assert.deepEqual(withCapability({ low: 0, high: 0 }, 40), { low: 0, high: 256 });
});
