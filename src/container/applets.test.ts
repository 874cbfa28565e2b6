import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../test/support/fake-linux.ts";
import { appletOf, ownApplet } from "./applets.ts";

test("the last part of the path names the program, and what is not known is the init", () => {
  assert.equal(appletOf("/sbin/setuser"), "setuser");
  assert.equal(appletOf("container_exit"), "container_exit");
  for (const path of ["/sbin/my_init", "/init", "setuser/", "", "/setuser/x"]) assert.equal(appletOf(path), "my_init");
});

test("what runsv starts is ours by the whole word only: a container's init may well be called run", () => {
  assert.equal(appletOf("./run"), "./run");
  for (const path of ["run", "/run", "/sbin/run", "../run"]) assert.equal(appletOf(path), "my_init");
});

test("a program whose name is not known is what the links to it are called", () => {
  const ownOf = (programPath: string, argv: readonly string[]) => {
    const linux = new FakeLinux({ argv, programPath });
    for (const path of ["/etc/init.d", "/usr/lib", "/usr/lib/baseimage"]) linux.addDirectory(path);
    linux.addFile("/usr/sbin/my_init", "");
    for (const [path, target] of [
      ["/usr/bin/sv", "../lib/baseimage/sv"],
      ["/usr/lib/baseimage/sv", "../../sbin/my_init"],
      ["/etc/init.d/web", "/usr/bin/sv"],
      ["/init", "/usr/sbin/my_init"],
      ["/usr/bin/loop", "loop"],
    ] as const) {
      linux.addLink(path, target);
    }
    return ownApplet(linux);
  };
  assert.equal(ownOf("/etc/init.d/web", ["/etc/init.d/web", "restart"]), "sv");
  assert.equal(ownOf("/etc/init.d/web", ["web", "restart"]), "sv");
  assert.equal(ownOf("/usr/bin/sv", ["setuser"]), "setuser", "the first word decides where it is known");
  for (const argv of [[], [""], ["helper", "status"]]) assert.equal(ownOf("/usr/bin/sv", argv), "sv", argv[0]);
  for (const path of ["/init", "/usr/sbin/my_init", "/usr/bin/loop", "/no/such"]) {
    assert.equal(ownOf(path, ["init"]), "my_init", path);
  }
});
