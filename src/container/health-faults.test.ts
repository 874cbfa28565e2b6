import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../test/support/fake-linux.ts";
import { oneFailure } from "../../test/support/service-ends.ts";
import { withFaults } from "./health-faults.ts";
import type { ServiceHealth } from "./service-health.ts";
import { unknownStatus } from "./service-status.ts";

const NO_RUN = 'run": no such file or directory (ENOENT)';

function health(name: string, rest: Partial<ServiceHealth> = {}): ServiceHealth {
  return { name, state: "down", detail: "", now: unknownStatus(""), ...rest };
}

/** The causes that are seen of services whose directories have these files; scripts can be executed. */
function faults(files: Readonly<Record<string, string>>, services: readonly ServiceHealth[]): readonly string[][] {
  const linux = new FakeLinux();
  linux.addFile("/bin/sh", "\x7fELF", { mode: 0o755 });
  linux.addDirectory("/etc/service");
  for (const name of Object.keys(files)) {
    const words = name.split("/");
    for (let count = 1; count < words.length; count++) {
      const directory = `/etc/service/${words.slice(0, count).join("/")}`;
      if (!linux.files.has(directory)) linux.addDirectory(directory);
    }
  }
  for (const [name, text] of Object.entries(files)) linux.addFile(`/etc/service/${name}`, text, { mode: 0o755 });
  return withFaults(linux, services).map((service) => [...(service.faults ?? [])]);
}

test("a service that is healthy is not looked at", () => {
  const files = { "web/needs": "none", "job/run": "#!/bin/sh\r\n" };
  const services = [health("web", { state: "up" }), health("job", { state: "not-wanted" })];
  assert.deepEqual(faults(files, services), [[], []]);
  assert.equal(faults(files, [...services, health("x")])[0]?.length, 0);
});

test("a service and its log service have the faults of their own programs, also with a file `down`", () => {
  const files = { "web/down": "", "web/log/other": "", "db/run": "#!/bin/sh\n", "db/check": "#!/bin/bsh\n" };
  const services = [health("web"), health("web/log"), health("db", { state: "check-failed" }), health("gone")];
  assert.deepEqual(faults(files, services), [
    [`cannot run "/etc/service/web/${NO_RUN}`],
    [`cannot run "/etc/service/web/log/${NO_RUN}`],
    ['cannot run "/etc/service/db/check": no such interpreter "/bin/bsh" (ENOENT)'],
    [],
  ]);
});

test("mistakes in the files `needs` and `restart` are faults, with the path in /etc/service and the line", () => {
  const run = "#!/bin/sh\n";
  const files = {
    "web/run": run,
    "web/needs": "# first\nnone\ndb\nweb\n",
    "db/run": run,
    "db/needs": "web soon",
    "db/restart": "often",
  };
  assert.deepEqual(faults(files, [health("web", { state: "waiting" }), health("db")]), [
    [
      '/etc/service/web/needs, line 2: there is no service "none" in /etc/service; correct the name or take the line out',
      "/etc/service/web/needs, line 4: a service cannot need itself; take the line out",
    ],
    [
      '/etc/service/db/restart, line 1: "often" is no rule; ' +
        "write policy always|on-failure|never, delay SECONDS [SECONDS] or give-up ENDS SECONDS",
      '/etc/service/db/needs, line 1: "soon" is no limit in whole seconds, 1 or more; write NAME or NAME SECONDS',
    ],
  ]);
});

test("a service that ends with exit code 0 again and again has a line", () => {
  const of = (quickSuccesses: number) =>
    faults({ "web/run": "#!/bin/sh\n" }, [health("web", { ends: { ...oneFailure, quickSuccesses } })])[0];
  assert.deepEqual(of(4), []);
  const [line] = of(7) ?? [];
  assert.ok(line?.startsWith("ended with exit code 0 soon after its start, 7 times in a row: a service has to"), line);
});
