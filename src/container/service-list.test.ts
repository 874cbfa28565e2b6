import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../test/support/fake-linux.ts";
import { listServices } from "./service-list.ts";

test("services are the directories, also by way of a link, whose names do not begin with a dot", () => {
  const linux = new FakeLinux();
  for (const path of ["/services", "/services/web", "/services/.web.1", "/services/DB", "/elsewhere"]) {
    linux.addDirectory(path);
  }
  for (const name of ["README", ".keep"]) linux.addFile(`/services/${name}`, "");
  linux.addLink("/services/link", "/elsewhere");
  linux.addLink("/services/broken", "/nowhere");
  assert.deepEqual(listServices(linux, "/services"), {
    services: ["DB", "link", "web"],
    others: ["README", "broken"],
    errno: 0,
  });
});

test("a directory that cannot be read has no services, and the reason is known", () => {
  assert.deepEqual(listServices(new FakeLinux(), "/services"), { services: [], others: [], errno: 2 });
});
