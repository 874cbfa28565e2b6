// syslog-ng and logrotate. See docs/reference/syslog.md
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { buildImage, image, run, runContainer, startContainer } from "../support/container.ts";
import { imageWith } from "../support/derived-image.ts";
import { patient } from "../support/patience.ts";

/** How often the container is booted that logs from its first script to its last. */
const BOOTS = Number(process.env["BOOTS"] ?? 20);
const MESSAGES = 10;

const FACILITIES = [
  ...["auth", "authpriv", "cron", "daemon", "ftp", "kern", "lpr", "mail", "news", "syslog", "user", "uucp"],
  ...[0, 1, 2, 3, 4, 5, 6, 7].map((number) => `local${number}`),
];
const LEVELS = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

function count(text: string, sign: string | RegExp): number {
  return text.split("\n").filter((line) => (typeof sign === "string" ? line.includes(sign) : sign.test(line))).length;
}

async function booted(t: Parameters<typeof startContainer>[0], options: Parameters<typeof startContainer>[1] = {}) {
  const container = await startContainer(t, options);
  await container.waitForLog("Runit started as PID");
  return container;
}

describe("syslog-ng", { concurrency: 3 }, () => {
  const all =
    '@version: current\\nsource s_all { unix-dgram("/dev/log"); };\\nlog { source(s_all); destination { file("/dev/stdout"); file("/var/log/user.log"); }; };\\n';
  const configurations = { ours: "", "one's own": `RUN printf '${all}' > /etc/syslog-ng/syslog-ng.conf` };
  // These wait for cron, and so they are first.
  for (const [whose, lines] of Object.entries(configurations)) {
    test(`a large log is rotated within about a minute, without a message, with a syslog-ng.conf that is ${whose}`, async (t) => {
      const container = await booted(t, { image: await imageWith(t, {}, lines) });
      await container.sh("logger small; until [ -e /var/log/user.log ]; do sleep 0.01; done");
      assert.equal(await container.sh("/usr/lib/baseimage/rotate-when-large; ls /var/log | grep -c user.log"), "1\n");
      await container.sh("head -c 60M /dev/zero >> /var/log/user.log");
      await container.until("[ -e /var/log/user.log.1 ]", { withinMs: 100_000 });
      if (lines === "") {
        await container.until("logger afterwards; grep -q afterwards /var/log/user.log");
        assert.equal(await container.sh("stat -c '%a %U:%G' /var/log/user.log"), "640 root:adm\n");
      }
      const { stdout, stderr } = await container.logs();
      assert.doesNotMatch(`${stdout}${stderr}`, /rotat/);
    });
  }

  test(`${MESSAGES} messages each of the first script, a stopping service and the last script, ${BOOTS} boots in a row`, async (t) => {
    const logs = (name: string) => `for i in $(seq ${MESSAGES}); do logger "${name} $BOOT.$i."; done`;
    const name = await imageWith(t, {
      "/etc/my_init.d/00_first": `BOOT=$(cat /boots 2> /dev/null || echo 1); ${logs("first")}`,
      "/etc/service/last-words/run": "trap 'exec ./logs' TERM; touch /ready; while :; do sleep 100 & wait; done",
      "/etc/service/last-words/logs": `BOOT=$(cat /boots 2> /dev/null || echo 1); ${logs("stopping")}`,
      "/etc/my_init.post_shutdown.d/99_last": `BOOT=$(cat /boots 2> /dev/null || echo 1); ${logs("last")}; echo $((BOOT + 1)) > /boots`,
    });
    const command = ["my_init", "--quiet", "--", "sh", "-c", "until [ -e /ready ]; do sleep 0.01; done; rm /ready"];
    const container = await startContainer(t, { image: name, command });
    for (let boot = 1; boot <= BOOTS; boot++) {
      if (boot > 1) assert.equal((await run(["start", container.id])).status, 0);
      assert.equal(await container.waitForExit(), 0);
    }
    const { stdout, stderr } = await container.logs();
    assert.equal(stderr, "");
    const copied = await run(["cp", `${container.id}:/var/log/syslog`, "-"]);
    for (const [where, text] of Object.entries({ "docker logs": stdout, "/var/log/syslog": copied.stdout })) {
      const lost: string[] = [];
      for (const name of ["first", "stopping", "last"]) {
        for (let boot = 1; boot <= BOOTS; boot++) {
          for (let i = 1; i <= MESSAGES; i++)
            if (!text.includes(` ${name} ${boot}.${i}.\n`)) lost.push(`${name} ${boot}.${i}`);
        }
      }
      assert.deepEqual(lost, [], where);
      assert.equal(count(text, /(first|stopping|last) \d+\.\d+\.$/), 3 * BOOTS * MESSAGES, `${where}: twice`);
    }
  });

  test("every message of every facility reaches docker logs, once", async (t) => {
    const container = await booted(t);
    const lines = FACILITIES.flatMap((facility) =>
      LEVELS.map((level) => `logger -p ${facility}.${level} "message ${facility} ${level} end"`),
    );
    await container.sh(lines.join("\n"));
    await container.waitForLog("message local7 debug end");
    const { stdout } = await container.logs();
    for (const facility of FACILITIES) {
      for (const level of LEVELS) {
        // Only the kernel may write to the kernel's facility: logger uses user instead.
        assert.equal(count(stdout, `message ${facility} ${level} end`), 1, `${facility}.${level}`);
      }
    }
    assert.match(stdout, /^\w{3} [ \d]\d \d\d:\d\d:\d\d [0-9a-f]{12} root: message auth emerg end$/m);
  });

  test("files are root:adm 0640: syslog has all messages but the private ones, which auth.log has", async (t) => {
    const container = await booted(t);
    await container.sh(FACILITIES.map((facility) => `logger -p ${facility}.info "message ${facility} end"`).join("\n"));
    await container.until("grep -q 'message local7 end' /var/log/local7.log");
    const syslog = await container.sh("cat /var/log/syslog");
    const auth = await container.sh("cat /var/log/auth.log");
    for (const facility of FACILITIES) {
      const isPrivate = facility.startsWith("auth");
      assert.equal(count(syslog, `message ${facility} end`), isPrivate ? 0 : 1, facility);
      assert.equal(count(auth, `message ${facility} end`), isPrivate ? 1 : 0, facility);
    }
    for (const name of ["cron", "daemon", "mail", "user", "local0"]) {
      assert.equal(count(await container.sh(`cat /var/log/${name}.log`), `message ${name} end`), 1, name);
    }
    const modes = await container.sh("find /var/log -maxdepth 1 -type f -printf '%m %u:%g %f\\n'");
    for (const line of modes.trim().split("\n")) assert.match(line, /^640 root:adm /);
  });

  test("SYSLOG_FILES=no: docker logs only", async (t) => {
    const container = await booted(t, { env: { SYSLOG_FILES: "no" } });
    await container.sh("logger -p user.info hello; logger -p auth.info secret");
    await container.waitForLog("secret");
    assert.equal(await container.sh("find /var/log -type f"), "");
  });

  test("SYSLOG_FILES that is neither yes nor no: one line, and files", async (t) => {
    const container = await booted(t, { env: { SYSLOG_FILES: "may\nbe" } });
    await container.sh("logger -p user.info hello");
    await container.waitForLog("hello");
    const { stderr } = await container.logs();
    const lines = stderr.split("\n").filter((line) => line.includes("SYSLOG_FILES"));
    assert.deepEqual(lines, ['syslog-ng: SYSLOG_FILES is "may?be" and counts as yes; set it to yes or no']);
    await container.until("grep -q hello /var/log/syslog");
  });

  test("it logs nothing about itself, and listens on no network", async (t) => {
    const container = await booted(t);
    // While syslog-ng reads its configuration, no process may read the socket, and logger does not say so.
    await container.sh("kill -HUP $(cat /run/syslog-ng.pid)");
    await container.until("logger marker; grep -q marker /var/log/syslog");
    await container.waitForLog("marker");
    const { stdout, stderr } = await container.logs();
    assert.match(stdout, /^(\S+ +\d+ \S+ \S+ root: marker\n)+$/);
    await container.until("grep -q 'cron.*INFO' /var/log/cron.log");
    assert.doesNotMatch(stderr, /syslog/);
    assert.equal(
      await container.sh(
        "cat /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6 | grep -v local_address || true",
      ),
      "",
    );
  });

  test("it is started again after it was killed", async (t) => {
    const container = await booted(t);
    // A daemon that ends in its first second is started again only after a pause, and its age shows no other sign.
    await container.sh("sleep 1.1");
    const pid = await container.sh("cat /run/syslog-ng.pid");
    await container.sh("kill -9 $(cat /run/syslog-ng.pid)");
    await container.until(`[ "$(cat /run/syslog-ng.pid)" != ${pid.trim()} ]`);
    // The next daemon may not have its socket yet, and logger does not say so.
    await container.until("logger back; grep -q ' back' /var/log/syslog");
    await container.waitForLog(" back");
    await container.waitForLog(
      /\*\*\* the system log daemon was killed by signal 9 \(SIGKILL\); it is started again\n/,
    );
  });

  /** How control characters are shown, all but newline, carriage return and tab, which have letters. */
  const SPELLED = Array.from({ length: 32 }, (_, code) => `\\x${code.toString(16).padStart(2, "0")}`)
    .join("")
    .replace("\\x09", "\\t")
    .replace("\\x0a", "\\n")
    .replace("\\x0d", "\\r");

  test("one message is one line, in docker logs and in files, whatever its bytes and in whichever of its fields", async (t) => {
    const container = await booted(t, {
      image: await imageWith(t, {
        "/etc/syslog-ng/conf.d/mine.conf":
          'log { source(s_local); destination { file("/mine" template("$PROGRAM|$PID|$MESSAGE\\n")); }; };',
      }),
    });
    const bytes = Array.from({ length: 32 }, (_, code) => `\\x${code.toString(16).padStart(2, "0")}`).join("");
    const hostile = [
      `<13>tag: first${bytes}\\x7f last`,
      "<13>C1: \\xc2\\x9b31m \\xc2\\x80 \\xc2\\x9f \\xc2\\xa0.",
      '<13>plain: \\xc3\\xa9 \\xe2\\x82\\xac \\xff\\xfe back\\slash "quoted" $HOST @x',
      "<13>Nov 28 01:02:03 x\\n*** forged: by the tag",
      "<13>Nov 28 01:02:03 x\\x1b[31m[1\\n*** forged]: by the pid",
      "<13>Nov 28 01:02:03 \\n*** forged after the time",
      "<13>\\n*** forged after the priority",
      "\\n*** forged at the start",
      "<13>Nov 28 01:02:03 nul\\x00\\n*** forged: after NUL",
      `<13>text: ${"a\\x1b\\xc2\\x9b\\xc2\\xa0".repeat(128)}.`,
      `<13>no text: ${"a\\x1b\\xc2\\x9b\\xc2\\xa0".repeat(128)}\\x7f.`,
    ];
    await container.exec(["/fixtures/datagrams.pl", ...hostile]);
    await container.exec(["logger", "-t", "x\n*** forged", "-p", "user.info", "by logger"]);
    await container.sh(
      "logger the end; until grep -q 'the end' /var/log/syslog && grep -q 'the end' /mine; do sleep 0.1; done",
    );
    await container.waitForLog("the end");
    const texts = {
      "docker logs": (await container.logs()).stdout,
      "/var/log/syslog": await container.sh("cat /var/log/syslog"),
      "/var/log/user.log": await container.sh("cat /var/log/user.log"),
      "/mine": await container.sh("cat /mine"),
    };
    for (const [where, text] of Object.entries(texts)) {
      assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/, where);
      assert.doesNotMatch(text, /^\s*\*\*\*/m, where);
      assert.match(text, /x\?\*\*\*.*forged: by the tag$/m, where);
      const lines = text.split("\n").filter((line) => !line.includes("cron"));
      assert.equal(lines.length - 1, hostile.length + 2, `${where}:\n${text}`);
      assert.ok(text.includes(`first${SPELLED}\\x7f last\n`), `${where}:\n${text}`);
      assert.ok(text.includes("\\xc2\\x9b31m \\xc2\\x80 \\xc2\\x9f \xa0."), where);
      assert.ok(text.includes(`${"a\\x1b\\xc2\\x9b\xa0".repeat(128)}.\n`), `${where}: 256 control characters`);
      assert.ok(text.includes(`${"a??\xa0".repeat(128)}?.\n`), `${where}: 257 control characters`);
      assert.match(text, /\u00e9 \u20ac .. back\\slash "quoted" \$HOST @x$/m, where);
    }
  });

  test("neither a message without text nor a facility without a name leaks memory or disk", async (t) => {
    const container = await booted(t, { image: await imageWith(t, {}) });
    const peak = async () =>
      Number(
        await container.sh("sed -n 's/^VmHWM:[^0-9]*\\([0-9]*\\).*/\\1/p' /proc/$(cat /run/syslog-ng.pid)/status"),
      );
    const before = await peak();
    for (const each of ["\\001", "\\302\\233", "\\001a"]) {
      const many = `$(printf '${each}%.0s' $(seq 20000))`;
      await container.sh(`/fixtures/datagrams.pl "<13>x: ${many}" "<13>${many}"`);
    }
    await container.exec([
      "/fixtures/datagrams.pl",
      ...[12, 15, 24, 53, 1100].map((code) => `<${code * 8 + 6}>x: number ${code}.`),
    ]);
    await container.sh("logger the end; until grep -q 'the end' /var/log/user.log; do sleep 0.1; done");
    assert.ok((await peak()) - before < 12_000, `${before} KiB, then ${await peak()}`);
    assert.match(await container.sh("cat /var/log/syslog"), /x: number 1100\.$/m);
    const files = (await container.sh("ls /var/log")).split("\n");
    assert.deepEqual(
      files.filter((name) => /^[0-9]|^(ntp|console|security|solaris)/.test(name)),
      [],
    );
  });

  test("a broken configuration gives a warning, does not stop the boot, and blocks no program", async (t) => {
    const name = await imageWith(
      t,
      { "/etc/my_init.d/50_talks": "for i in $(seq 50); do logger hello; done" },
      "RUN echo 'destination d_x { nonsense(); };' >> /etc/syslog-ng/syslog-ng.conf",
    );
    const outcome = await runContainer(t, {
      image: name,
      command: ["my_init", "--quiet", "--", "sh", "-c", "logger hello; echo ran"],
    });
    assert.equal(outcome.status, 0);
    assert.equal(outcome.stdout, "ran\n");
    assert.match(outcome.stderr, /syslog-ng\.conf:\d+/);
    assert.match(outcome.stderr, /\*\*\* the system log daemon failed with status 1; it is tried again in 1 s\n/);
  });

  /** A line of a Dockerfile that writes these files of conf.d. */
  function rules(files: Readonly<Record<string, string>>): string {
    const commands = Object.entries(files).map(([name, text]) => {
      const base64 = Buffer.from(text).toString("base64");
      return `echo ${base64} | base64 -d > "/etc/syslog-ng/conf.d/${name}"`;
    });
    return `RUN ${commands.join(" && ")}`;
  }

  test("a file in conf.d that syslog-ng refuses is left out, and a warning has its name and line", async (t) => {
    const refused = {
      "b unknown word.conf": [1, "destination d_x { nonsense(); };\n"],
      "c-reference.conf": [2, "\nlog { source(s_nowhere); destination(d_syslog); };\n"],
      "d-no-end.conf": [2, "\nlog { source(s_local); destination(d_syslog);\n"],
      "e-twice.conf": [1, "source s_local { internal(); };\n"],
      "f-include.conf": [2, '\n@include "/nowhere.conf"\n'],
    } as const;
    const name = await imageWith(
      t,
      {},
      rules({
        "a.conf": "log { source(s_src); destination(d_later); };",
        "z.conf": 'destination d_later { file("/later"); };\n',
        ...Object.fromEntries(Object.entries(refused).map(([file, [, text]]) => [file, text])),
      }),
    );
    const container = await booted(t, { image: name });
    await container.until("logger the end; grep -q 'the end' /later && grep -q 'the end' /var/log/syslog", {
      withinMs: 60_000,
    });
    await container.waitForLog("the end");
    const { stderr } = await container.logs();
    const warnings = stderr.split("\n").filter((line) => line.startsWith("syslog-ng: "));
    for (const [file, [line]] of Object.entries(refused)) {
      const path = `/etc/syslog-ng/conf.d/${file}`;
      const mine = warnings.filter((warning) => warning.startsWith(`syslog-ng: "${path}" is not used: Error `));
      assert.equal(mine.length, 1, stderr);
      assert.ok(mine[0]?.includes(`${path}:${line}`), mine[0]);
    }
    assert.equal(warnings.length, Object.keys(refused).length, stderr);
    assert.doesNotMatch(stderr, /system log daemon/);
  });

  for (const mode of ["1777", "777"]) {
    test(`rules are tried where no other user can prepare or replace anything, with a /run of mode ${mode}`, async (t) => {
      const rest = "/run/syslog-ng.rules";
      const links = ["syslog-ng.conf", "list", "trial.conf", "trial.log"].map(
        (name) => `ln -s /victim ${rest}/${name}`,
      );
      const prepare = `mkdir ${rest} && chmod 777 ${rest} && ${links.join(" && ")}`;
      const lines = [
        rules({ "bad.conf": "nonsense\n" }),
        `RUN echo untouched > /victim && chmod 666 /victim && chmod ${mode} /run && setuser nobody sh -c '${prepare}'`,
      ];
      const container = await booted(t, { image: await imageWith(t, {}, lines.join("\n")) });
      await container.until("logger the end; grep -q 'the end' /var/log/syslog");
      assert.match((await container.logs()).stderr, /^syslog-ng: "\/etc\/syslog-ng\/conf.d\/bad.conf" is not used: /m);
      assert.equal(await container.sh("cat /victim"), "untouched\n");
      const line = await container.sh("tr '\\0' ' ' < /proc/$(cat /run/syslog-ng.pid)/cmdline");
      assert.match(line, / --cfgfile=\/tmp\/syslog-ng\.rules\/syslog-ng\.conf /);
      assert.equal(await container.sh("stat -c '%U %a' /tmp/syslog-ng.rules"), "root 700\n");
    });
  }

  test("a file in conf.d that fails only at the start is left out, too", async (t) => {
    const name = await imageWith(
      t,
      {},
      rules({
        "a.conf": 'log { source(s_src); destination { file("/kept"); }; };\n',
        "b.conf": "\nlog { source { network(ip(192.0.2.1) port(514)); }; destination(d_syslog); };\n",
        // To find these takes longer than my_init watches a new daemon for an early end.
        ...Object.fromEntries(["x", "y", "z"].map((name) => [`${name}.conf`, "log { source(s_nowhere); };\n"])),
      }),
    );
    const container = await booted(t, { image: name });
    await container.until("logger back && grep -q back /kept", { withinMs: 60_000 });
    const { stderr } = await container.logs();
    assert.match(
      stderr,
      /^syslog-ng: "\/etc\/syslog-ng\/conf\.d\/b\.conf" is not used: Error .* in \/etc\/syslog-ng\/conf\.d\/b\.conf:2$/m,
    );
  });

  test("own rules get every message, also auth and authpriv, by the names s_local and s_src", async (t) => {
    const file = (path: string, source: string) =>
      `log { source(${source}); destination { file("${path}" template("$FACILITY $MESSAGE\\n")); }; };\n`;
    const name = await imageWith(t, {}, rules({ "a.conf": file("/a", "s_local"), "b.conf": file("/b", "s_src") }));
    const container = await booted(t, { image: name });
    const facilities = FACILITIES.filter((facility) => facility !== "kern");
    await container.sh(facilities.map((facility) => `logger -p ${facility}.info "message ${facility} end"`).join("\n"));
    for (const path of ["/a", "/b"]) {
      await container.until(`grep -q 'message local7 end' ${path}`);
      const text = await container.sh(`cat ${path}`);
      for (const facility of facilities) assert.equal(count(text, `${facility} message ${facility} end`), 1, facility);
    }
  });

  test("every line has the container's time zone, whatever the zone and the clock text of its sender", async (t) => {
    const container = await booted(t, { image: await imageWith(t, {}), env: { TZ: "EAST-7" } });
    const zones = ["", "TZ=WEST9 ", "TZ=UTC "];
    await container.sh(zones.map((zone, index) => `${zone}logger -p user.info zone ${index}.`).join("\n"));
    await container.exec([
      "/fixtures/datagrams.pl",
      "<13>Jan  1 00:00:00 x: zone 3.",
      "<13>2020-01-01T00:00:00+05:00 x: zone 4.",
    ]);
    await container.sh("until grep -q 'zone 4' /var/log/user.log; do sleep 0.1; done");
    await container.waitForLog("zone 4.");
    const nowMs = Number(await container.sh("date +%s")) * 1000;
    for (const text of [(await container.logs()).stdout, await container.sh("cat /var/log/user.log")]) {
      for (const index of [0, 1, 2, 3, 4]) {
        const stamp = new RegExp(`^(\\w+ +\\d+ [\\d:]+) .*zone ${index}\\.$`, "m").exec(text)?.[1] ?? "none";
        const agoMs = nowMs - Date.parse(`${stamp} ${new Date(nowMs + 7 * 3_600_000).getUTCFullYear()} GMT+0700`);
        assert.ok(Math.abs(agoMs) < 600_000, `${index}: ${stamp}`);
      }
    }
  });

  test("an image's own service for syslog-ng is the only one, with our configuration", async (t) => {
    const name = await imageWith(t, {
      "/etc/service/syslog-ng/run": "exec syslog-ng -F -p /var/run/syslog-ng.pid --no-caps",
    });
    const container = await booted(t, { image: name });
    await container.until("[ -S /dev/log ] && logger hello && grep -q hello /var/log/syslog");
    await container.waitForLog("hello");
    assert.equal(await container.sh("readlink /proc/[0-9]*/exe | grep -c '^/usr/sbin/syslog-ng$'"), "1\n");
    assert.match(
      (await container.logs()).stderr,
      /"\/etc\/service\/syslog-ng" runs the system log daemon: no other is started/,
    );
  });

  test("own rules in conf.d work, whatever modules they need", async (t) => {
    const name = await imageWith(
      t,
      { "/usr/local/bin/keep": "exec cat > /kept" },
      `RUN echo 'destination d_mine { program("/usr/local/bin/keep"); }; log { source(s_local); destination(d_mine); };' > /etc/syslog-ng/conf.d/mine.conf`,
    );
    const container = await booted(t, { image: name });
    await container.sh("logger for my program");
    await container.until("grep -q 'for my program' /kept");
    await container.stop();
    assert.doesNotMatch((await container.logs()).stderr, /Forcing|syslog/);
  });

  test("messages reach a standard output of any kind: pipe, terminal, file, socket", async (t) => {
    const name = await imageWith(t, {});
    const talk = "/sbin/my_init --quiet -- sh -c 'echo before; logger -t T hello; echo after'";
    const pipe = await runContainer(t, { image: name, command: ["sh", "-c", talk] });
    const terminal = await runContainer(t, { image: name, command: ["sh", "-c", talk], args: ["--tty"] });
    const file = await runContainer(t, { image: name, command: ["sh", "-c", `${talk} > /out; cat /out`] });
    const socket = await runContainer(t, { image: name, command: ["/fixtures/socket-stdout.pl", "sh", "-c", talk] });
    for (const [kind, { stdout, stderr, status }] of Object.entries({ pipe, terminal, file, socket })) {
      assert.equal(status, 0, `${kind}: ${stderr}`);
      const lines = stdout.replaceAll("\r", "").trim().split("\n");
      // The command cannot see when the message is in my_init's output: it may come after the command's last line.
      assert.deepEqual(lines.map((line) => line.replace(/^.* T: /, "")).sort(), ["after", "before", "hello"], kind);
      assert.equal(stderr, "", kind);
    }
  });

  test("100,000 messages at full speed with three rotations in between: none is lost", async (t) => {
    const container = await booted(t, { image: await imageWith(t, {}) });
    const isInFile = (sign: string, least: number) => `[ "$(grep -c '${sign}' /var/log/user.log)" -ge ${least} ]`;
    for (let part = 1; part <= 4; part++) {
      // A rotated file is still written to for some seconds: without a new file there is nothing to rotate.
      await container.until(`logger -p user.info part ${part}; ${isInFile(`part ${part}`, 1)}`);
      const flood = container.exec(["/fixtures/flood.pl", "25000"]);
      await container.until(isInFile("flood", 5000), { withinMs: 60_000 });
      if (part < 4) await container.sh("logrotate --force /etc/logrotate.d/syslog-ng");
      assert.equal((await flood).stdout, "refused 0\n");
    }
    await container.sh("logger the end");
    await container.until("grep -q 'the end' /var/log/syslog");
    await container.waitForLog("the end");
    for (const file of ["/var/log/syslog", "/var/log/user.log"]) {
      const all = await container.sh(`zcat --force ${file}* | grep -c 'flood: message'`);
      assert.equal(all, "100000\n", file);
    }
    assert.equal(count((await container.logs()).stdout, "flood: message"), 100_000);
    assert.equal(await container.sh("ls /var/log | grep '^syslog'"), "syslog\nsyslog.1\nsyslog.2.gz\nsyslog.3.gz\n");
  });

  test("a slow reader of the output gets every message, also those that wait for it while logs are rotated", async (t) => {
    const command = ["sh", "-c", "mkfifo /out; exec 9<> /out; exec my_init > /out"];
    const name = await imageWith(t, {
      "/etc/syslog-ng/conf.d/mine.conf":
        'destination d_mine { file("/var/log/`turn`/mine.log" time-reap(2)); }; log { source(s_local); destination(d_mine); };',
      "/etc/logrotate.d/mine": "/var/log/mine.log { compress delaycompress notifempty }",
    });
    const container = await booted(t, { image: name, command });
    const flood = container.exec(["/fixtures/flood.pl", "2000", "300"]);
    const readPage = "dd bs=4096 count=1 < /out >> /read 2> /dev/null";
    const isFull = `perl -MFcntl -e 'sysopen(OUT, "/out", O_WRONLY | O_NONBLOCK) or exit 1; vec($set, fileno(OUT), 1) = 1; exit select(undef, $set, undef, 0)'`;
    const sleeps = "grep -q '^State:.S' /proc/$(cat /run/syslog-ng.pid)/status";
    for (let rotation = 1; rotation <= 3; rotation++) {
      await container.until(`${isFull} && ${sleeps}`);
      // Into the room of a page it writes as many messages as fit, and has the next one ready.
      await container.sh(readPage);
      await container.until(`${isFull} && ${sleeps}`);
      await container.sh("logrotate --force /etc/logrotate.conf");
      const areNew = "[ -s /var/log/syslog ] && [ -s /var/log/user.log ] && [ -s /var/log/mine.log ]";
      await container.until(`${readPage}; sleep 0.2; ${areNew}`);
    }
    await container.sh("cat < /out >> /read 2> /dev/null &");
    assert.equal((await flood).stdout, "refused 0\n");
    await container.sh("logger the end");
    for (const file of ["/read", "/var/log/syslog", "/var/log/user.log", "/var/log/mine.log"]) {
      await container.until(`grep -q 'the end' ${file}`);
      assert.equal(await container.sh(`zcat --force ${file}* | grep -c 'flood: message'`), "2000\n", file);
      const different = await container.sh(`zcat --force ${file}* | grep -o 'flood: message [0-9]*' | sort -u | wc -l`);
      assert.equal(different, "2000\n", file);
    }
  });

  test("logs are rotated in a /var/log that others may write to, and without capabilities", async (t) => {
    for (const change of [
      "chmod 777 /var/log",
      "chown 1000:1000 /var/log",
      "chmod 775 /var/log; chgrp 1000 /var/log",
    ]) {
      const args = [
        "--tmpfs",
        "/var/log",
        "--cap-drop",
        "ALL",
        "--cap-add",
        "CHOWN",
        "--cap-add",
        "DAC_OVERRIDE",
        "--cap-add",
        "FOWNER",
      ];
      const container = await booted(t, { args });
      await container.sh(`${change}; logger one; until [ -s /var/log/syslog ]; do sleep 0.01; done`);
      await container.sh(
        "head -c 60M /dev/zero >> /var/log/syslog; /usr/lib/baseimage/rotate-when-large; [ -e /var/log/syslog.1 ]",
      );
      assert.equal(await container.sh("logrotate /etc/logrotate.conf 2>&1"), "");
    }
  });

  test("the distribution's nginx as a service writes to a new file after logrotate, and its package starts nothing", async (t) => {
    const name = await imageWith(
      t,
      { "/etc/service/nginx/run": "exec nginx -g 'daemon off;'" },
      "RUN install_clean nginx && ! pgrep nginx",
    );
    const container = await booted(t, { image: name });
    await container.until("[ -s /run/nginx.pid ] && sv check nginx");
    const pid = await container.sh("cat /run/nginx.pid");
    const ask = (word: string) =>
      container.sh(
        `perl -MSocket -e 'socket(S, AF_INET, SOCK_STREAM, 0); connect(S, sockaddr_in(80, INADDR_LOOPBACK)) or die; syswrite S, "GET /${word} HTTP/1.0\\r\\n\\r\\n"; 1 while <S>'`,
      );
    await ask("before");
    await container.sh("logrotate --force /etc/logrotate.d/nginx");
    await container.until(
      "[ -e /var/log/nginx/access.log ] && ls -l /proc/$(cat /run/nginx.pid)/fd | grep -q 'access.log$'",
    );
    await ask("after");
    await container.until("grep -q after /var/log/nginx/access.log");
    assert.equal(await container.sh("grep -c after /var/log/nginx/access.log.1 || true"), "0\n");
    for (const action of ["reload", "force-reload", "restart", "stop", "start"])
      await container.sh(`invoke-rc.d nginx ${action}`);
    assert.equal(await container.sh("cat /run/nginx.pid"), pid);
    assert.equal(await container.sh("pgrep -c -P $(cat /run/nginx.pid) nginx > /dev/null; pgrep -x -o nginx"), pid);
    await container.sh("sv stop nginx");
    for (const action of ["rotate", "reload", "force-reload"]) await container.sh(`invoke-rc.d nginx ${action}`);
    assert.equal(await container.sh("pgrep nginx || true"), "");
  });

  test("logs are rotated daily by cron, and a week of them is kept", async (t) => {
    const container = await booted(t);
    await container.sh(
      "logger one; until [ -s /var/log/syslog ]; do sleep 0.01; done; test -x /etc/cron.daily/logrotate",
    );
    for (let day = 1; day <= 10; day++) {
      // As if logrotate had last been there days ago.
      await container.sh(
        'printf \'logrotate state -- version 2\\n"/var/log/syslog" 2020-1-1-0:0:0\\n"/var/log/user.log" 2020-1-1-0:0:0\\n\' > /var/lib/logrotate/status',
      );
      await container.sh("/etc/cron.daily/logrotate");
      await container.sh(`echo day ${day} >> /var/log/syslog`); // what is empty is not rotated
    }
    assert.equal(await container.sh("ls /var/log | grep -c '^syslog'"), "8\n");
  });

  test("a full disk below /var/log costs the files, not docker logs, and stops no process", async (t) => {
    const container = await booted(t, {
      image: await imageWith(t, {}),
      args: ["--tmpfs", "/var/log:size=64k"],
      env: { SHUTDOWN_TIMEOUT: "60" },
    });
    const { stdout } = await container.exec(["/fixtures/flood.pl", "20000"]);
    assert.equal(stdout, "refused 0\n");
    await container.waitForLog("message 20000.");
    assert.equal(count((await container.logs()).stdout, "flood: message"), 20_000);
    assert.ok((await container.stop({ graceSeconds: 60 })) < 25_000);
  });

  test("deleted as in the original's documentation, it is gone without a message", async (t) => {
    const name = await buildImage(
      t,
      `FROM ${image}\nRUN rm /etc/my_init.d/10_syslog-ng.init && rm /etc/my_init.post_shutdown.d/10_syslog-ng.shutdown`,
    );
    const outcome = await runContainer(t, {
      image: name,
      command: ["my_init", "--", "sh", "-c", "ls /dev/log; ps ax"],
    });
    assert.doesNotMatch(outcome.stdout, /syslog/);
    assert.doesNotMatch(outcome.stderr, /system log|syslog-ng/);
  });

  test("a /dev/log from outside the container is not touched", async (t) => {
    const outcome = await runContainer(t, {
      command: ["my_init", "--", "test", "-c", "/dev/log"],
      args: ["--volume", "/dev/null:/dev/log"],
    });
    assert.equal(outcome.status, 0, outcome.stderr);
    assert.match(outcome.stderr, /^\*\*\* "\/dev\/log" is not ours \(.*EBUSY.*\): no system log daemon is started$/m);
  });

  test("the output keeps its owner and mode", async (t) => {
    for (const args of [[], ["--tty"]]) {
      const look = "stat -L -c '%a %u:%g' /dev/stdout";
      const { stdout, status } = await runContainer(t, {
        command: ["sh", "-c", `${look}; my_init --quiet -- sh -c "logger hello; ${look}"`],
        args,
      });
      assert.equal(status, 0);
      const lines = stdout.replaceAll("\r", "").trim().split("\n");
      // As above, the command cannot see when the message is written.
      const [before, after, ...rest] = lines.filter((line) => !line.endsWith(" hello"));
      assert.equal(lines.length, 3, stdout);
      assert.equal(after, before);
      assert.deepEqual(rest, []);
    }
  });

  test("if the reader of the output has ended, a stop is not delayed", async (t) => {
    // No message can be seen any more: half a second is time enough for both to be written.
    const line = "my_init --quiet -- sh -c 'echo up; logger one; logger two; sleep 0.5' 2> /err | head -1; cat /err";
    const begin = performance.now();
    const { stdout } = await runContainer(t, { command: ["bash", "-c", line], env: { SHUTDOWN_TIMEOUT: "60" } });
    assert.equal(stdout, "up\n");
    const tookMs = performance.now() - begin;
    assert.ok(tookMs < patient(25_000), `${tookMs} ms`);
  });

  test("a second my_init in the container uses the first one's", async (t) => {
    const container = await booted(t);
    const second = await container.exec(["my_init", "--quiet", "--skip-runit", "--", "logger", "from the second"]);
    assert.equal(second.status, 0);
    assert.equal(second.stderr, "");
    await container.sh("logger from the first");
    await container.waitForLog("from the first");
    assert.match((await container.logs()).stdout, /root: from the second$/m);
  });

  test("docker stop is as quick with it, also immediately after a start, and while messages come", async (t) => {
    const name = await imageWith(t, { "/etc/service/talks/run": "while logger hello; do :; done" });
    const container = await booted(t, { image: name, env: { SHUTDOWN_TIMEOUT: "60" } });
    await container.waitForLog("hello");
    const tookMs = await container.stop({ graceSeconds: 60 });
    assert.equal(await container.exitCode(), 0);
    assert.ok(tookMs < patient(25_000), `${tookMs} ms`);
    assert.doesNotMatch((await container.logs()).stderr, /Forcing/);
  });

  test("the build adapts the configuration to an older syslog-ng, and says in one line what syslog-ng refuses", async (t) => {
    const container = await startContainer(t, { command: ["sleep", "600"] });
    const configure = () => container.exec(["sh"], { input: readFileSync("image/configure/syslog.sh") });
    const files = "/etc/syslog-ng/syslog-ng.conf /etc/my_init.d/10_syslog-ng.init";
    const built = await container.sh(`cat ${files}`);
    assert.deepEqual([(await configure()).stderr, await container.sh(`cat ${files}`)], ["", built], "once is enough");

    const older = `#!/bin/sh
case " $* " in *" --no-module-discovery "*) exit 1 ;; *" --cfgfile="*) ! grep -q 'stats(' "\${*##*--cfgfile=}" || exit 1 ;; esac
exec /usr/sbin/syslog-ng.real "$@"`;
    await container.sh(`cd /usr/sbin && mv syslog-ng syslog-ng.real && cat > syslog-ng << 'END' && chmod 755 syslog-ng
${older}
END`);
    const adapted = await configure();
    assert.deepEqual([adapted.status, adapted.stderr], [0, ""]);
    assert.match(await container.sh(`cat ${files}`), /stats-freq\(0\);[^]*SYSLOGNG_OPTS="\$SYSLOGNG_OPTS" ;;/);

    await container.sh("echo 'options { no-such-option(yes); };' >> /etc/syslog-ng/syslog-ng.conf");
    const refused = await configure();
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /^\/etc\/syslog-ng\/syslog-ng\.conf: Error parsing .*\/syslog-ng\.conf:\d+.*\n$/);
  });
});
