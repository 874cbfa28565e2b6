// container_lint in an image and in a running container. See docs/reference/container_lint.md
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Container, image, run, runContainer, startContainer } from "../support/container.ts";

interface Finding {
  readonly level: string;
  readonly path: string;
  readonly detail: string;
}

const AT_REST = { command: ["sleep", "600"] };

async function lint(container: Container): Promise<{ status: number; findings: readonly Finding[] }> {
  const { status, stdout, stderr } = await container.exec(["container_lint", "--json"]);
  assert.equal(stderr, "");
  return { status, findings: JSON.parse(stdout).findings };
}

test("nothing is found in the image, nor in a container that runs all of it, and nothing is changed", async (t) => {
  const bare = await runContainer(t, { command: ["container_lint"] });
  assert.deepEqual([bare.status, bare.stdout, bare.stderr], [0, "", ""]);
  const rest = await startContainer(t, AT_REST);
  assert.deepEqual(await lint(rest), { status: 0, findings: [] });
  assert.equal((await run(["diff", rest.id])).stdout, "");

  const running = await startContainer(t, { command: ["/sbin/my_init", "--enable-insecure-key"] });
  await running.until("container_health");
  await running.sh("sv check sshd && test -e /etc/ssh/ssh_host_ed25519_key");
  assert.deepEqual(await lint(running), { status: 0, findings: [] });
  const asNobody = await running.exec(["container_lint"], { user: "nobody" });
  assert.deepEqual([asNobody.status, asNobody.stdout], [0, ""]);
});

test("a build with an error ends, and says why", async (t) => {
  const build = async (lines: string) => {
    const name = `baseimage-test:lint-${process.pid}`;
    t.after(() => run(["rmi", "--force", name]));
    const input = `FROM ${image}\nRUN ${lines}\nRUN container_lint\n`;
    return run(["build", "--force-rm", "--tag", name, "-"], { input, withinMs: 900_000 });
  };
  const bad = await build("mkdir /etc/service/web");
  assert.notEqual(bad.status, 0);
  assert.match(bad.stdout + bad.stderr, /^(?:#\S+ \S+ )?error: \/etc\/service\/web\/run: no such file/m);
  assert.equal((await build("echo '#!/bin/sh' > /etc/my_init.d/plain")).status, 0);
});

/** Lines of sh that break something, the path that is named, a word of the finding, and lines that undo it. */
const BROKEN: readonly (readonly [breaks: string, level: string, path: string, word: string, undo?: string])[] = [
  [
    "mkdir -p /etc/service/web; printf '#!/bin/sh\\r\\n' > /etc/service/web/run; chmod +x /etc/service/web/run",
    ...(["error", "/etc/service/web/run", "CR LF", "rm -r /etc/service/web"] as const),
  ],
  ["mkdir -p /etc/service/web", "error", "/etc/service/web/run", "no such file", "rm -r /etc/service/web"],
  ["echo no > /etc/service/cron/needs", "error", "/etc/service/cron/needs", 'no service "no"'],
  ["touch /etc/service/app.sh", "warning", "/etc/service/app.sh", "no directory"],
  ["chmod -x /etc/service/cron/run", "error", "/etc/service/cron/run", "chmod", "chmod +x /etc/service/cron/run"],
  ["echo echo > /etc/my_init.d/9; chmod +x /etc/my_init.d/9", "error", "/etc/my_init.d/9", "does not begin with #!"],
  ["echo echo > /etc/my_init.pre_shutdown.d/9", "warning", "/etc/my_init.pre_shutdown.d/9", "not executable"],
  ["mkdir /etc/rc.local", "warning", "/etc/rc.local", "no file"],
  ["printf 'a\\0' > /etc/container_environment/B", "error", "/etc/container_environment/B", "NUL"],
  ["printf 'a\\r\\n' > /etc/container_environment/B", "warning", "/etc/container_environment/B", "CR"],
  ["touch /etc/container_environment/b.c", "warning", "/etc/container_environment/b.c", "shell"],
  ["touch /etc/cron.d/a.b", "error", "/etc/cron.d/a.b", "letters"],
  ["echo : > /etc/cron.daily/a", "error", "/etc/cron.daily/a", "executable"],
  ["touch /etc/cron.d/a; chown 7 /etc/cron.d/a", "error", "/etc/cron.d/a", "owner"],
  ["touch /etc/cron.d/a; chmod 666 /etc/cron.d/a", "error", "/etc/cron.d/a", "write"],
  ["echo '* * * * * /bin/true' > /etc/cron.d/a", "error", "/etc/cron.d/a", "no user"],
  ["printf '* * * * * root true' > /etc/cron.d/a", "error", "/etc/cron.d/a", "newline"],
  ["touch /etc/logrotate.d/a; chmod 666 /etc/logrotate.d/a", "error", "/etc/logrotate.d/a", "write"],
  ["echo systemctl reload x > /etc/logrotate.d/a", "warning", "/etc/logrotate.d/a", "systemd"],
  ["echo 'bad {' > /etc/syslog-ng/conf.d/a.conf", "error", "/etc/syslog-ng/conf.d/a.conf", "syntax error"],
  ["echo Nonsense yes > /etc/ssh/sshd_config.d/a.conf", "error", "/etc/ssh/sshd_config.d/a.conf", "Bad configuration"],
  ["ssh-keygen -q -N '' -f /etc/ssh/ssh_host_ed25519_key", "warning", "/etc/ssh/ssh_host_ed25519_key", "host key"],
  ["cp /etc/insecure_key.pub /root/.ssh/authorized_keys", "warning", "/root/.ssh/authorized_keys", "open"],
  [
    "timeout 60 sh -c 'runsvdir /etc/service & until [ -e /etc/service/sshd/supervise/ok ]; do sleep 0.05; done; kill -HUP $!; wait; true' > /dev/null 2>&1; until rm -rf /etc/service/cron/supervise /run/crond.*; do sleep 0.05; done 2> /dev/null",
    ...(["warning", "/etc/service/sshd/supervise", "runsv"] as const),
  ],
  ["echo 4000000 > /run/app.pid", "warning", "/run/app.pid", "ended"],
];

test("each broken thing has one finding, with its path and what is wrong", async (t) => {
  const container = await startContainer(t, AT_REST);
  for (const [breaks, level, path, word, undo = `rm -r ${path}`] of BROKEN) {
    await container.sh(breaks);
    const { status, findings } = await lint(container);
    const [finding] = findings;
    assert.equal(findings.length, 1, `${breaks}: ${JSON.stringify(findings)}`);
    assert.deepEqual([finding?.level, finding?.path, status], [level, path, level === "error" ? 1 : 0], breaks);
    assert.ok(finding?.detail.includes(word), `${breaks}: ${finding?.detail}`);
    assert.ok(finding?.detail.includes("; "), `${finding?.detail} says what to do`);
    await container.sh(undo);
  }
  assert.deepEqual(await lint(container), { status: 0, findings: [] });
});

test("cron ignores the crontabs that are errors, and no others", async (t) => {
  const job = (name: string) => `printf '* * * * * root true\\n' > ${name}`;
  const lines = `cd /etc/cron.d; ${["good", "owner", "mode", "executable"].map(job).join("; ")}
    chown 7 owner; chmod 664 mode; chmod +x executable; ln -s /etc/cron.d/good link
    printf '* * * * * root true' > newline; printf '* * * * * root true\\n# end' > comment
    printf '* * * * * true\\n' > user; printf '@daily true\\n' > named; printf 'A = b\\n@daily\\troot true\\n' > variable
    printf 'every day\\n' > job; printf '* * * * * root\\n' > command; printf '* * * * * root true\\n  ' > blanks
    exec /sbin/my_init`;
  const container = await startContainer(t, { command: ["sh", "-c", lines] });
  await container.until("grep -q 'Running @reboot jobs' /var/log/cron.log");
  const log = await container.sh("cat /var/log/cron.log");
  const refused = new Set(
    [...log.matchAll(/\(\*system\*(\w+)\) (?:ERROR|INSECURE|WRONG)/g)].map(([, name]) => `/etc/cron.d/${name}`),
  );
  assert.deepEqual([...refused].sort(), (await lint(container)).findings.map(({ path }) => path).sort());
  assert.equal(refused.size, 7);
});
