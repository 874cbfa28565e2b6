// The container environment between process, directory and dumps. See docs/reference/environment.md
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, closeSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
import { describe, test } from "node:test";
import { dockerEnv, makeView, processRing, runInit, startInit, type View } from "../support/process.ts";

const DIRECTORY = "/etc/container_environment";

/** Every byte that a variable can hold. */
const allBytes = Array.from({ length: 255 }, (_, i) => String.fromCharCode(i + 1)).join("");

/** Values that something between a person and a program often spoils. */
const hardValues: Readonly<Record<string, string>> = {
  EMPTY: "",
  SPACES: "  a  b  ",
  QUOTES: `it's "quoted" \\ $HOME \`id\` $(id) !x`,
  NEWLINES: "two\nlines",
  ENDS_IN_NEWLINE: "line\n",
  ENDS_IN_NEWLINES: "line\n\n\n",
  ONLY_NEWLINE: "\n",
  CARRIAGE: "a\r\nb\r",
  UTF8: "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xb3",
  NOT_UTF8: "\xff\xfe caf\xe9 \xed\xa0\x80 \xc0\xaf",
  ALL_BYTES: allBytes,
  LONG: "0123456789".repeat(10_240),
  OPTION: "-n",
  __: "underscores",
  lower_case1: "x",
};

/** Names that no shell can set, but a process can have. */
const hardNames: Readonly<Record<string, string>> = {
  "my.env": "dot",
  "1X": "digit",
  "a:b": "colon",
  "a-b": "dash",
  "sp ace": "space",
  "caf\xe9": "latin",
};

/** The variables that belong to one user. */
const personal = {
  HOME: "/home/me",
  USER: "me",
  GROUP: "us",
  UID: "12",
  GID: "34",
  SHELL: "/bin/mine",
  LOGNAME: "me",
};

/** Variables that belong to one process or session. */
const ofSession = { PWD: "/opt", OLDPWD: "/", SHLVL: "3", _: "/sbin/my_init", SSH_AUTH_SOCK: "/agent", LINES: "24" };

/** The NAME=value strings of /proc/PID/environ. */
function variables(environ: string): Record<string, string> {
  const entries = environ.split("\0").filter((entry) => entry !== "");
  return Object.fromEntries(
    entries.map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
  );
}

/** What a shell started with an empty environment has in addition after sourcing the dump, and what that printed. */
function sourced(view: View, shell: string): { added: Record<string, string>; printed: string } {
  const run = (line: string) =>
    execFileSync("chroot", [view.path(""), "env", "-i", shell, "-c", `cd /; ${line}`], {
      stdio: ["ignore", "pipe", "pipe"],
      encoding: "latin1",
    });
  const before = variables(run("/bin/cat /proc/self/environ"));
  const after = variables(run(". /etc/container_environment.sh > /tmp/printed 2>&1; /bin/cat /proc/self/environ"));
  return {
    added: Object.fromEntries(Object.entries(after).filter(([name, value]) => before[name] !== value)),
    printed: view.read("/tmp/printed"),
  };
}

/** The JSON dump as bytes again: a lone surrogate U+DC80..DCFF is a byte that was not UTF-8. */
function jsonDump(view: View): Record<string, string> {
  const text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(view.path(`${DIRECTORY}.json`)));
  const toBytes = (string: string) =>
    [...string]
      .map((char) => {
        const code = char.codePointAt(0) ?? 0;
        return code >= 0xdc80 && code <= 0xdcff
          ? String.fromCharCode(code - 0xdc00)
          : Buffer.from(char).toString("latin1");
      })
      .join("");
  const object: Record<string, unknown> = JSON.parse(text);
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [toBytes(name), toBytes(String(value))]));
}

describe("environment", processRing, () => {
  test("values and names arrive byte for byte in a script, a service and the command", async (t) => {
    const view = await makeView(t, `rm -r "$root${DIRECTORY}"/*`);
    const env = { ...dockerEnv, ...hardValues, ...hardNames };
    const ended = await runInit(t, {
      view,
      env,
      scripts: {
        "/etc/my_init.d/10_first": "cat /proc/$$/environ > /tmp/first",
        "/etc/my_init.d/20_second": "cat /proc/$$/environ > /tmp/second",
        "/etc/service/web/run":
          "cat /proc/$$/environ > /tmp/service.new; mv /tmp/service.new /tmp/service; exec sleep 1000",
        "/tmp/command": "cat /proc/$$/environ > /tmp/command.environ; until [ -e /tmp/service ]; do sleep 0.01; done",
      },
      args: ["/tmp/command"],
    });
    assert.equal(ended.status, 0, ended.stderr);
    for (const file of ["/tmp/first", "/tmp/second", "/tmp/service", "/tmp/command.environ"]) {
      assert.deepEqual(variables(view.read(file)), env, file);
    }
  });

  test("the directory reads back as the same values, in this boot and in the next", async (t) => {
    const view = await makeView(t, `rm -r "$root${DIRECTORY}"/*`);
    const env = { ...dockerEnv, ...hardValues, ...hardNames };
    await runInit(t, { view, env, args: ["--skip-runit", "true"] });
    const { HOME: _, ...shared } = env;
    assert.deepEqual(view.list(DIRECTORY), Object.keys(shared).sort());
    for (const [name, value] of Object.entries(shared)) {
      assert.equal(view.read(`${DIRECTORY}/${name}`), value.endsWith("\n") ? `${value}\n` : value, name);
    }
    const next = await runInit(t, {
      view,
      env: { HOME: "/root" },
      args: ["--skip-runit", "--quiet", "cat", "/proc/self/environ"],
    });
    assert.deepEqual(variables(next.stdout), env);
  });

  for (const shell of ["/bin/dash", "/bin/bash"]) {
    test(`sourcing the dump in ${shell} sets exactly these variables and prints nothing`, async (t) => {
      const view = await makeView(t, `rm -r "$root${DIRECTORY}"/*; mount -t proc proc "$root/proc"`);
      await runInit(t, { view, env: { ...dockerEnv, ...hardValues, ...personal }, args: ["--skip-runit", "true"] });
      const { added, printed } = sourced(view, shell);
      const { HOME, ...expected } = { ...dockerEnv, ...hardValues };
      assert.equal(printed, "");
      assert.deepEqual(added, expected);
    });
  }

  test("the dump for shells has no variable that a shell cannot set, and one line on standard error names these variables", async (t) => {
    const view = await makeView(t, `mount -t proc proc "$root/proc"`);
    const ended = await runInit(t, {
      view,
      env: { ...dockerEnv, ...hardNames, EUID: "7" },
      scripts: { "/etc/my_init.d/10_a": ":", "/etc/my_init.d/20_b": ":" },
      args: ["--skip-runit", "true"],
    });
    const lines = ended.stderr.split("\n").filter((line) => line.includes("container_environment.sh"));
    assert.equal(lines.length, 1, ended.stderr);
    for (const name of Object.keys(hardNames)) assert.ok(lines[0]?.includes(`"${name}"`), name);
    const { added, printed } = sourced(view, "/bin/bash");
    assert.equal(printed, "");
    assert.equal(added["HOSTNAME"], "box");
  });

  test("the JSON dump is one object of strings, valid whatever bytes it holds", async (t) => {
    const view = await makeView(t, `rm -r "$root${DIRECTORY}"/*`);
    await runInit(t, { view, env: { ...dockerEnv, ...hardValues, ...hardNames }, args: ["--skip-runit", "true"] });
    const { HOME: _, ...expected } = { ...dockerEnv, ...hardValues, ...hardNames };
    assert.deepEqual(jsonDump(view), expected);
  });

  test("a file of the directory defines a variable only if the process's environment does not", async (t) => {
    const view = await makeView(t);
    view.write(`${DIRECTORY}/GAP`, "from the file\n");
    view.write(`${DIRECTORY}/GIVEN`, "from the file\n");
    view.write(`${DIRECTORY}/TWO_NEWLINES`, "x\n\n");
    view.write(`${DIRECTORY}/NO_NEWLINE`, "x");
    const ended = await runInit(t, {
      view,
      env: { ...dockerEnv, GIVEN: "from outside" },
      args: ["--skip-runit", "--quiet", "cat", "/proc/self/environ"],
    });
    const seen = variables(ended.stdout);
    assert.equal(seen["GAP"], "from the file");
    assert.equal(seen["GIVEN"], "from outside");
    assert.equal(seen["TWO_NEWLINES"], "x\n");
    assert.equal(seen["NO_NEWLINE"], "x");
    assert.equal(view.read(`${DIRECTORY}/GIVEN`), "from outside");
    assert.equal(view.read(`${DIRECTORY}/GAP`), "from the file\n");
  });

  test("the variables of a user are kept for processes and written nowhere", async (t) => {
    const view = await makeView(t);
    const ended = await runInit(t, {
      view,
      env: { ...dockerEnv, ...personal },
      scripts: { "/etc/my_init.d/10_a": "env > /tmp/script" },
      args: ["--skip-runit", "--quiet", "cat", "/proc/self/environ"],
    });
    const seen = variables(ended.stdout);
    for (const [name, value] of Object.entries(personal)) {
      assert.equal(seen[name], value);
      assert.ok(!view.exists(`${DIRECTORY}/${name}`));
      assert.ok(!(name in jsonDump(view)));
      assert.doesNotMatch(view.read(`${DIRECTORY}.sh`), new RegExp(`^export ${name}=`, "m"));
    }
    assert.match(view.read("/tmp/script"), /^HOME=\/home\/me$/m);
  });

  test("the variables of one process or session are passed on, and written nowhere unless a file defines them", async (t) => {
    const view = await makeView(t);
    view.write(`${DIRECTORY}/DISPLAY`, ":1\n");
    const ended = await runInit(t, {
      view,
      env: { ...dockerEnv, ...ofSession, DISPLAY: ":0", SSH_HOST: "backup", XDG_CONFIG_HOME: "/config" },
      scripts: {
        "/etc/my_init.d/10_a": "cat /proc/$$/environ > /tmp/script",
        "/etc/my_init.d/20_b": ":",
        "/etc/service/web/run": "cat /proc/$$/environ > /tmp/new; mv /tmp/new /tmp/service; exec sleep 1000",
        "/tmp/command": "cat /proc/$$/environ > /tmp/own; until [ -e /tmp/service ]; do sleep 0.01; done",
      },
      args: ["/tmp/command"],
    });
    assert.equal(ended.status, 0, ended.stderr);
    for (const path of ["/tmp/script", "/tmp/service", "/tmp/own"]) {
      const seen = variables(view.read(path));
      for (const [name, value] of Object.entries({ ...ofSession, DISPLAY: ":0" }))
        assert.equal(seen[name], value, path);
    }
    const dump = jsonDump(view);
    for (const name of Object.keys(ofSession)) {
      assert.ok(!view.exists(`${DIRECTORY}/${name}`), name);
      assert.ok(!(name in dump), name);
      assert.doesNotMatch(view.read(`${DIRECTORY}.sh`), new RegExp(`^export ${name}=`, "m"));
    }
    assert.deepEqual(
      ["DISPLAY", "SSH_HOST", "XDG_CONFIG_HOME"].map((name) => dump[name]),
      [":0", "backup", "/config"],
    );
  });

  for (const shell of ["/bin/dash", "/bin/bash"]) {
    test(`a login shell, ${shell}, keeps the variables of its session, whatever the container environment has`, async (t) => {
      const view = await makeView(t, `mount -t proc proc "$root/proc"`);
      for (const name of [...Object.keys(ofSession), "TERM", "DISPLAY", "COLUMNS"])
        view.write(`${DIRECTORY}/${name}`, "file's");
      const env = { ...dockerEnv, COLOUR: "red", VALUE: "it's\n" };
      await runInit(t, { view, env, args: ["--skip-runit", "true"] });
      const own = ["SSH_AUTH_SOCK=/tmp/ssh-it's $HOME/agent\n", "TERM=vt100", "DISPLAY="];
      const line = 'cd /; printf "%s\\0" "$PWD" "$#:$1:$2"; set | grep -c baseimage; cat /proc/self/environ';
      const output = execFileSync(
        "chroot",
        [
          view.path(""),
          "env",
          "-i",
          "-C",
          "/tmp",
          ...own,
          shell,
          "-l",
          "-u",
          "-c",
          `printf "%s\\0" "$PWD"; ${line}`,
          "x",
          "a b",
          "c",
        ],
        { encoding: "latin1" },
      );
      const [directory, root, words, ...rest] = output.split("\0");
      assert.deepEqual([directory, root, words], ["/tmp", "/", "2:a b:c"]);
      const seen = variables(rest.join("\0").replace(/^0\n/, ""));
      assert.equal(seen["SSH_AUTH_SOCK"], "/tmp/ssh-it's $HOME/agent\n");
      assert.equal(seen["TERM"], "vt100");
      assert.equal(seen["DISPLAY"], "file's", "an empty one counts as none");
      assert.equal(seen["COLUMNS"], "file's");
      assert.deepEqual([seen["COLOUR"], seen["VALUE"]], ["red", "it's\n"]);
    });
  }

  test("after each startup script the environment is read from the directory again", async (t) => {
    const view = await makeView(t);
    const d = DIRECTORY;
    const ended = await runInit(t, {
      view,
      env: { ...dockerEnv, STAYS: "stays", CHANGES: "old", GOES: "goes" },
      scripts: {
        "/etc/my_init.d/10_a": `printf new > ${d}/CHANGES; rm ${d}/GOES; printf 'added\\n' > ${d}/ADDED; export LOST=1`,
        "/etc/my_init.d/20_b": `cat /proc/$$/environ > /tmp/second; . /etc/container_environment.sh; echo "$CHANGES,\${GOES-unset},$ADDED"; echo again > ${d}/CHANGES`,
        "/etc/rc.local": "cat /proc/$$/environ > /tmp/rc.local",
      },
      args: ["--skip-runit", "cat", "/proc/self/environ"],
    });
    const second = variables(view.read("/tmp/second"));
    assert.deepEqual(
      [second["STAYS"], second["CHANGES"], second["GOES"], second["ADDED"], second["LOST"]],
      ["stays", "new", undefined, "added", undefined],
    );
    assert.match(ended.stdout, /^new,unset,added$/m);
    assert.equal(variables(view.read("/tmp/rc.local"))["CHANGES"], "again");
    assert.equal(variables(ended.stdout.replace(/.*\n/, ""))["CHANGES"], "again");
    assert.equal(jsonDump(view)["CHANGES"], "again");
    assert.match(view.read(`${d}.sh`), /^export CHANGES=again$/m);
    assert.doesNotMatch(view.read(`${d}.sh`), /GOES/);
  });

  test("HOME is kept after a startup script, unless the directory defines it", async (t) => {
    const view = await makeView(t);
    const env = { ...dockerEnv, ...personal };
    const args = ["--skip-runit", "--quiet", "cat", "/proc/self/environ"];
    view.script("/etc/my_init.d/10_a", ":");
    assert.equal(variables((await runInit(t, { view, env, args })).stdout)["HOME"], "/home/me");
    view.script("/etc/my_init.d/10_a", `echo /srv > ${DIRECTORY}/HOME`);
    const seen = variables((await runInit(t, { view, env, args })).stdout);
    assert.equal(seen["HOME"], "/srv");
    assert.equal(seen["USER"], "me");
  });

  test("the directory stays 0700 and the dumps 0640 of docker_env; wider modes set by the image's author are kept", async (t) => {
    const view = await makeView(t);
    const facts = (path: string) => {
      const { mode, uid, gid } = statSync(view.path(path));
      return [(mode & 0o7777).toString(8), uid, gid];
    };
    const boot = () => runInit(t, { view, scripts: { "/etc/my_init.d/10_a": ":" }, args: ["--skip-runit", "true"] });
    await boot();
    assert.deepEqual(facts(DIRECTORY), ["700", 0, 0]);
    assert.deepEqual(facts(`${DIRECTORY}.sh`), ["640", 0, 8377]);
    assert.deepEqual(facts(`${DIRECTORY}.json`), ["640", 0, 8377]);

    rmSync(view.path(`${DIRECTORY}.sh`));
    rmSync(view.path(`${DIRECTORY}.json`));
    await boot();
    assert.deepEqual(facts(`${DIRECTORY}.sh`), ["640", 0, 8377], "made anew");
    assert.deepEqual(facts(`${DIRECTORY}.json`), ["640", 0, 8377], "made anew");

    chmodSync(view.path(DIRECTORY), 0o755);
    chmodSync(view.path(`${DIRECTORY}.sh`), 0o644);
    chownSync(view.path(`${DIRECTORY}.json`), 0, 50);
    view.write(`${DIRECTORY}/HOSTNAME`, "old");
    chmodSync(view.path(`${DIRECTORY}/HOSTNAME`), 0o600);
    await boot();
    assert.deepEqual(facts(DIRECTORY), ["755", 0, 0]);
    assert.deepEqual(facts(`${DIRECTORY}.sh`), ["644", 0, 8377]);
    assert.deepEqual(facts(`${DIRECTORY}.json`), ["640", 0, 50]);
    assert.deepEqual(facts(`${DIRECTORY}/HOSTNAME`), ["600", 0, 0]);
    assert.deepEqual(
      view.list("/etc").filter((name) => name.includes("tmp")),
      [],
      "nothing is left of the writing",
    );
    assert.deepEqual(
      view.list(DIRECTORY).filter((name) => name.startsWith(".")),
      [],
    );
  });

  test("a member of docker_env can read the environment, any other user cannot", async (t) => {
    const view = await makeView(t);
    await runInit(t, { view, env: { ...dockerEnv, SECRET: "s3cret" }, args: ["--skip-runit", "true"] });
    const attempt = (groups: string) =>
      execFileSync(
        "chroot",
        [
          `--userspec=65534:65534`,
          `--groups=${groups}`,
          view.path(""),
          "sh",
          "-c",
          `cat ${DIRECTORY}.sh ${DIRECTORY}.json ${DIRECTORY}/SECRET 2>&1; true`,
        ],
        { encoding: "latin1" },
      );
    assert.doesNotMatch(attempt("65534"), /s3cret/);
    assert.match(attempt("8377"), /^export SECRET=s3cret$/m);
    assert.match(attempt("8377"), /"SECRET": "s3cret"/);
  });

  test("a directory that has a variable's name stays where it is", async (t) => {
    const ended = await runInit(t, {
      env: { ...dockerEnv, DATA: "x", NEXT: "y" },
      prepare: `mkdir "$root${DIRECTORY}/DATA"`,
      args: ["--skip-runit", "sh", "-c", `test -d ${DIRECTORY}/DATA && echo "$DATA $(cat ${DIRECTORY}/NEXT)"`],
    });
    assert.deepEqual([ended.status, ended.stdout], [0, "x y\n"], ended.stderr);
    assert.match(ended.stderr, /^\*\*\* the variable "DATA" has no file in .*: a folder has its name$/m);
  });

  test("a reader never sees half a dump", async (t) => {
    const view = await makeView(t);
    const big = "x".repeat(120_000);
    const scripts = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [`/etc/my_init.d/${100 + i}`, `echo ${i} > ${DIRECTORY}/ROUND`]),
    );
    const env = { ...dockerEnv, BIG: big, ZZZ: "last" };
    await runInit(t, { view, env, args: ["--skip-runit", "true"] }); // from here on whole dumps are there
    const init = await startInit(t, { view, env, scripts, args: ["--skip-runit", "--", "true"] });
    let reads = 0;
    while (!/Running true/.test(init.output)) {
      const dump = jsonDump(view);
      assert.equal(dump["BIG"]?.length, big.length);
      assert.match(view.read(`${DIRECTORY}.sh`), /\nexport ZZZ=last\n$/);
      reads += 1;
      await new Promise((done) => setImmediate(done));
    }
    assert.equal((await init.ended()).status, 0);
    assert.ok(reads > 5, `${reads} reads`);
  });

  test("a dump is replaced, never overwritten: a process that has the old one open reads it to its end", async (t) => {
    const view = await makeView(t);
    await runInit(t, { view, env: { ...dockerEnv, COLOUR: "red" }, args: ["--skip-runit", "true"] });
    const dumps = [`${DIRECTORY}.sh`, `${DIRECTORY}.json`, `${DIRECTORY}/COLOUR`];
    const old = dumps.map((path) => ({ path, fd: openSync(view.path(path), "r"), content: view.read(path) }));
    await runInit(t, { view, env: { ...dockerEnv, COLOUR: "green" }, args: ["--skip-runit", "true"] });
    for (const { path, fd, content } of old) {
      assert.equal(readFileSync(fd, "latin1"), content, path);
      closeSync(fd);
      assert.match(view.read(path), /green/);
    }
  });

  test("an image without the directory boots, and the directory is not made", async (t) => {
    const view = await makeView(t, `rm -r "$root${DIRECTORY}"*`);
    const ended = await runInit(t, { view, args: ["--quiet", "--skip-runit", "--", "echo", "X"] });
    assert.deepEqual([ended.status, ended.output], [0, "X\n"]);
    assert.ok(!view.exists(DIRECTORY));
  });
});
