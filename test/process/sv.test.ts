// runit's sv by way of ours, and services in a mirror: docs/reference/anywhere.md. Here as root;
// other users are in test/e2e/anywhere.test.ts.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { processRing, startInit, until } from "../support/process.ts";

/** Two services in a mirror: one needs the other. */
const inMirror = {
  scripts: {
    "/etc/service/web/run": "echo web is up; exec sleep 1000",
    "/etc/service/db/run": "exec sleep 1001",
  },
  files: { "/etc/service/web/needs": "db\n" },
};

describe("sv", processRing, () => {
  test("it finds the services in their mirror, by whatever path and in whatever environment it is called", async (t) => {
    const init = await startInit(t, inMirror);
    await init.waitFor("web is up");
    // runsv records the start a moment after it.
    await init.exec("until sv status web | grep ^run; do sleep 0.02; done");
    const calls = {
      "sv status web": "as docker exec calls it",
      "env -i PATH=/usr/bin:/bin sv status web": "as cron and logrotate do",
      "env -i /usr/bin/sv status web": "by its path",
      "sv status /etc/service/web": "by the service's path",
      "cd /etc/service && sv status ./web": "by its relative path",
      "cd /etc/service/web && sv status .": "from where it is",
      "ln -sf /usr/bin/sv /etc/init.d/web && /etc/init.d/web status": "as an init script",
      "SVDIR=/run/my_init/my_init-services-0 sv status web": "as a child of my_init",
    };
    for (const [line, how] of Object.entries(calls))
      assert.match(await init.exec(line), /^run: (?:.*web|\.): \(pid/, how);
    const answer = await init.exec("setuser nobody sv status web || true");
    assert.match(answer, /access denied/, "another user may not");
    assert.match(await init.exec("env -i PATH=/usr/bin:/bin sv -w 50 restart web"), /^ok: run: web/);
  });

  test("a link that another user owns is not followed", async (t) => {
    const init = await startInit(t, {
      scripts: {
        "/etc/service/web/run": "echo web is up; exec sleep 1000",
        "/var/tmp/web/run": "echo hostile is up; exec sleep 1001",
        "/var/tmp/web/check": "id -u > /var/tmp/who",
      },
    });
    await init.waitFor("web is up");
    await init.exec(`chmod 1777 /var/tmp /tmp /dev/shm && chown -R nobody /var/tmp/web
      for name in x 0; do setuser nobody ln -s /var/tmp /tmp/my_init-services-$name; done
      setuser nobody runsv /var/tmp/web > /proc/1/fd/1 2>&1 &`);
    await init.waitFor("hostile is up");
    assert.match(await init.exec("sv start web"), /^ok: run: web: \(pid/);
    assert.equal(init.view.exists("/var/tmp/who"), false);
  });

  test("a service that drops its privileges in a mirror uses its own directory", async (t) => {
    const init = await startInit(t, {
      scripts: {
        "/etc/service/web/run": "echo hello; exec 2>&1 setuser daemon ./server",
        "/etc/service/web/server": "echo served as $(id -un) in $PWD; : > own; exec sleep 1000",
        "/etc/service/web/log/run": "exec chpst -u daemon svlogd -tt main",
        "/etc/service/db/run": "exec sleep 1001",
      },
      files: { "/etc/service/web/needs": "db\n" },
      prepare:
        'mkdir "$root/etc/service/web/log/main" && chown daemon "$root/etc/service/web" "$root/etc/service/web/log/main"',
    });
    const log = "/etc/service/web/log/main/current";
    const words = "served as daemon in /run/my_init/my_init-services-0/web";
    await until(() => init.view.exists(log) && init.view.read(log).includes(words), "the log service has the line");
    const directory = "/run/my_init/my_init-services-0/web";
    await until(() => init.view.exists(`${directory}/own`), "the service has made a file");
    assert.equal(
      await init.exec(`stat -c %U ${directory} ${directory}/own ${directory}/supervise`),
      "daemon\ndaemon\nroot\n",
    );
  });

  test("the mirror of a read-only directory of a service stays root's: root executes `run` there", async (t) => {
    const init = await startInit(t, {
      scripts: {
        "/etc/service/web/run": "exec setuser daemon ./server",
        "/etc/service/web/server":
          "cd /run/my_init/my_init-services-0/web && if rm -f run || touch finish; then echo replaced; else echo kept; fi; exec sleep 1000",
      },
      prepare: `chown -R daemon "$root/etc/service/web" && chmod 775 "$root/etc/service/web" &&
        mount --bind "$root/etc/service/web" "$root/etc/service/web" && mount -o remount,bind,ro "$root/etc/service/web"`,
    });
    await init.waitFor(/^(kept|replaced)$/m);
    assert.match(init.output, /^kept$/m);
  });
});
