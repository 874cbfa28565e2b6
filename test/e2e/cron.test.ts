// Jobs of cron, their environment and their output. See docs/reference/cron.md
// @reboot jobs run as soon as cron starts; only tests of times of the day wait for a minute to begin.
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { buildImage, type Container, image, runContainer, startContainer } from "../support/container.ts";
import { until } from "../support/until.ts";

/** A line of a Dockerfile that writes a file, byte for byte. */
function file(path: string, content: string, mode = "644"): string {
  const base64 = Buffer.from(content, "latin1").toString("base64");
  return `RUN mkdir -p ${path.slice(0, path.lastIndexOf("/") + 1)} && echo ${base64} | base64 -d > ${path} && chmod ${mode} ${path}`;
}

const users = "RUN useradd -m joe && useradd -m reader -G docker_env && usermod -p '*' joe";

/** Starts a container of an image made of these lines. */
async function start(t: TestContext, lines: readonly string[], args: readonly string[] = []): Promise<Container> {
  const derived = await buildImage(t, [`FROM ${image}`, users, ...lines].join("\n"));
  return startContainer(t, { image: derived, args });
}

/** The environment of a process as /proc shows it, each byte a character. */
async function environment(container: Container, path: string): Promise<Map<string, string>> {
  const { stdoutBytes } = await container.exec(["cat", path]);
  const entries = stdoutBytes.toString("latin1").split("\0").slice(0, -1);
  return new Map(
    entries.map((entry) => {
      const equals = entry.indexOf("=");
      return [entry.slice(0, equals), entry.slice(equals + 1)];
    }),
  );
}

type Line = { readonly user: string; readonly text: string };

/** The output of jobs in a log, without cron's own lines. */
function jobLines(log: string): Line[] {
  return log
    .split("\n")
    .map((line) => /^CRON\[\d+\]: \((\w+)\) ([^]*)$/.exec(line))
    .flatMap((match) => (match ? [{ user: match[1] ?? "", text: match[2] ?? "" }] : []))
    .filter(({ text }) => !text.startsWith("CMD ("));
}

const values: Record<string, string> = {
  QUOTES: `it's "so" $HOME \`id\` \\ # not a comment`,
  // The name of a variable of one session, which a file makes the container's.
  LINES: "one\ntwo # three\n\n four\n",
  CARRIAGE: "a\r\nb\r",
  BYTES: "\xff\xfe\x01\x7f",
  EMPTY: "",
  "my.env": "dot",
  "1X": "digit",
  "a:b": "colon",
};

describe("cron", { concurrency: true }, () => {
  test("a job of root or of a member of docker_env sees the container environment byte for byte, any other job does not", async (t) => {
    const dump = "cat /proc/$$/environ > /tmp/$LOGNAME; echo dumped $LOGNAME";
    const container = await start(
      t,
      [
        "RUN head -c 100000 /dev/zero | tr '\\0' x > /etc/container_environment/LONG",
        ...Object.entries(values).map(([name, value]) => file(`/etc/container_environment/${name}`, `${value}\n`)),
        file("/etc/container_environment/HOME", "/nowhere"),
        file(
          "/etc/cron.d/dump",
          ["root", "reader", "joe"].map((user) => `@reboot ${user} ${dump}\n`).join("") +
            `CRONTAB=mine\nGIVEN=crontab\nPATH=/opt:/usr/bin:/bin\n@reboot root cat /proc/$$/environ > /tmp/own; echo dumped own\n`,
        ),
      ],
      ["--env", "GIVEN=docker", "--env", "SECRET=s3cret", "--env", "SSH_AUTH_SOCK=/agent"],
    );
    for (const name of ["root", "reader", "joe", "own"]) await container.waitForLog(`dumped ${name}`);

    for (const name of ["root", "reader"]) {
      const env = await environment(container, `/tmp/${name}`);
      for (const [variable, value] of Object.entries(values)) assert.equal(env.get(variable), value, variable);
      assert.equal(env.get("LONG"), "x".repeat(100_000));
      assert.equal(env.get("GIVEN"), "docker");
      assert.equal(env.get("SECRET"), "s3cret");
      assert.ok(!env.has("SSH_AUTH_SOCK"), "that of one process is not the container's");
      assert.equal(env.get("LANG"), "C.UTF-8");
      assert.equal(env.get("HOME"), name === "root" ? "/root" : "/home/reader");
    }
    const joes = await environment(container, "/tmp/joe");
    assert.deepEqual([...joes.keys()].sort(), ["HOME", "LANG", "LOGNAME", "PATH", "SHELL"]);
    assert.equal(joes.get("LANG"), "C.UTF-8");

    const own = await environment(container, "/tmp/own");
    assert.equal(own.get("GIVEN"), "crontab");
    assert.equal(own.get("CRONTAB"), "mine");
    assert.equal(own.get("PATH"), "/opt:/usr/bin:/bin");
    const daemon = await environment(container, `/proc/${(await container.sh("cat /run/crond.pid")).trim()}/environ`);
    assert.ok(!daemon.has("SECRET"), "cron hands its own environment to the mailer, which runs as the job's user");
  });

  test("a job whose user may read the directory sees its variables, except those of unreadable files", async (t) => {
    const container = await start(t, [
      file("/etc/container_environment/OPEN", "yes"),
      file("/etc/container_environment/CLOSED", "no", "600"),
      "RUN chmod 755 /etc/container_environment",
      file("/etc/cron.d/dump", "@reboot joe cat /proc/$$/environ > /tmp/joe; echo dumped joe\n"),
    ]);
    await container.waitForLog("dumped joe");
    const env = await environment(container, "/tmp/joe");
    assert.equal(env.get("OPEN"), "yes");
    assert.ok(!env.has("CLOSED"));
  });

  test("a file that is no variable is skipped, and the job runs with the others", async (t) => {
    const container = await start(t, [
      file("/etc/container_environment/GOOD", "yes"),
      // After my_init has read the directory, which would stop the boot.
      file(
        "/usr/local/bin/spoil",
        `#!/bin/sh
cd /etc/container_environment && mkfifo FIFO && mkdir DIRECTORY && ln -s /nowhere DANGLING && printf 'a\\0b' > NUL
head -c 131070 /dev/zero | tr '\\0' v > FULL && head -c 131069 /dev/zero | tr '\\0' v > G && echo z > .my_init.7.tmp
sv start cron
`,
        "755",
      ),
      file("/etc/cron.d/dump", "@reboot root cat /proc/$$/environ > /tmp/root; echo dumped root\n"),
      "RUN touch /etc/service/cron/down",
    ]);
    await container.waitForLog("Runit started as PID");
    await container.sh("until sv status cron > /dev/null; do sleep 0.1; done; spoil");
    await container.waitForLog("dumped root");
    const env = await environment(container, "/tmp/root");
    assert.equal(env.get("GOOD"), "yes");
    assert.equal(env.get("G")?.length, 131069);
    for (const name of ["FIFO", "DIRECTORY", "DANGLING", "NUL", "FULL", ".my_init.7.tmp"])
      assert.ok(!env.has(name), name);
  });

  test("files that cron would skip silently are named in a line, and cron's own messages reach the log", async (t) => {
    const container = await start(t, [
      ...["/etc/cron.d/a.sh", "/etc/cron.d/off.disabled", "/etc/cron.d/.hidden"].map((path) =>
        file(path, "@reboot root :\n"),
      ),
      ...["/etc/cron.daily/b.sh", "/etc/cron.weekly/runs"].map((path) => file(path, "#!/bin/sh\n", "755")),
      file("/etc/cron.hourly/c", "#!/bin/sh\n"),
      file("/etc/cron.hourly/placeholder", ""),
      ...["/etc/cron.yearly/never", "/etc/cron.daily/old/inner"].map((path) => file(path, "#!/bin/sh\n", "755")),
      "RUN ln -s /nowhere /etc/cron.daily/broken && echo '@reboot :' > /var/spool/cron/root",
      file("/etc/cron.d/no-newline", "@reboot root :"),
      file("/etc/cron.d/writable", "@reboot root :\n", "666"),
      file("/etc/cron.d/error", "99 * * * * root :\n"),
    ]);
    for (const name of ["no-newline", "writable", "error"])
      await container.waitForLog(new RegExp(`\\(\\*system\\*${name}\\)`));
    const { stdout, stderr } = await container.logs();
    const lines = `${stdout}${stderr}`.split("\n").filter((line) => line.includes("passes over"));
    assert.deepEqual(lines.sort(), [
      "cron passes over, as a name may only have letters, digits, _ and -: /etc/cron.d/a.sh /etc/cron.daily/b.sh",
      "cron passes over, as crontabs of users are in /var/spool/cron/crontabs: /var/spool/cron/root",
      "cron passes over, as no crontab runs their directory: /etc/cron.yearly/never",
      "cron passes over, as the link leads nowhere: /etc/cron.daily/broken",
      "cron passes over, as they are in a subdirectory: /etc/cron.daily/old/inner",
      "cron passes over, as they are not executable: /etc/cron.hourly/c",
    ]);
  });

  const output = [
    file(
      "/etc/cron.d/output",
      `@reboot root echo out; echo err >&2; until [ -e /tmp/go ]; do sleep 0.1; done; printf 'end without newline'
@reboot joe echo joe begins; until [ -e /tmp/go ]; do sleep 0.1; done; echo joe ends
@reboot joe seq 1 20000; echo counted
@reboot joe head -c 20000 /dev/zero | tr '\\0' y; echo; printf 'a\\0b=\\033[1mc\\r\\n'; printf '\\377\\n\\nafter nothing\\n'
MAILTO=""
@reboot joe echo silent; until [ -e /tmp/go ]; do sleep 0.1; done; echo still silent; touch /tmp/silent-ended
MAILTO=joe@example.com
@reboot joe echo for joe
`,
    ),
  ];

  async function checkOutput(container: Container, lines: () => Promise<Line[]>) {
    const texts = async (user: string) => (await lines()).filter((line) => line.user === user).map(({ text }) => text);
    const untilThere = async (user: string, text: string) => {
      let all: string[] = [];
      const isThere = async () => {
        all = await texts(user);
        return all.includes(text);
      };
      await until(isThere, () => `"${text}" of ${user} in\n${all.join("\n").slice(-2000)}`, 60_000, 100);
    };
    // While the job runs.
    for (const text of ["out", "err"]) await untilThere("root", text);
    await untilThere("joe", "joe begins");
    assert.ok(!(await texts("joe")).includes("joe ends"));
    await container.sh("touch /tmp/go");
    await untilThere("root", "end without newline");
    for (const text of ["joe ends", "counted", "after nothing", "for joe"]) await untilThere("joe", text);
    await container.sh(
      'until [ -e /tmp/silent-ended ]; do sleep 0.1; done; until [ -z "$(ls /run/baseimage/cron)" ]; do sleep 0.1; done',
    );

    const joes = await texts("joe");
    assert.deepEqual(
      joes.filter((text) => /^\d+$/.test(text)),
      Array.from({ length: 20_000 }, (_, index) => String(index + 1)),
    );
    const long = joes.filter((text) => /^y+$/.test(text));
    assert.equal(long.join("").length, 20_000);
    assert.ok(long.length > 1);
    assert.ok(joes.includes("a\\0b=\\x1b[1mc\\r"), "a NUL byte ends no line, and control characters are spelled out");
    assert.equal(joes.filter((text) => text === "").length, 1);
    for (const text of [...joes, ...(await texts("root"))]) assert.doesNotMatch(text, /silent|X-Cron-Env|Subject:/);
    assert.equal((await texts("root")).filter((text) => text === "out").length, 1);
  }

  test("without syslog, output reaches `docker logs` line by line while the job runs, tagged, complete, once", async (t) => {
    const container = await start(t, [...output, file("/etc/my_init.d/00_none", "#!/bin/sh\nrm -f /dev/log\n", "755")]);
    await checkOutput(container, async () => {
      const { stdout, stderr } = await container.logs();
      return jobLines(`${stdout}\n${stderr}`);
    });
  });

  test("with syslog, output reaches syslog the same way, by the facility cron", async (t) => {
    const config = `@version: current
source s { unix-dgram("/dev/log"); };
destination d { file("/tmp/cron-facility" template("$PROGRAM[$PID]: $MESSAGE\\n")); };
filter f { facility(cron); };
log { source(s); filter(f); destination(d); };
`;
    const container = await start(t, [
      ...output,
      "RUN rm -rf /etc/my_init.d/*syslog* /etc/my_init.post_shutdown.d/*syslog* /etc/service/*syslog*",
      file("/etc/test-syslog.conf", config),
      file(
        "/etc/my_init.d/00_syslog",
        "#!/bin/sh\nrm -f /dev/log\nsyslog-ng --no-caps -f /etc/test-syslog.conf -R /tmp/persist -c /tmp/ctl -p /tmp/pid\nuntil [ -S /dev/log ]; do sleep 0.1; done\n",
        "755",
      ),
    ]);
    await checkOutput(container, async () => {
      return jobLines((await container.exec(["cat", "/tmp/cron-facility"])).stdout);
    });
  });

  test("the output of a job before the container's stop is not lost", async (t) => {
    const container = await start(t, [
      file("/etc/cron.d/stop", "@reboot joe touch /tmp/begun; printf 'half a line'; exec sleep 600\n"),
    ]);
    await container.waitForLog("Runit started as PID");
    await container.sh("until [ -e /tmp/begun ]; do sleep 0.05; done");
    await container.stop();
    assert.equal(await container.exitCode(), 0);
    await container.waitForLog("(joe) half a line");
    // Neither the job nor the process that writes its output delayed the stop until the time limit.
    const { stderr } = await container.logs();
    assert.doesNotMatch(stderr, /in time|Forcing/);
  });

  test("crontabs of every kind run at their minute", async (t) => {
    const script = (name: string) => `#!/bin/sh\necho ran ${name}\n`;
    const kinds = ["hourly", "daily", "weekly", "monthly"];
    const container = await start(t, [
      ...kinds.map((kind) => file(`/etc/cron.${kind}/test`, script(kind), "755")),
      // Only the times: the commands stay the image's.
      "RUN sed -i 's/^[0-9][^a-z]*root/* * * * * root/' /etc/crontab",
      file("/etc/cron.d/test", "* * * * * root echo ran cron.d\n"),
      "RUN echo '* * * * * echo ran crontab -u' | crontab -u joe -",
    ]);
    await container.waitForLog("Runit started as PID");
    // By root for a user, and by the user, for whom the program is setgid.
    const own = await container.exec(["crontab", "-"], { user: "reader", input: "* * * * * echo ran own crontab\n" });
    assert.equal(own.status, 0, own.stderr);
    assert.match((await container.exec(["crontab", "-l"], { user: "reader" })).stdout, /ran own crontab/);
    assert.notEqual((await container.exec(["crontab", "-u", "joe", "-l"], { user: "reader" })).status, 0);
    for (const sign of [...kinds, "cron.d"]) await container.waitForLog(`(root) ran ${sign}`, { withinMs: 130_000 });
    await container.waitForLog("(joe) ran crontab -u");
    await container.waitForLog("(reader) ran own crontab");
  });

  test("crontab files with several hard links run, in an image's layers and in one file system", async (t) => {
    const container = await start(
      t,
      [
        "RUN echo '@reboot root echo ran layered' > /etc/cron.d/layered && ln /etc/cron.d/layered /srv/layered",
        "RUN echo '@reboot echo ran in spool' | crontab -u joe - && ln /var/spool/cron/crontabs/joe /srv/joe",
        "RUN ln /etc/crontab /srv/crontab && echo '@reboot root echo ran from crontab' >> /etc/crontab",
        file(
          "/etc/my_init.d/link",
          "#!/bin/sh\necho '@reboot root echo ran fresh' > /etc/cron.d/fresh\nln /etc/cron.d/fresh /etc/cron.d/.too\nln -s /srv/target /etc/cron.d/symbolic\n",
          "755",
        ),
        "RUN echo '@reboot root echo ran symbolic' > /srv/target",
      ],
      ["--volume", "/etc/cron.d"],
    );
    for (const sign of ["layered", "in spool", "from crontab", "fresh", "symbolic"]) {
      await container.waitForLog(`ran ${sign}`);
    }
    assert.equal(
      await container.sh("stat -c '%h %a %U:%G' /etc/cron.d/fresh /etc/crontab /var/spool/cron/crontabs/joe"),
      "1 644 root:root\n1 600 root:root\n1 600 joe:crontab\n",
    );
    assert.equal(
      await container.sh("cat /etc/cron.d/.too; ls -A /etc/cron.d | grep copy || true"),
      "@reboot root echo ran fresh\n",
    );
  });

  test("on a read-only root jobs run, and one line names the crontabs that cannot run", async (t) => {
    const container = await start(
      t,
      [
        file("/etc/cron.d/alone", "@reboot root echo ran alone with GIVEN=$GIVEN\n@reboot joe echo ran joe\n"),
        "RUN echo '@reboot root echo never' > /etc/cron.d/linked && ln /etc/cron.d/linked /etc/cron.d/linked2",
      ],
      ["--read-only", "--tmpfs", "/run", "--tmpfs", "/tmp", "--env", "GIVEN=it"],
    );
    await container.waitForLog("(root) ran alone with GIVEN=it");
    await container.waitForLog("(joe) ran joe");
    const { stdout, stderr } = await container.logs();
    const lines = `${stdout}${stderr}`.split("\n").filter((line) => line.startsWith("cron: "));
    assert.equal(lines.length, 1, lines.join("\n"));
    assert.match(lines[0] ?? "", /several hard links.* \/etc\/cron\.d\/linked \/etc\/cron\.d\/linked2$/);
  });

  test("a FIFO among the crontabs, for which cron would wait, is named, and cron stays down", async (t) => {
    const container = await start(t, ["RUN mkfifo /etc/cron.d/pipe"]);
    await container.waitForLog("cron: cron would wait for ever to read the FIFO /etc/cron.d/pipe; remove it");
    await container.sh("until sv status cron | grep -q ^down; do sleep 0.05; done");
    // As the line says.
    await container.sh("rm /etc/cron.d/pipe && sv up cron && until pgrep -x cron; do sleep 0.05; done");
  });

  const forBoth = file("/etc/cron.d/both", "@reboot root echo ran root\n@reboot joe echo ran joe\n");

  test("with no capabilities but SETUID and SETGID jobs run, as root and as a user", async (t) => {
    const container = await start(t, [forBoth], ["--cap-drop", "ALL", "--cap-add", "SETUID", "--cap-add", "SETGID"]);
    await container.waitForLog("(root) ran root");
    await container.waitForLog("(joe) ran joe");
    await container.stop();
    assert.equal(await container.exitCode(), 0);
  });

  test("if cron cannot switch users, one line reports it, and the container runs", async (t) => {
    for (const args of [
      ["--cap-drop", "ALL"],
      ["--user", "1000"],
    ]) {
      const container = await start(t, [forBoth], args);
      await container.waitForLog("Runit started as PID");
      if (args[0] === "--user")
        assert.match((await container.logs()).stderr, /^\*\*\* left out, .* the service cron$/m);
      if (args[0] === "--cap-drop") {
        await container.waitForLog("cron: without the capabilities SETUID and SETGID: no jobs will run\n");
        await container.sh("until sv status cron | grep -q ^down; do sleep 0.1; done");
      }
      await container.stop();
      const { stdout, stderr } = await container.logs();
      assert.equal(await container.exitCode(), 0);
      assert.ok(`${stdout}${stderr}`.split("\n").filter((line) => line.startsWith("cron: ")).length <= 1);
    }
  });

  test("a session of a job writes no line of its own to syslog", async (t) => {
    const container = await start(t, [
      "RUN rm -rf /etc/my_init.d/*syslog* /etc/my_init.post_shutdown.d/*syslog* /etc/service/*syslog*",
      file(
        "/etc/test-syslog.conf",
        '@version: current\nsource s { unix-dgram("/dev/log"); };\ndestination d { file("/tmp/all"); };\nlog { source(s); destination(d); };\n',
      ),
      file(
        "/etc/my_init.d/00_syslog",
        "#!/bin/sh\nsyslog-ng --no-caps -f /etc/test-syslog.conf -R /tmp/persist -c /tmp/ctl -p /tmp/pid\nuntil [ -S /dev/log ]; do sleep 0.1; done\n",
        "755",
      ),
      forBoth,
    ]);
    await container.waitForLog("Runit started as PID");
    await container.sh("until grep -q 'ran root' /tmp/all && grep -q '(joe) ran joe' /tmp/all; do sleep 0.1; done");
    const log = await container.sh("cat /tmp/all");
    assert.doesNotMatch(log, /pam_|session|ERROR|error|MAIL/);
  });

  test("our sendmail reports that it is no mail system", async (t) => {
    const { status, stdout, stderr } = await runContainer(t, {
      command: ["/usr/sbin/sendmail", "-t"],
      input: "To: x@example.com\n\nhello\n",
    });
    assert.equal(status, 69);
    assert.equal(stdout, "");
    assert.match(stderr, /^sendmail: no mail system is installed in this container .*\n$/);
  });

  test("a package with a mail system replaces our sendmail, and then output is sent by mail", async (t) => {
    const container = await start(t, [
      "RUN apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends msmtp-mta",
      file("/usr/bin/msmtp", '#!/bin/sh\n{ echo "called $*"; cat; } > /tmp/mail\nmv /tmp/mail /tmp/mailed\n', "755"),
      file(
        "/etc/cron.d/mail",
        "MAILTO=boss@example.com\n@reboot joe echo by mail; sleep 2 # time enough for it to be followed\n",
      ),
    ]);
    await container.waitForLog("Runit started as PID");
    const mail = await container.sh(
      "until [ -e /tmp/mailed ]; do sleep 0.1; done; cat /tmp/mailed; dpkg -S /usr/sbin/sendmail >&2",
    );
    assert.match(mail, /^called .*boss@example\.com\n[^]*^To: boss@example\.com\n[^]*\n\nby mail\n$/m);
    const { stdout, stderr } = await container.logs();
    assert.doesNotMatch(`${stdout}${stderr}`, /\(joe\) by mail/);
  });

  test("entries that make no sense in a container are removed, and modes are right", async (t) => {
    const container = await startContainer(t, { command: ["sleep", "600"] });
    const entries = (await container.sh("find /etc/cron.* -type f ! -name .placeholder")).trim().split("\n");
    assert.deepEqual(entries.sort(), ["/etc/cron.daily/logrotate"]);
    assert.equal(await container.sh("stat -c '%a %U:%G' /etc/crontab"), "600 root:root\n");
    await container.sh("run-parts --report /etc/cron.daily && run-parts --report /etc/cron.weekly");
  });
});
