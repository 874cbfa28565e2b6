// setuser: runs a command as another user. See docs/reference/setuser.md
import assert from "node:assert/strict";
import { appendFileSync, chmodSync, statSync } from "node:fs";
import { describe, test } from "node:test";
import { dockerEnv, makeView, processRing, runSetuser, startInit, type View } from "../support/process.ts";

const whoAmI = [
  "sh",
  "-c",
  'id -u; id -g; id -G; echo "$HOME $USER $LOGNAME"; grep -E "^(Uid|Gid|CapEff|SigBlk|SigIgn)" /proc/self/status',
];

/** A view where user app (1234, group app 2345) is in the groups audio and extra, too. */
async function viewWithApp(t: Parameters<typeof makeView>[0]): Promise<View> {
  const view = await makeView(t);
  appendFileSync(
    view.path("/etc/passwd"),
    "app:x:1234:2345:The App,,,:/srv/app:/bin/false\n4242:x:1235:2345::/srv/digits:/bin/sh\nbroken line\nhomeless:x:1236:2345:::/bin/sh\n",
  );
  appendFileSync(view.path("/etc/group"), "app:x:2345:\nextra:x:3456:app,other\n4343:x:3457:\n");
  view.write("/etc/group", view.read("/etc/group").replace(/^audio:x:(\d+):/m, "audio:x:$1:app"));
  return view;
}

describe("setuser", processRing, () => {
  const cases: Readonly<Record<string, readonly [uid: number, gid: number, groups: string, names: string]>> = {
    app: [1234, 2345, "2345 29 3456", "/srv/app app app"],
    "1234": [1234, 2345, "2345 29 3456", "/srv/app app app"],
    "app:extra": [1234, 3456, "3456", "/srv/app app app"],
    "app:29": [1234, 29, "29", "/srv/app app app"],
    "1234:3456": [1234, 3456, "3456", "/srv/app app app"],
    "1234:extra": [1234, 3456, "3456", "/srv/app app app"],
    "7777": [7777, 0, "0", "/ 7777 7777"],
    "7777:8888": [7777, 8888, "8888", "/ 7777 7777"],
    "4242": [1235, 2345, "2345", "/srv/digits 4242 4242"],
    "app:4343": [1234, 3457, "3457", "/srv/app app app"],
    homeless: [1236, 2345, "2345", "/ homeless homeless"],
    root: [0, 0, "0", "/root root root"],
  };
  for (const [user, [uid, gid, groups, names]] of Object.entries(cases)) {
    test(`${user} is uid ${uid}, gid ${gid}, with the right groups, HOME, USER and LOGNAME, for good`, async (t) => {
      const view = await viewWithApp(t);
      const ended = await runSetuser(t, [user, ...whoAmI], { view });
      assert.equal(ended.status, 0, ended.stderr);
      const [u, g, all, home, ...status] = ended.stdout.trim().split("\n");
      assert.deepEqual([Number(u), Number(g), home], [uid, gid, names]);
      assert.deepEqual(all?.split(" ").sort(), groups.split(" ").sort());
      const facts = Object.fromEntries(status.map((line) => [line.split(":")[0], line.split(/\s+/).slice(1)]));
      assert.deepEqual(facts["Uid"], Array(4).fill(String(uid)), "real, effective, saved and file system");
      assert.deepEqual(facts["Gid"], Array(4).fill(String(gid)));
      if (uid !== 0) assert.match(facts["CapEff"]?.[0] ?? "", /^0+$/);
      assert.match(facts["SigBlk"]?.[0] ?? "", /^0+$/);
      assert.match(facts["SigIgn"]?.[0] ?? "", /^0+$/);
    });
  }

  test("HOME, USER, LOGNAME and UID are set, and the rest of the environment is unchanged", async (t) => {
    const view = await viewWithApp(t);
    const env = {
      ...dockerEnv,
      SHELL: "/bin/mine",
      "my.env": "dot",
      RAW: "\xff 'x'\n\r",
      LONG: "y".repeat(100_000),
      GID: "9",
      USER: "other",
    };
    const ended = await runSetuser(t, ["app", "cat", "/proc/self/environ"], { view, env });
    const seen = Object.fromEntries(
      ended.stdout
        .split("\0")
        .filter(Boolean)
        .map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
    );
    assert.deepEqual(seen, { ...env, HOME: "/srv/app", USER: "app", LOGNAME: "app", UID: "1234" });
  });

  test("it executes the command in its own process, leaves no other, and has the command's status", async (t) => {
    const init = await startInit(t, {
      program: "setuser",
      args: ["nobody", "sh", "-c", "echo PID $$; read -r line; kill -TERM $$; exit 9"],
      input: "pipe",
    });
    await init.waitFor("PID 1");
    assert.deepEqual(
      init.processes().map(({ name }) => name),
      ["sh"],
    );
    init.type("go\n");
    assert.equal((await init.ended()).status, 9);
  });

  test("arguments, also options, reach the command byte for byte", async (t) => {
    const words = ["", "--help", "-x", "it's", "\xff\xfe", "two\nlines"];
    const ended = await runSetuser(t, ["nobody", "printf", "%s\\0", ...words]);
    assert.equal(ended.stdout, words.map((word) => `${word}\0`).join(""));
  });

  test("the command can reopen /dev/stdout and /dev/stderr where they are pipes", async (t) => {
    const lines = ["sh", "-c", "echo out > /dev/stdout; echo err > /dev/stderr"];
    const ended = await runSetuser(t, ["nobody", ...lines]);
    assert.deepEqual([ended.stdout, ended.stderr], ["out\n", "err\n"]);
    const other = await runSetuser(t, ["env", ...lines], {
      program: "my_init",
      wrapper: ["setpriv", "--reuid=65534", "--clear-groups", ...lines, ";"],
    });
    assert.match(other.stderr, /Permission denied/, "the test can fail: without setuser it is not permitted");
  });

  test("the command can reopen /dev/stdout and /dev/stderr where they are a terminal", async (t) => {
    const init = await startInit(t, {
      program: "setuser",
      hasTerminal: true,
      args: ["nobody", "sh", "-c", "echo out > /dev/stdout; echo err > /dev/stderr; tty"],
    });
    const ended = await init.ended();
    assert.match(ended.output, /^out\r?$/m);
    assert.match(ended.output, /^err\r?$/m);
  });

  test("a file that output goes to keeps its mode and owner", async (t) => {
    const view = await makeView(t);
    view.write("/tmp/log", "", 0o640);
    const ended = await runSetuser(t, ["nobody", "echo", "written"], { view, redirect: '> "$root/tmp/log"' });
    assert.equal(ended.status, 0);
    assert.equal(view.read("/tmp/log"), "written\n");
    const { mode, uid } = statSync(view.path("/tmp/log"));
    assert.deepEqual([(mode & 0o777).toString(8), uid], ["640", 0]);
  });

  test("for an unknown user the status is 1, with a message", async (t) => {
    for (const user of ["no-such-user", "", "-1", "1x", "4294967295", "99999999999", "no-such-user:root"]) {
      const ended = await runSetuser(t, [user, "echo", "ran"]);
      assert.deepEqual(
        [ended.status, ended.stdout, ended.stderr],
        [1, "", `setuser: user ${user.split(":")[0]} not found\n`],
        user,
      );
    }
  });

  test("for an unknown group the status is 1, with a message", async (t) => {
    for (const group of ["no-such-group", "", "-1", "4294967295", "1:2"]) {
      const ended = await runSetuser(t, [`nobody:${group}`, "echo", "ran"]);
      assert.deepEqual(
        [ended.status, ended.stdout, ended.stderr],
        [1, "", `setuser: group ${group} not found\n`],
        group,
      );
    }
  });

  test("the status is 127 if the command is not found, 126 if it cannot be executed, with a message", async (t) => {
    const view = await makeView(t);
    view.write("/tmp/plain", "#!/bin/sh\n");
    view.write("/tmp/windows", "#!/bin/sh\r\n", 0o755);
    const results = {
      "no-such-command": [127, /^setuser: cannot run "no-such-command": not found \(ENOENT\)\n$/],
      "/no/such": [127, /^setuser: cannot run "\/no\/such": not found/],
      "/tmp/plain": [126, /^setuser: cannot run "\/tmp\/plain": no permission/],
      "/tmp/windows": [126, /Windows/],
      "/tmp": [126, /is a directory/],
    } as const;
    for (const [command, [status, message]] of Object.entries(results)) {
      const ended = await runSetuser(t, ["nobody", command], { view });
      assert.equal(ended.status, status, command);
      assert.match(ended.stderr, message);
    }
  });

  test("the command is looked up with the user's rights, which may hide directories", async (t) => {
    const view = await makeView(t);
    view.script("/opt/secret/tool", "echo secret");
    view.script("/opt/open/tool", "echo open");
    chmodSync(view.path("/opt/secret"), 0o700);
    const env = { ...dockerEnv, PATH: "/opt/secret:/opt/open:/usr/bin:/bin" };
    assert.equal((await runSetuser(t, ["nobody", "tool"], { view, env })).stdout, "open\n");
    assert.equal((await runSetuser(t, ["root", "tool"], { view, env })).stdout, "secret\n");
  });

  test("too few words give the usage and status 1", async (t) => {
    for (const args of [[], ["nobody"]]) {
      const ended = await runSetuser(t, args);
      assert.deepEqual([ended.status, ended.stdout], [1, ""]);
      assert.match(ended.stderr, /^usage: setuser USER COMMAND \[ARG\]\.\.\.\n/);
    }
  });

  test("another user than root is refused with a message, and nothing runs", async (t) => {
    const ended = await runSetuser(t, ["nobody", "echo", "ran"], {
      wrapper: ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups"],
    });
    assert.equal(ended.status, 1);
    assert.equal(ended.stdout, "");
    assert.match(ended.stderr, /^setuser: cannot .* user nobody: operation not permitted \(EPERM\)\n$/);
  });

  test("without a passwd file no user has a name, and a numeric user needs none", async (t) => {
    const prepare = 'rm "$root/etc/passwd"';
    const named = await runSetuser(t, ["nobody", "echo", "ran"], { prepare });
    assert.deepEqual([named.status, named.stdout, named.stderr], [1, "", "setuser: user nobody not found\n"]);
    assert.equal((await runSetuser(t, ["1234", "echo", "ran"], { prepare })).stdout, "ran\n");
  });
});
