import assert from "node:assert/strict";
import { test } from "node:test";
import { appletOf } from "./applets.ts";

test("the last part of the path names the program, and what is not known is the init", () => {
  assert.equal(appletOf("/sbin/setuser"), "setuser");
  assert.equal(appletOf("container_exit"), "container_exit");
  for (const path of ["/sbin/my_init", "/init", "setuser/", "", "/setuser/x"]) assert.equal(appletOf(path), "my_init");
});

test("what runsv starts is ours by the whole word only: a container's init may well be called run", () => {
  assert.equal(appletOf("./run"), "./run");
  for (const path of ["run", "/run", "/sbin/run", "../run"]) assert.equal(appletOf(path), "my_init");
});
