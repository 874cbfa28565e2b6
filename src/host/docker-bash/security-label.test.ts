import assert from "node:assert/strict";
import { test } from "node:test";
import { labelForExec } from "./security-label.ts";

test("the label of AppArmor is the profile's name, without its mode", () => {
  assert.equal(labelForExec("docker-default (enforce)\n"), "exec docker-default");
  assert.equal(labelForExec("my (odd) name (complain)\n"), "exec my (odd) name");
  assert.equal(labelForExec("containers-default-0.44.4 (enforce)"), "exec containers-default-0.44.4");
});

test("the label of SELinux stays unchanged", () => {
  assert.equal(labelForExec("system_u:system_r:container_t:s0:c1,c2\0"), "system_u:system_r:container_t:s0:c1,c2");
});

test("without a label there is nothing to take on", () => {
  for (const current of ["", "\n", "unconfined\n", "kernel\0"]) assert.equal(labelForExec(current), undefined);
});
