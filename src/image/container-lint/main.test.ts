import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux, type FileOptions } from "../../../test/support/fake-linux.ts";
import { main } from "./main.ts";

/** A file and its attributes. A string: an executable file of this content. */
type Files = Readonly<Record<string, string | ({ readonly content: string } & FileOptions)>>;

const SH = "#!/bin/sh\n";

/** A container in which all is well. */
const CLEAN: Files = {
  "/bin/sh": "\x7fELF",
  "/etc/service/web/run": SH,
  "/etc/service/web/needs": { content: "db\n" },
  "/etc/service/web/log/run": SH,
  "/etc/service/db/run": SH,
  "/etc/service/db/check": SH,
  "/etc/service/off/down": { content: "" },
  "/etc/my_init.d/10_first": SH,
  "/etc/my_init.d/.hidden": { content: "" },
  "/etc/my_init.post_shutdown.d/placeholder": { content: "" },
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
    "warning: /etc/service/app.sh: it is no directory; a service is a directory with a program run; delete what is none",
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
    { "/etc/my_init.d/10_first": "#!/bin/bsh\n" },
    'error: /etc/my_init.d/10_first: no such interpreter "/bin/bsh" (ENOENT); ' +
      "put a program there that this system can run",
  ],
  [
    { "/etc/my_init.d/20_second": { content: SH } },
    "warning: /etc/my_init.d/20_second: it is not executable; make it executable with chmod +x, or delete it",
  ],
  [
    { "/etc/my_init.pre_shutdown.d/drain": "echo\n" },
    "error: /etc/my_init.pre_shutdown.d/drain: it is no program, and its first line does not begin with #! (ENOEXEC); " +
      "put a program there that this system can run",
  ],
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
