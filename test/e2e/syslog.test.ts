// syslog-ng and logrotate. Spec section 1.
import assert from "node:assert/strict";
import { test } from "node:test";
import { buildImage, image, run, runContainer, startContainer } from "../support/container.ts";
import { imageWith } from "../support/derived-image.ts";

/** How often the container is booted that logs from its first script to its last. */
const BOOTS = Number(process.env["BOOTS"] ?? 100);
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
      // To the facility of the kernel only the kernel may write: logger says user instead.
      assert.equal(count(stdout, `message ${facility} ${level} end`), 1, `${facility}.${level}`);
    }
  }
  assert.match(stdout, /^\w{3} [ \d]\d \d\d:\d\d:\d\d [0-9a-f]{12} root: message auth emerg end$/m);
});

test("files are root:adm 0640: syslog has all but what is private, which auth.log has", async (t) => {
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

test("it says nothing of itself, and listens on no network", async (t) => {
  const container = await booted(t);
  await container.sh("kill -HUP $(cat /run/syslog-ng.pid); logger marker");
  await container.waitForLog("marker");
  const { stdout, stderr } = await container.logs();
  assert.match(stdout, /^\S+ +\d+ \S+ \S+ root: marker\n$/);
  await container.until("grep -q 'cron.*INFO' /var/log/cron.log");
  assert.doesNotMatch(stderr, /syslog/);
  assert.equal(
    await container.sh("cat /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6 | grep -v local_address || true"),
    "",
  );
});

test(`${MESSAGES} messages each of the first script, a stopping service and the last script, ${BOOTS} boots in a row`, async (t) => {
  const say = (who: string) => `for i in $(seq ${MESSAGES}); do logger "${who} $BOOT.$i."; done`;
  const name = await imageWith(t, {
    "/etc/my_init.d/00_first": `BOOT=$(cat /boots 2> /dev/null || echo 1); ${say("first")}`,
    "/etc/service/last-words/run": "trap 'exec ./say' TERM; touch /ready; while :; do sleep 100 & wait; done",
    "/etc/service/last-words/say": `BOOT=$(cat /boots 2> /dev/null || echo 1); ${say("stopping")}`,
    "/etc/my_init.post_shutdown.d/99_last": `BOOT=$(cat /boots 2> /dev/null || echo 1); ${say("last")}; echo $((BOOT + 1)) > /boots`,
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
    for (const who of ["first", "stopping", "last"]) {
      for (let boot = 1; boot <= BOOTS; boot++) {
        for (let i = 1; i <= MESSAGES; i++)
          if (!text.includes(` ${who} ${boot}.${i}.\n`)) lost.push(`${who} ${boot}.${i}`);
      }
    }
    assert.deepEqual(lost, [], where);
    assert.equal(count(text, /(first|stopping|last) \d+\.\d+\.$/), 3 * BOOTS * MESSAGES, `${where}: twice`);
  }
});

test("killed, it comes back", async (t) => {
  const container = await booted(t);
  await container.sh("sleep 1.1"); // who dies younger is started again after a pause
  const pid = await container.sh("cat /run/syslog-ng.pid");
  await container.sh("kill -9 $(cat /run/syslog-ng.pid)");
  await container.until(`[ "$(cat /run/syslog-ng.pid)" != ${pid.trim()} ] && logger back`);
  await container.waitForLog(" back");
  assert.match(
    (await container.logs()).stderr,
    /\*\*\* the system log daemon was killed by signal 9 \(SIGKILL\); it is started again\n/,
  );
});

test("a broken configuration costs a warning, never the boot, and no program waits for it", async (t) => {
  const name = await imageWith(t, {
    "/etc/syslog-ng/conf.d/mine.conf": "destination d_x { nonsense(); };",
    "/etc/my_init.d/50_talks": "for i in $(seq 50); do logger hello; done",
  });
  const outcome = await runContainer(t, {
    image: name,
    command: ["my_init", "--quiet", "--", "sh", "-c", "logger hello; echo ran"],
  });
  assert.equal(outcome.status, 0);
  assert.equal(outcome.stdout, "ran\n");
  assert.match(outcome.stderr, /mine\.conf:2/);
  assert.match(outcome.stderr, /\*\*\* the system log daemon failed with status 1; it is tried again in 1 s\n/);
});

test("one's own rules in conf.d work, whatever modules they need", async (t) => {
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
  const talk = "/sbin/my_init --quiet -- sh -c 'echo before; logger -t T hello; sleep 0.2; echo after'";
  const pipe = await runContainer(t, { image: name, command: ["sh", "-c", talk] });
  const terminal = await runContainer(t, { image: name, command: ["sh", "-c", talk], args: ["--tty"] });
  const file = await runContainer(t, { image: name, command: ["sh", "-c", `${talk} > /out; cat /out`] });
  const socket = await runContainer(t, { image: name, command: ["/fixtures/socket-stdout.pl", "sh", "-c", talk] });
  for (const [kind, { stdout, stderr, status }] of Object.entries({ pipe, terminal, file, socket })) {
    assert.equal(status, 0, `${kind}: ${stderr}`);
    const lines = stdout.replaceAll("\r", "").trim().split("\n");
    assert.deepEqual(
      lines.map((line) => line.replace(/^.* T: /, "")),
      ["before", "hello", "after"],
      kind,
    );
    assert.equal(stderr, "", kind);
  }
});

test("100,000 messages at full speed with three rotations in between: none is lost", async (t) => {
  const container = await booted(t, { image: await imageWith(t, {}) });
  const isInFile = (sign: string, least: number) => `[ "$(grep -c '${sign}' /var/log/user.log)" -ge ${least} ]`;
  for (let part = 1; part <= 4; part++) {
    // What has just been rotated is written to for some seconds more: without a new file there is nothing to rotate.
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

test("a slow reader of the output gets every message, also what waits for it while logs are rotated", async (t) => {
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
    // Into a page's room it writes as many of those that it has as there is room for, and holds the next one ready.
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

test("what is large is rotated before its day is over, by a job that is no news", async (t) => {
  const container = await booted(t);
  await container.sh(
    "logger small; until [ -e /var/log/user.log ]; do sleep 0.01; done; /usr/lib/baseimage/rotate-when-large",
  );
  assert.equal(await container.sh("ls /var/log | grep -c 'user.log' "), "1\n");
  await container.sh("head -c 60M /dev/zero >> /var/log/user.log; /usr/lib/baseimage/rotate-when-large");
  await container.until("logger afterwards; grep -q afterwards /var/log/user.log && [ -e /var/log/user.log.1 ]");
  assert.equal(await container.sh("stat -c '%a %U:%G' /var/log/user.log"), "640 root:adm\n");
  assert.match(
    await container.sh("cat /etc/cron.d/rotate-when-large"),
    /^\* \* \* \* \* root \/usr\/lib\/baseimage\/rotate-when-large$/m,
  );
  await container.sh(
    `logger -t CRON -p cron.info '(root) CMD (/usr/lib/baseimage/rotate-when-large)'; logger -t CRON -p cron.info '(root) CMD (other)'`,
  );
  await container.waitForLog("CMD (other)");
  assert.doesNotMatch((await container.logs()).stdout, /rotate-when-large/);
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

test("a full disk below /var/log costs the files, not docker logs, and stops nobody", async (t) => {
  const container = await booted(t, { image: await imageWith(t, {}), args: ["--tmpfs", "/var/log:size=64k"] });
  const { stdout } = await container.exec(["/fixtures/flood.pl", "20000"]);
  assert.equal(stdout, "refused 0\n");
  await container.waitForLog("message 20000.");
  assert.equal(count((await container.logs()).stdout, "flood: message"), 20_000);
  assert.ok((await container.stop()) < 5000);
});

test("deleted like the original's, it is not there and nothing is said of it", async (t) => {
  const name = await buildImage(
    t,
    `FROM ${image}\nRUN rm /etc/my_init.d/10_syslog-ng.init && rm /etc/my_init.post_shutdown.d/10_syslog-ng.shutdown`,
  );
  const outcome = await runContainer(t, { image: name, command: ["my_init", "--", "sh", "-c", "ls /dev/log; ps ax"] });
  assert.doesNotMatch(outcome.stdout, /syslog/);
  assert.doesNotMatch(outcome.stderr, /system log|syslog-ng/);
});

test("a /dev/log from outside is left to its owner", async (t) => {
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
      command: ["sh", "-c", `${look}; my_init --quiet -- sh -c "logger hello; sleep 0.2; ${look}"`],
      args,
    });
    assert.equal(status, 0);
    const [before, message, after, ...rest] = stdout.replaceAll("\r", "").trim().split("\n");
    assert.match(message ?? "", / hello$/);
    assert.equal(after, before);
    assert.deepEqual(rest, []);
  }
});

test("where the reader of the output has gone, a stop is not held up", async (t) => {
  const line = "my_init --quiet -- sh -c 'echo up; logger one; logger two; sleep 0.5' 2> /err | head -1; cat /err";
  const begin = performance.now();
  const { stdout } = await runContainer(t, { command: ["bash", "-c", line] });
  assert.equal(stdout, "up\n");
  const tookMs = performance.now() - begin;
  assert.ok(tookMs < 6000, `${tookMs} ms`);
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

test("docker stop is as quick with it, also right after a start, and while messages come", async (t) => {
  const name = await imageWith(t, { "/etc/service/talks/run": "while logger hello; do :; done" });
  const container = await booted(t, { image: name });
  await container.waitForLog("hello");
  const tookMs = await container.stop();
  assert.equal(await container.exitCode(), 0);
  assert.ok(tookMs < 5000, `${tookMs} ms`);
  assert.doesNotMatch((await container.logs()).stderr, /Forcing/);
});
