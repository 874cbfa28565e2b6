import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../test/support/fake-linux.ts";
import { makePrivateDirectory, privateDirectories } from "./private-directory.ts";

const NOBODY = 65_534;

/** The kernel of a container, with the places as the image and Docker make them. */
function container(prepare: (linux: FakeLinux) => void = () => {}, euid = 0) {
  const linux = new FakeLinux({ argv: [], environ: [], euid });
  for (const path of ["/run", "/dev"]) linux.addDirectory(path);
  for (const path of ["/run/my_init", "/tmp", "/dev/shm"]) linux.addDirectory(path, { mode: 0o1777 });
  prepare(linux);
  return linux;
}

test("a directory is made in the first place where no other user can replace it, nor have prepared it", () => {
  const made = (prepare?: (linux: FakeLinux) => void, ...names: string[]) =>
    makePrivateDirectory(container(prepare), ["x", ...names]);
  assert.equal(made(), "/run/my_init/x");
  assert.equal(
    made((linux) => linux.files.delete("/run/my_init")),
    "/run/my_init/x",
    "a tmpfs hides it",
  );
  const isOfNobody = { uid: NOBODY, mode: 0o1777 };
  assert.equal(
    made((linux) => linux.addDirectory("/run/my_init", isOfNobody)),
    "/tmp/x",
  );
  assert.equal(
    made((linux) => linux.addDirectory("/run/my_init", { mode: 0o777 })),
    "/tmp/x",
    "not sticky",
  );
  assert.equal(
    made((linux) => linux.addDirectory("/run", { mode: 0o777 })),
    "/tmp/x",
    "nor is what it is in",
  );
  const taken = (linux: FakeLinux) => {
    for (const place of ["/run/my_init", "/tmp", "/dev/shm"]) linux.addDirectory(`${place}/x`, { uid: NOBODY });
  };
  assert.equal(made(taken), undefined);
  assert.equal(made(taken, "y"), "/run/my_init/y");
});

test("a place that is a link is one only where the link is root's", () => {
  const withLink = (owner: number) =>
    container((linux) => {
      for (const path of ["/run/my_init", "/dev/shm"]) linux.addDirectory(path, { mode: 0o777 });
      linux.addDirectory("/var/tmp", { mode: 0o1777 });
      linux.addDirectory("/var/tmp/x");
      linux.addLink("/tmp", "/var/tmp");
      Object.assign(linux.files.get("/tmp") ?? {}, { uid: owner });
    });
  assert.deepEqual(privateDirectories(withLink(0), ["x"]), ["/tmp/x"]);
  assert.deepEqual(privateDirectories(withLink(NOBODY), ["x"]), []);
});

test("only directories that no other user can change count", () => {
  const found = (prepare: (linux: FakeLinux) => void, uid = 0) => privateDirectories(container(prepare), ["x"], uid);
  assert.deepEqual(
    found((linux) => linux.addDirectory("/tmp/x")),
    ["/tmp/x"],
  );
  assert.deepEqual(
    found((linux) => linux.addDirectory("/tmp/x", { uid: NOBODY })),
    [],
  );
  assert.deepEqual(
    found((linux) => linux.addDirectory("/tmp/x", { uid: NOBODY }), NOBODY),
    ["/tmp/x"],
  );
  assert.deepEqual(
    found((linux) => linux.addDirectory("/tmp/x", { mode: 0o777 })),
    [],
  );
  assert.deepEqual(
    found((linux) => linux.addFile("/tmp/x", "")),
    [],
  );
  const toRootsOwn = (linux: FakeLinux) => {
    linux.addDirectory("/root");
    linux.addLink("/tmp/x", "/root");
  };
  assert.deepEqual(found(toRootsOwn), [], "a link to a directory of root's");
});
