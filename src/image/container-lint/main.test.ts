import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux, type FakeProgram, type FileOptions } from "../../../test/support/fake-linux.ts";
import * as habit from "../../../test/support/fake-programs.ts";
import { main } from "./main.ts";
import { FOREIGN } from "./migration.ts";

/** A file and its attributes. A string: an executable file of this content. */
type Files = Readonly<Record<string, string | ({ readonly content: string } & FileOptions)>>;

const SH = "#!/bin/sh\n";
const SIGKILL = 9;

/** A container in which all is well. */
const CLEAN: Files = {
  "/bin/sh": "\x7fELF",
  "/etc/service/web/run": SH,
  "/etc/service/web/needs": { content: "db\n" },
  "/etc/service/web/stop-signal": { content: "QUIT # lets requests end\r\n" },
  "/etc/service/web/stop-timeout": { content: "5" },
  "/etc/service/web/log/run": SH,
  "/etc/service/db/run": SH,
  "/etc/service/db/control/t": SH,
  "/etc/service/db/check": SH,
  "/etc/service/off/down": { content: "" },
  "/etc/my_init.d/10_first": SH,
  "/etc/my_init.d/.hidden": { content: "" },
  "/etc/my_init.post_shutdown.d/placeholder": { content: "" },
  "/etc/passwd": { content: "root:x:0:0:root:/root:/bin/sh\njoe:x:1000:1000::/home/joe:/bin/sh\n" },
  "/etc/crontab": { content: "#\nSHELL = /bin/sh\n17 *\t* * *\troot\tcd /\n", mode: 0o600 },
  "/etc/cron.d/job": { content: 'MAILTO=""\n\n*/5 * * * * joe true\n  @daily root true\n# end' },
  "/etc/cron.d/.placeholder": { content: "", uid: 7 },
  "/etc/cron.d/job.dpkg-old": { content: "" },
  "/etc/cron.d/job.disabled": { content: "" },
  "/etc/cron.daily/job": SH,
  "/etc/cron.daily/empty": { content: "" },
  "/etc/logrotate.d/a.b": { content: "/var/log/a {}" },
  "/etc/container_environment/A": { content: "a b\n" },
  "/etc/container_environment/EMPTY": { content: "" },
  "/etc/ssh/ssh_host_ed25519_key.pub": { content: "ssh-ed25519 AAAA" },
  "/etc/ssh/sshd_config": { content: "" },
  "/root/.ssh/authorized_keys": { content: "# no key\n" },
  "/run/init.pid": { content: "1\n" },
  "/run/more/odd.pid": { content: "none" },
};

/** Runs container_lint in the clean container with more or other files. */
function lint(files: Files, words: readonly string[] = [], environ: readonly string[] = []) {
  const linux = new FakeLinux({ argv: ["container_lint", ...words], environ, pid: 7 });
  for (const [path, file] of Object.entries({ ...CLEAN, ...files })) {
    for (let end = path.indexOf("/", 1); end > 0; end = path.indexOf("/", end + 1)) {
      linux.addDirectory(path.slice(0, end));
    }
    const { content, ...options } = typeof file === "string" ? { content: file, mode: 0o755 } : file;
    linux.addFile(path, content, options);
  }
  const status = main(linux);
  return { status, printed: linux.stdout.text, error: linux.stderr.text };
}

test("nothing is found where nothing is wrong", () => {
  assert.deepEqual(lint({}), { status: 0, printed: "", error: "" });
  assert.deepEqual(lint({}, ["--json"]), {
    status: 0,
    printed: '{"errors":0,"warnings":0,"findings":[]}\n',
    error: "",
  });
});

/** A broken file, and what is said of it: with a level it is one line and the whole of what is printed. */
const BROKEN: readonly (readonly [files: Files, printed: string])[] = [
  [
    { "/etc/service/web/run": "#!/bin/sh\r\n" },
    "error: /etc/service/web/run: its first line ends as on Windows (CR LF); save it with Unix line ends (ENOENT)",
  ],
  [
    { "/etc/service/new/README": { content: "" } },
    "error: /etc/service/new/run: no such file or directory (ENOENT); put a program there that this system can run",
  ],
  [
    { "/etc/service/web/log/run": { content: SH } },
    "error: /etc/service/web/log/run: no permission; make it executable with chmod +x (EACCES)",
  ],
  [
    { "/etc/service/app.sh": SH },
    "warning: /etc/service/app.sh: it is no directory; make it a directory with a program run, or delete it",
  ],
  [
    { "/etc/service/db/needs": { content: "\nnone\n" } },
    'error: /etc/service/db/needs, line 2: there is no service "none" in /etc/service; ' +
      "correct the name or take the line out",
  ],
  [
    { "/etc/service/db/needs": { content: "web\n" } },
    "error: /etc/service/db/needs, line 1: services need each other in a circle, db -> web -> db; " +
      "take one of them out",
  ],
  [
    { "/etc/service/db/restart": { content: "\npolicy sometimes\n" } },
    'error: /etc/service/db/restart, line 2: "sometimes" is no policy; ' +
      "write policy always|on-failure|never, delay SECONDS [SECONDS] or give-up ENDS SECONDS",
  ],
  [
    { "/etc/service/db/restart": { content: "delay 5\n" }, "/etc/service/db/essential": { content: "" } },
    "warning: /etc/service/db/essential: it has no effect: the service is always started again; " +
      "add give-up to its file restart",
  ],
  [
    { "/etc/service/web/stop-signal": { content: "\nQUITT\n" } },
    'error: /etc/service/web/stop-signal, line 2: "QUITT" is no signal that can end a service; write one signal such as QUIT, SIGQUIT, RTMIN+3 or 3',
  ],
  [
    { "/etc/service/db/stop-timeout": { content: "0" } },
    'error: /etc/service/db/stop-timeout, line 1: "0" is no time limit; write one whole number of seconds, 1 or more',
  ],
  [
    { "/etc/service/db/stop-signal": { content: "QUIT" } },
    'warning: /etc/service/db/stop-signal: it has no effect, because "/etc/service/db/control/t" stops the service; ' +
      "delete one of the two",
  ],
  [
    { "/etc/my_init.d/10_first": "#!/bin/bsh\n" },
    'error: /etc/my_init.d/10_first: no such interpreter "/bin/bsh" (ENOENT); ' +
      "put a program there that this system can run",
  ],
  [
    { "/etc/my_init.d/20_second": { content: SH } },
    "warning: /etc/my_init.d/20_second: it is not executable; make it a file that can be executed, or delete it",
  ],
  [
    { "/etc/my_init.pre_shutdown.d/drain": "echo\n" },
    "error: /etc/my_init.pre_shutdown.d/drain: it is no program, and its first line does not begin with #! (ENOEXEC); " +
      "put a program there that this system can run",
  ],
  [
    { "/etc/container_environment/A=B": { content: "" } },
    'error: /etc/container_environment/A=B: "/etc/container_environment/A=B" is no variable: ' +
      "a variable's name cannot have an equals sign; correct it or delete it",
  ],
  [
    { "/etc/container_environment/B": { content: "a\0" } },
    'error: /etc/container_environment/B: cannot use "/etc/container_environment/B": ' +
      "a variable cannot hold a NUL byte; correct it or delete it",
  ],
  [
    { "/etc/container_environment/my.env": { content: "a" } },
    "warning: /etc/container_environment/my.env: not in /etc/container_environment.sh, as no shell can set this name; " +
      "rename it",
  ],
  ...["a ", "a\r\n", "a\t\n", "a\n\n"].map(
    (content) =>
      [
        { "/etc/container_environment/B": { content } },
        "warning: /etc/container_environment/B: its value ends in a blank; delete the blank, a CR too",
      ] as const,
  ),
  [
    { "/etc/cron.d/my.job": { content: "" } },
    "error: /etc/cron.d/my.job: cron ignores it, as a name may only have letters, digits, _ and -; rename it",
  ],
  [
    { "/etc/cron.weekly/a+b": SH },
    "error: /etc/cron.weekly/a+b: cron ignores it, as a name may only have letters, digits, _ and -; rename it",
  ],
  [
    { "/etc/cron.hourly/job": { content: SH } },
    "error: /etc/cron.hourly/job: cron ignores it, as it is not executable; say chmod +x",
  ],
  ...["/etc/crontab", "/etc/cron.d/job", "/etc/logrotate.d/job"].flatMap((path) => [
    [
      { [path]: { content: "", uid: 7 } },
      `error: ${path}: it is ignored, as its owner is not root; say chown root`,
    ] as const,
    [
      { [path]: { content: "", mode: 0o664 } },
      `error: ${path}: it is ignored, as not only root may write to it; say chmod 644`,
    ] as const,
  ]),
  ...(
    [
      ["* * * * * true\n", 1, '"true" is no user, or has no command; write USER COMMAND after the time'],
      ["\n@daily /bin/true\n", 2, '"/bin/true" is no user, or has no command; write USER COMMAND after the time'],
      ["* * * * * root\n", 1, '"root" is no user, or has no command; write USER COMMAND after the time'],
      ["1 2\n", 1, '"" is no user, or has no command; write USER COMMAND after the time'],
      ["* * * * * root true\r\n", 1, "it ends as on Windows (CR LF); save the file with Unix line ends"],
      ["A=1\nevery day\n", 2, "this is no job; correct the line"],
      ["* * * * * root true\n* * * * * root false", 2, "the last line has no newline; add one"],
      ["A=1", 1, "the last line has no newline; add one"],
    ] as const
  ).map(
    ([content, line, reason]) =>
      [{ "/etc/cron.d/job": { content } }, `error: /etc/cron.d/job, line ${line}: ${reason}`] as const,
  ),
  [
    { "/etc/service/db/supervise/ok": { content: "" } },
    "warning: /etc/service/db/supervise: no runsv uses it; delete it",
  ],
  [
    { "/etc/service/web/log/supervise/lock": { content: "" } },
    "warning: /etc/service/web/log/supervise: no runsv uses it; delete it",
  ],
  ...["/run/app.pid", "/run/app/app.pid"].map(
    (path) =>
      [
        { [path]: { content: "4242\n" } },
        `warning: ${path}: its process has ended; delete it, or its daemon may not start`,
      ] as const,
  ),
  [
    { "/etc/ssh/ssh_host_rsa_key": { content: "" } },
    "warning: /etc/ssh/ssh_host_rsa_key: all containers of the image have this host key; delete it",
  ],
  ...["/root/.ssh/authorized_keys2", "/home/joe/.ssh/authorized_keys"].map(
    (path) =>
      [
        { [path]: { content: "ssh-ed25519 AAAAC3Nz joe@box\n", uid: 1000 } },
        `warning: ${path}: its keys open all containers of the image; delete those that are not to`,
      ] as const,
  ),
  ...FOREIGN.map(([place, word, other, advice]) => {
    const path = place === "run" ? "/etc/service/db/run" : `${place}/job`;
    return [{ [path]: { content: `${SH}${word}${other}\n`, mode: 0o755 } }, `warning: ${path}: ${advice}`] as const;
  }),
  [
    { "/etc/rc.local": "" },
    "error: /etc/rc.local: it is empty (ENOEXEC); put a program there that this system can run",
  ],
];

for (const [files, line] of BROKEN) {
  test(`one line: ${line}`, () => {
    assert.deepEqual(lint(files), { status: line.startsWith("error") ? 1 : 0, printed: `${line}\n`, error: "" });
  });
}

test("each mistake has its line, and one error is enough for status 1", () => {
  const { printed, status } = lint({
    "/etc/service/web/run": "",
    "/etc/service/web/needs": { content: "no\nnone\n" },
    "/etc/service/db/needs": { content: "web soon\n" },
    "/etc/my_init.d/20_second": { content: SH },
  });
  assert.equal(status, 1);
  const places = printed.split("\n").map((line) => line.split(": ").slice(0, 2).join(" "));
  assert.deepEqual(places, [
    "error /etc/service/web/run",
    "error /etc/service/db/needs, line 1",
    "error /etc/service/web/needs, line 1",
    "error /etc/service/web/needs, line 2",
    "warning /etc/my_init.d/20_second",
    "",
  ]);
});

test("scripts are looked for where ENV_INIT_DIRECTORY says", () => {
  const files = { "/etc/my_init.d/10_first": "", "/mine/10_first": "#!/bin/bsh" };
  const { printed } = lint(files, [], ["ENV_INIT_DIRECTORY=/mine"]);
  assert.ok(printed.startsWith("error: /mine/10_first: "), printed);
  assert.equal(printed.split("\n").length, 2);
});

test("unknown words are refused", () => {
  const { status, error } = lint({}, ["/etc/service"]);
  assert.equal(status, 2);
  assert.ok(error.startsWith('container_lint: unknown word "/etc/service"\nusage: container_lint [--json]\n'), error);
});

/** Runs container_lint where syslog-ng or sshd is installed, ends so, and has printed this, and this when asked again. */
function lintConfiguration(needed: string, file: string, printed: string, program: FakeProgram, again = "") {
  const linux = new FakeLinux({ argv: ["container_lint"], pid: 7 });
  linux.addDirectory("/etc/my_init.d");
  if (needed.includes("sshd")) for (const path of ["/etc/service", "/etc/service/sshd"]) linux.addDirectory(path);
  linux.addFile("/bin/sh", "\x7fELF", { mode: 0o755 });
  linux.addFile(needed, SH, { mode: 0o755 });
  linux.addProgram(file, program);
  linux.addFile("/proc/self/fd/10", printed);
  linux.addFile("/proc/self/fd/11", again);
  main(linux);
  return linux;
}

test("syslog-ng and sshd say what is wrong with their configurations, and their words name the file", () => {
  const syslog = ["/etc/my_init.d/10_syslog-ng.init", "/usr/sbin/syslog-ng"] as const;
  const sshd = ["/etc/service/sshd/run", "/usr/sbin/sshd"] as const;
  const said = (where: readonly [string, string], printed: string, program = habit.exitsAfter(5, 1)) =>
    lintConfiguration(...where, printed, program).stdout.text;
  const syntax = "Error in /etc/syslog-ng/conf.d/a.conf:1:1-1:4:";
  assert.equal(
    said(syslog, `Setting version\n${syntax}\nIncluded from /etc/syslog-ng/syslog-ng.conf\n`),
    `error: /etc/syslog-ng/conf.d/a.conf: /usr/sbin/syslog-ng --syntax-only says "${syntax}"; correct the configuration\n`,
  );
  const option = "/etc/ssh/sshd_config line 3: no \x1b";
  assert.equal(
    said(sshd, option),
    'error: /etc/ssh/sshd_config: /usr/sbin/sshd -G says "/etc/ssh/sshd_config line 3: no \\x1b"; ' +
      "correct the configuration\n",
  );
  assert.equal(
    said(sshd, "no memory\n"),
    'error: /usr/sbin/sshd: /usr/sbin/sshd -G says "no memory"; correct the configuration\n',
  );
  assert.equal(said(sshd, option, habit.exitsAfter(5)), "");
});

test("an sshd that cannot test its configuration without host keys is asked in another way", () => {
  const said = (again: string) => {
    const unknown = "unknown option -- G\nusage: sshd\n";
    const where = ["/etc/service/sshd/run", "/usr/sbin/sshd"] as const;
    return lintConfiguration(...where, unknown, habit.exitsAfter(5, 1), again).stdout.text;
  };
  const noKeys = "Unable to load host key: /etc/ssh/ssh_host_ed25519_key\nsshd: no hostkeys available -- exiting.\n";
  assert.equal(said(noKeys), "");
  assert.equal(said("Missing privilege separation directory: /run/sshd\n"), "");
  const option = "/etc/ssh/sshd_config: line 3: Bad configuration option: X";
  assert.equal(
    said(`${option}\n/etc/ssh/sshd_config: terminating, 1 bad configuration options\n`),
    `error: /etc/ssh/sshd_config: /usr/sbin/sshd -t says "${option}"; correct the configuration\n`,
  );
});

test("a program that tests its configuration for ten seconds is killed, and that is an error", () => {
  const linux = lintConfiguration("/etc/service/sshd/run", "/usr/sbin/sshd", "", habit.ignoresTerm);
  assert.ok(linux.stdout.text.startsWith("error: /usr/sbin/sshd: "), linux.stdout.text);
  assert.equal(linux.history.find(({ file }) => file === "/usr/sbin/sshd")?.status, SIGKILL);
});

test("a program that is not installed, or whose service was deleted, is not asked", () => {
  for (const file of ["/usr/sbin/syslog-ng", "/usr/bin/true"]) {
    assert.equal(lintConfiguration("/etc/service/sshd/run", file, "", habit.exitsAfter(5, 1)).stdout.text, "");
  }
});

test("in a container that runs, host keys and authorized keys are no finding", () => {
  const linux = new FakeLinux({ argv: ["container_lint"], pid: 7 });
  const [init] = linux.processes.values();
  if (init !== undefined) init.argv = ["/sbin/my_init"];
  linux.addFile("/usr/sbin/my_init", "");
  for (const path of ["/proc/self/exe", "/proc/1/exe"]) linux.addLink(path, "/usr/sbin/my_init");
  linux.addDirectory("/etc/ssh");
  linux.addFile("/etc/ssh/ssh_host_rsa_key", "");
  assert.equal(main(linux), 0);
  assert.equal(linux.stdout.text, "");
});

test("a link is followed only where no user but root can change it", () => {
  for (const [mode, printed] of [
    [0o755, "error: /etc/cron.d/job: it is ignored, as its owner is not root; say chown root\n"],
    [0o775, ""],
  ] as const) {
    const linux = new FakeLinux({ argv: ["container_lint"], pid: 7 });
    linux.addDirectory("/etc/cron.d", { mode });
    linux.addDirectory("/srv");
    linux.addFile("/srv/job", "", { uid: 7 });
    linux.addLink("/etc/cron.d/job", "/srv/job");
    main(linux);
    assert.equal(linux.stdout.text, printed);
  }
});
