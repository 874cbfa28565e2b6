import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux, type FakeOptions } from "../../../test/support/fake-linux.ts";
import { toEnviron } from "../../core/container-env.ts";
import { Output } from "../../linux/output.ts";
import { Failure } from "../../linux/sys-error.ts";
import { ContainerEnvironment } from "./environment.ts";
import { Log } from "./logs/log.ts";
import { Unavailable } from "./unavailable.ts";

const DIRECTORY = "/etc/container_environment";

/** A container whose directory holds these files. */
function container(environ: string[], files: Record<string, string>, options: FakeOptions = {}) {
  const linux = new FakeLinux({ environ, ...options });
  linux.addDirectory(DIRECTORY, { mode: 0o700 });
  for (const [name, content] of Object.entries(files)) linux.addFile(`${DIRECTORY}/${name}`, content);
  const log = new Log(linux, new Output(linux, 2), 2, false);
  const unavailable = new Unavailable(linux, log);
  const environment = new ContainerEnvironment(linux, log, unavailable);
  const variables = () => toEnviron(environment.current).sort().join(" ");
  const said = () => {
    unavailable.report();
    return linux.stderr.text.split("\n").slice(0, -1);
  };
  return { linux, environment, variables, said };
}

test("files fill gaps, and all is written back and dumped", () => {
  const { linux, environment, variables, said } = container(["A=docker", "HOME=/root"], { A: "file\n", B: "b\n" });
  environment.import();
  assert.equal(variables(), "A=docker B=b HOME=/root");
  assert.equal(linux.content(`${DIRECTORY}/A`), "docker");
  assert.equal(linux.content(`${DIRECTORY}/B`), "b\n");
  assert.equal(linux.files.has(`${DIRECTORY}/HOME`), false);
  assert.equal(linux.content(`${DIRECTORY}.sh`), "export A=docker\nexport B=b\n");
  assert.equal(linux.content(`${DIRECTORY}.json`), '{"A": "docker", "B": "b"}');
  assert.deepEqual(said(), []);
});

test("new dumps are closed to all but root and docker_env, and one that is there keeps its mode", () => {
  const { linux, environment } = container(["A=1"], {});
  linux.addFile(`${DIRECTORY}.json`, "", { mode: 0o644, gid: 5 });
  environment.import();
  const facts = (path: string) => {
    const { mode = 0, uid, gid } = linux.files.get(path) ?? {};
    return [(mode & 0o7777).toString(8), uid, gid];
  };
  assert.deepEqual(facts(`${DIRECTORY}.sh`), ["640", 0, 8377]);
  assert.deepEqual(facts(`${DIRECTORY}.json`), ["644", 0, 5]);
  assert.deepEqual(facts(DIRECTORY), ["700", 0, 0]);
});

test("after a script the directory is the environment, and the dumps are new", () => {
  const { linux, environment, variables } = container(["A=1", "B=2", "HOME=/root"], {});
  environment.import();
  linux.unlink(`${DIRECTORY}/A`);
  linux.addFile(`${DIRECTORY}/B`, "changed\n");
  linux.addFile(`${DIRECTORY}/C`, "new");
  linux.addFile(`${DIRECTORY}/HOME`, "/srv\n");
  environment.refresh();
  assert.equal(variables(), "B=changed C=new HOME=/srv");
  assert.equal(linux.content(`${DIRECTORY}.sh`), "export B=changed\nexport C=new\n");
});

test("what belongs to one process or session is handed on, and is the container's only where a file says so", () => {
  const own = ["PWD=/opt", "SHLVL=2", "SSH_AUTH_SOCK=/agent"];
  const { linux, environment, variables } = container([...own, "DISPLAY=:5"], { DISPLAY: ":0" });
  environment.import();
  assert.equal(linux.content(`${DIRECTORY}/DISPLAY`), ":5");
  assert.equal(linux.files.has(`${DIRECTORY}/PWD`), false);
  assert.equal(linux.content(`${DIRECTORY}.sh`), "export DISPLAY=:5\n");
  assert.equal(linux.content(`${DIRECTORY}.json`), '{"DISPLAY": ":5"}');
  linux.addFile(`${DIRECTORY}/SSH_AUTH_SOCK`, "/other");
  environment.refresh();
  assert.equal(variables(), "DISPLAY=:5 PWD=/opt SHLVL=2 SSH_AUTH_SOCK=/other");
  assert.equal(linux.content(`${DIRECTORY}.sh`), "export DISPLAY=:5\nexport SSH_AUTH_SOCK=/other\n");
  linux.unlink(`${DIRECTORY}/SSH_AUTH_SOCK`);
  environment.refresh();
  assert.equal(variables(), "DISPLAY=:5 PWD=/opt SHLVL=2 SSH_AUTH_SOCK=/agent");
});

test("every value comes back as it was: newlines, quotes, bytes that are no text", () => {
  const values = ["", "\n", "x\n", "x\n\n", "\r\n", "it's", "\x80\xff", " ", "=", "a\tb"];
  const environ = values.map((value, index) => `V${index}=${value}`);
  const { environment, variables } = container(environ, {});
  environment.import();
  environment.refresh();
  assert.equal(variables(), environ.sort().join(" "));
});

test("odd names survive a script, also names that no file can have", () => {
  const environ = ["a.b=1", "a-b=2", "0=3", "a/b=4", "..=5", "..data=6", ".hidden=7", "\xff=8"];
  const { environment, variables, said } = container(environ, {});
  environment.import();
  environment.refresh();
  assert.equal(variables(), [...environ].sort().join(" "));
  assert.ok(said().every((line) => line.startsWith("*** ")));
});

test("one line warns of names that no shell can set, once", () => {
  const { environment, said } = container(["a.b=1", "a-b=2", "C=3"], {});
  environment.import();
  environment.refresh();
  assert.equal(said().length, 1);
  assert.ok(said()[0]?.includes('"a-b", "a.b"'));
});

test("directories, and what Kubernetes leaves there, are no variables", () => {
  const { linux, environment, variables, said } = container([], { A: "1", "B=C": "2" });
  linux.addDirectory(`${DIRECTORY}/directory`);
  linux.addDirectory(`${DIRECTORY}/..data`);
  environment.import();
  assert.equal(variables(), "A=1");
  assert.equal(said().length, 2);
});

test("a half-written file of a predecessor is no variable", () => {
  const { environment, variables } = container([], { A: "1", ".my_init.77.tmp": "hal" });
  environment.import();
  assert.equal(variables(), "A=1");
});

test("a variable that no program can get stops the boot with its name", () => {
  for (const content of ["a\0b", "x".repeat(200_000)]) {
    const { environment } = container([], { BAD: content });
    assert.throws(
      () => environment.import(),
      (error: unknown) => error instanceof Failure && error.message.includes(`"${DIRECTORY}/BAD"`),
    );
  }
});

test("without the directory nothing is read or written", () => {
  const linux = new FakeLinux({ environ: ["A=1"] });
  const log = new Log(linux, new Output(linux, 2), 2, false);
  const environment = new ContainerEnvironment(linux, log, new Unavailable(linux, log));
  environment.import();
  environment.refresh();
  assert.deepEqual(toEnviron(environment.current), ["A=1"]);
  assert.equal(linux.files.has(`${DIRECTORY}.sh`), false);
});

test("a read-only file system costs one line, and the variables of docker run stay", () => {
  const readOnly = (call: string) => (["writeFile", "rename", "unlink", "chmod", "chown"].includes(call) ? 30 : 0);
  const { environment, variables, said } = container(["A=1"], { B: "2" }, { fault: readOnly });
  environment.import();
  environment.refresh();
  environment.refresh();
  assert.equal(variables(), "A=1 B=2");
  assert.equal(said().length, 1);
});

test("on a read-only root the copies are in /run, made anew at each start", () => {
  const readOnly = (call: string, path: string) =>
    ["writeFile", "rename", "unlink", "chmod", "chown"].includes(call) && path.startsWith("/etc/") ? 30 : 0;
  const { linux, environment, variables, said } = container(["A=1", "HOME=/"], { B: "2" }, { fault: readOnly });
  const copies = "/run/container_environment";
  for (const directory of ["/run", copies]) linux.addDirectory(directory);
  linux.addFile(`${copies}/OLD`, "old");
  environment.import();
  const files = [...linux.files.keys()].filter((path) => path.startsWith(copies));
  assert.deepEqual(files.sort(), [copies, `${copies}.json`, `${copies}.sh`, `${copies}/A`, `${copies}/B`]);
  assert.equal(linux.content(`${copies}.sh`), "export A=1\nexport B=2\n");
  assert.equal((linux.files.get(copies)?.mode ?? 0) & 0o777, 0o700);
  linux.addFile(`${copies}/C`, "from a script");
  environment.refresh();
  assert.equal(variables(), "A=1 B=2 C=from a script HOME=/");
  assert.deepEqual(said(), []);
});

test("one warning for a user without permission to read the directory", () => {
  const { environment, variables, said } = container(["A=1"], { B: "2" }, { euid: 1000 });
  environment.import();
  environment.refresh();
  environment.refresh();
  assert.equal(variables(), "A=1");
  assert.equal(said().length, 1);
});

test("a full disk stops the boot", () => {
  const { environment } = container(["A=1"], {}, { fault: (call) => (call === "writeFile" ? 28 : 0) });
  assert.throws(
    () => environment.import(),
    (error: unknown) => error instanceof Failure && error.message.includes("no space left on device (ENOSPC)"),
  );
});

test("what is the same already is not written again", () => {
  const writes: string[] = [];
  const fault = (call: string, path: string) => {
    if (call === "writeFile") writes.push(path);
    return 0;
  };
  const { environment } = container(["A=1"], {}, { fault });
  environment.import();
  writes.length = 0;
  environment.refresh();
  assert.deepEqual(writes, []);
});

test("a secret is in the environment of processes, and in no file", () => {
  const { linux, environment, variables } = container(["FILE__KEY=/run/secrets/key", "A=1"], { FILE__PIN: "/run/pin" });
  linux.addDirectory("/run");
  linux.addDirectory("/run/secrets");
  linux.addFile("/run/secrets/key", "hush\xff\n\n");
  linux.addFile("/run/pin", "1234");
  environment.import();
  assert.equal(variables(), "A=1 FILE__KEY=/run/secrets/key FILE__PIN=/run/pin KEY=hush\xff\n PIN=1234");
  linux.addFile("/run/pin", "5678\n");
  environment.refresh();
  assert.ok(variables().endsWith(" PIN=5678"));
  for (const [path, { content }] of linux.files) {
    if (path.startsWith("/etc/")) assert.ok(!["hush", "1234", "5678"].some((secret) => content.includes(secret)), path);
  }
  assert.ok(linux.content(`${DIRECTORY}.sh`).includes("FILE__KEY=/run/secrets/key"));
});

test("a secret that another my_init handed down is not written either, and wins over a plain value", () => {
  const { linux, environment, variables } = container(["FILE__KEY=/run/key", "KEY=hush", "FILE__=odd"], {});
  linux.addDirectory("/run");
  linux.addFile("/run/key", "newer");
  environment.import();
  assert.equal(variables(), "FILE__=odd FILE__KEY=/run/key KEY=newer");
  assert.equal(linux.files.has(`${DIRECTORY}/KEY`), false);
  assert.ok(!linux.content(`${DIRECTORY}.json`).includes("hush"));
  assert.ok(!linux.content(`${DIRECTORY}.json`).includes("newer"));
});

test("a secret that cannot be read stops the boot, with a message that names variable and file", () => {
  const cases: readonly (readonly [why: string, prepare: (linux: FakeLinux) => void])[] = [
    ["no such file", () => {}],
    ["directory", (linux) => linux.addDirectory("/run/key")],
    ["NUL byte", (linux) => linux.addFile("/run/key", "hu\0sh")],
    ["EFBIG", (linux) => linux.addFile("/run/key", "x".repeat(200_000))],
  ];
  for (const [why, prepare] of cases) {
    const { linux, environment } = container(["FILE__KEY=/run/key"], {});
    linux.addDirectory("/run");
    prepare(linux);
    assert.throws(
      () => environment.import(),
      (error) =>
        error instanceof Failure &&
        error.message.includes('"KEY" from the file "/run/key"') &&
        error.message.includes(why),
    );
  }
});
