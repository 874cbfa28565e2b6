// The scripts of boot and shutdown: which run, their order, and warnings about the others. See docs/reference/my_init.md
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { describe, test } from "node:test";
import { dockerEnv, makeView, processRing, runInit } from "../support/process.ts";

const bare = ["--skip-runit", "--", "true"];

describe("scripts", processRing, () => {
  test("startup scripts run in byte order of their names, rc.local after them, services after that, the command last", async (t) => {
    const names = ["9", "10", "10_a", "B", "a", "_", "\xe9", "~", "2"];
    const ended = await runInit(t, {
      scripts: {
        ...Object.fromEntries(names.map((name) => [`/etc/my_init.d/${name}`, 'echo "${0##*/}"'])),
        "/etc/rc.local": 'echo "rc.local, runsvdir:$(pgrep runsvdir)"',
      },
      // Its process may have started and not executed runsvdir yet.
      args: ["--", "sh", "-c", "until pgrep -x runsvdir > /dev/null; do sleep 0.02; done; echo command, runsvdir:up"],
    });
    assert.deepEqual(ended.stdout.split("\n"), [
      ...[...names].sort(),
      "rc.local, runsvdir:",
      "command, runsvdir:up",
      "",
    ]);
  });

  test("scripts run one at a time: the next starts when the last has ended", async (t) => {
    const ended = await runInit(t, {
      // Time enough for a second script that does not wait.
      scripts: { "/etc/my_init.d/10_a": "sleep 0.3; echo a ends", "/etc/my_init.d/20_b": "echo b begins" },
      args: bare,
    });
    assert.equal(ended.stdout, "a ends\nb begins\n");
  });

  test("a dotfile and a subdirectory are skipped silently, a file that is not executable with a warning", async (t) => {
    const view = await makeView(t);
    for (const directory of ["my_init.d", "my_init.pre_shutdown.d", "my_init.post_shutdown.d"]) {
      view.script(`/etc/${directory}/.hidden`, "echo hidden ran");
      mkdirSync(view.path(`/etc/${directory}/directory`));
      view.write(`/etc/${directory}/plain`, "#!/bin/sh\necho plain ran\n");
      symlinkSync("/nowhere", view.path(`/etc/${directory}/dangling`));
      view.script(`/etc/${directory}/zz`, 'echo "$0 ran"');
    }
    const ended = await runInit(t, { view, args: bare });
    assert.equal(ended.status, 0);
    assert.equal(
      ended.stdout,
      "/etc/my_init.d/zz ran\n/etc/my_init.pre_shutdown.d/zz ran\n/etc/my_init.post_shutdown.d/zz ran\n",
    );
    for (const directory of ["my_init.d", "my_init.pre_shutdown.d", "my_init.post_shutdown.d"]) {
      assert.match(
        ended.stderr,
        new RegExp(`^\\*\\*\\* /etc/${directory}/plain is skipped: it is not executable$`, "m"),
      );
      assert.match(ended.stderr, new RegExp(`^\\*\\*\\* /etc/${directory}/dangling is skipped: .*ENOENT`, "m"));
    }
    assert.doesNotMatch(ended.output, /hidden|directory is/);
  });

  test("an rc.local that cannot be run is skipped with a warning, an empty or missing one silently", async (t) => {
    const view = await makeView(t);
    const boot = async () => {
      const { status, stdout, stderr } = await runInit(t, { view, args: ["--quiet", ...bare] });
      assert.deepEqual([status, stdout], [0, ""]);
      return stderr;
    };
    assert.equal(await boot(), "");
    view.write("/etc/rc.local", "");
    assert.equal(await boot(), "");
    view.write("/etc/rc.local", "#!/bin/sh\necho ran\n");
    assert.equal(await boot(), "*** /etc/rc.local is skipped: it is not executable\n");
    rmSync(view.path("/etc/rc.local"));
    // What Docker makes where the file of `--volume FILE:/etc/rc.local` is not there.
    mkdirSync(view.path("/etc/rc.local"));
    assert.equal(await boot(), "*** /etc/rc.local is skipped: it is no file\n");
  });

  test("if ENV_INIT_DIRECTORY does not exist, there is a warning", async (t) => {
    const ended = await runInit(t, {
      env: { ...dockerEnv, ENV_INIT_DIRECTORY: "/etc/mine.d" },
      args: ["--quiet", ...bare],
    });
    const line =
      'no startup scripts: cannot read "/etc/mine.d": no such file or directory (ENOENT); make the directory or correct ENV_INIT_DIRECTORY';
    assert.deepEqual([ended.status, ended.stderr], [0, `*** ${line}\n`]);
  });

  test("an entry of /etc/service that is no directory gives a warning, a dotfile does not", async (t) => {
    const view = await makeView(t);
    view.script("/etc/service/app.sh", "exec sleep 1000");
    view.script("/etc/service/.off", "exec sleep 1000");
    symlinkSync("/etc/sv/nowhere", view.path("/etc/service/dangling"));
    const ended = await runInit(t, { view, args: ["--quiet", "--", "true"] });
    const lines = ended.stderr.split("\n").filter((line) => line.includes("is no service"));
    assert.deepEqual(lines, [
      "*** /etc/service/app.sh is no service: it is no directory",
      '*** /etc/service/dangling is no service: cannot read "/etc/service/dangling": no such file or directory (ENOENT)',
    ]);
  });

  test("missing directories of scripts are no error", async (t) => {
    const ended = await runInit(t, { prepare: 'rm -r "$root"/etc/my_init.*', args: ["--quiet", ...bare] });
    assert.deepEqual([ended.status, ended.output], [0, ""]);
  });

  const foreign = `\x7fELF\x02\x02\x01${"\0".repeat(9)}\0\x02\0\x16${"\0".repeat(44)}`;
  const unrunnable: Readonly<Record<string, readonly [content: string, reason: RegExp]>> = {
    "no such interpreter": ["#!/bin/bsh -e\nexit 0\n", /no such interpreter "\/bin\/bsh" \(ENOENT\)/],
    "Windows line ends": ["#!/bin/sh\r\nexit 0\r\n", /Windows \(CR LF\)/],
    "wrong architecture": [foreign, /wrong architecture, it was built for s390x \(ENOEXEC\)/],
    "no first line": ["exit 0\n", /does not begin with #!/],
    "nothing in it": ["", /it is empty/],
    "an interpreter that is not executable": [
      "#!/etc/passwd\n",
      /no permission to execute its interpreter "\/etc\/passwd" \(EACCES\)/,
    ],
  };
  for (const [what, [content, reason]] of Object.entries(unrunnable)) {
    test(`a startup script that cannot be executed ends the boot with a message: ${what}`, async (t) => {
      const view = await makeView(t);
      view.write("/etc/my_init.d/10_it", content, 0o755);
      const ended = await runInit(t, { view, args: bare });
      assert.equal(ended.status, 126);
      assert.match(ended.stderr, /^\*\*\* cannot run "\/etc\/my_init\.d\/10_it": /m);
      assert.match(ended.stderr, reason);
      assert.match(ended.stderr, /^\*\*\* \/etc\/my_init\.d\/10_it failed with status 126$/m);
      assert.doesNotMatch(ended.stderr, /Running true/);
    });
  }

  test("the message for a script on a noexec file system differs from that for a missing executable bit", async (t) => {
    const view = await makeView(t, 'mount -t tmpfs -o noexec,mode=755 tmpfs "$root/etc/my_init.d"');
    view.script("/etc/my_init.d/10_it", "exit 0");
    const asScript = await runInit(t, { view });
    assert.match(asScript.stderr, /cannot run "\/etc\/my_init\.d\/10_it": .*noexec/);
    const asCommand = await runInit(t, { view, args: ["--skip-startup-files", "--", "/etc/my_init.d/10_it"] });
    assert.match(asCommand.stderr, /cannot run "\/etc\/my_init\.d\/10_it": .*noexec/);
    assert.deepEqual([asScript.status, asCommand.status], [126, 126]);
  });

  test("shutdown scripts run before and after the stop of the services, with the environment of that moment", async (t) => {
    const ended = await runInit(t, {
      env: { ...dockerEnv, COLOUR: "red" },
      scripts: {
        "/etc/my_init.d/10_a": "echo green > /etc/container_environment/COLOUR",
        "/etc/my_init.pre_shutdown.d/20_b": 'echo "pre 2: $COLOUR, runsv: $(pgrep -c -x runsv)"',
        "/etc/my_init.pre_shutdown.d/10_a": 'echo "pre 1"',
        "/etc/my_init.post_shutdown.d/10_a": 'echo "post: $COLOUR, runsv: $(pgrep -c -x runsv)"',
        "/etc/service/worker/run": "exec sleep 1000",
      },
      args: ["sh", "-c", "until pgrep -x runsv; do sleep 0.01; done"],
    });
    assert.match(ended.stdout, /^pre 1\npre 2: green, runsv: 1\npost: green, runsv: 0\n$/m);
  });

  test("shutdown scripts also run with --skip-runit and with --skip-startup-files", async (t) => {
    const scripts = {
      "/etc/my_init.pre_shutdown.d/10_a": "echo pre",
      "/etc/my_init.post_shutdown.d/10_a": "echo post",
    };
    for (const option of ["--skip-runit", "--skip-startup-files"]) {
      assert.equal((await runInit(t, { scripts, args: [option, "true"] })).stdout, "pre\npost\n", option);
    }
  });

  test("a shutdown script that fails, is killed or cannot be run gives a warning, and the shutdown goes on", async (t) => {
    const view = await makeView(t);
    view.script("/etc/my_init.pre_shutdown.d/10_fails", "exit 3");
    view.script("/etc/my_init.pre_shutdown.d/20_dies", "kill -KILL $$");
    view.write("/etc/my_init.pre_shutdown.d/30_cannot", "#!/no/interpreter\n", 0o755);
    view.script("/etc/my_init.post_shutdown.d/10_fails", "exit 4");
    view.script("/etc/my_init.post_shutdown.d/20_runs", "echo reached the last");
    const ended = await runInit(t, { view, args: ["sh", "-c", "exit 5"] });
    assert.equal(ended.status, 5);
    assert.equal(ended.stdout, "reached the last\n");
    const lines = [
      "/etc/my_init.pre_shutdown.d/10_fails failed with status 3",
      "/etc/my_init.pre_shutdown.d/20_dies was killed by signal 9 (SIGKILL)",
      'cannot run "/etc/my_init.pre_shutdown.d/30_cannot": no such interpreter "/no/interpreter" (ENOENT)',
      "/etc/my_init.post_shutdown.d/10_fails failed with status 4",
    ];
    for (const line of lines) assert.ok(ended.stderr.includes(`*** ${line}\n`), line);
  });

  test("a directory of scripts that root may not read gives a warning", async (t) => {
    const view = await makeView(t);
    view.script("/etc/my_init.d/10_a", "echo ran");
    chmodSync(view.path("/etc/my_init.d"), 0o000);
    const ended = await runInit(t, {
      view,
      wrapper: [
        "setpriv",
        "--bounding-set=-dac_override,-dac_read_search",
        "--inh-caps=-dac_override,-dac_read_search",
      ],
      args: bare,
    });
    assert.match(ended.stderr, /^\*\*\* cannot read "\/etc\/my_init\.d": permission denied \(EACCES\)$/m);
  });
});
