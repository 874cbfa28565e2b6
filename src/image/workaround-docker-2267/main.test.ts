import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux, type FakeOptions } from "../../../test/support/fake-linux.ts";
import { main } from "./main.ts";

const AMD64 = "/usr/lib/x86_64-linux-gnu/libc.so.6";
const I386 = "/usr/lib/i386-linux-gnu/libc.so.6";
const HOSTS = "/etc/workaround-docker-2267/hosts";
const LIBC = "\x7fELF\xff\0/etc/hosts.equiv\0/etc/hosts\0\x80";
const CHANGED = "\x7fELF\xff\0/etc/hosts.equiv\0/cte/hosts\0\x80";
const STUB = "\x7fELF\xff\0";

/** A merged system with a libc of two architectures. */
function system(options: FakeOptions = {}, words: readonly string[] = []): FakeLinux {
  const linux = new FakeLinux({ argv: ["workaround-docker-2267", ...words], ...options });
  for (const path of [
    "/usr/lib",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/i386-linux-gnu",
    "/usr/lib/systemd",
    "/var",
    "/var/lib",
    "/var/lib/dpkg",
  ])
    linux.addDirectory(path);
  linux.addLink("/lib", "/usr/lib");
  linux.addFile("/var/lib/dpkg/lock", "", { mode: 0o640 });
  linux.addFile("/etc/hosts", "127.0.0.1 localhost\n");
  linux.addFile(AMD64, LIBC, { mode: 0o755, uid: 3, gid: 4 });
  linux.addFile(AMD64.replace("libc.so.6", "libnss_files.so.2"), STUB);
  linux.addFile(I386, `${LIBC}32`, { mode: 0o755 });
  return linux;
}

/** The content of the file system, without times. */
function snapshot(linux: FakeLinux): Record<string, readonly [number, number, number, string]> {
  return Object.fromEntries(
    [...linux.files]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, { mode, uid, gid, content }]) => [path, [mode, uid, gid, content]] as const),
  );
}

function assertLine(text: string, start: string): void {
  assert.ok(text.startsWith(start) && text.indexOf("\n") === text.length - 1, text);
}

function assertInPlace(linux: FakeLinux): void {
  assert.deepEqual([linux.content(AMD64), linux.content(I386)], [CHANGED, `${CHANGED}32`]);
  assert.equal(linux.content("/cte"), "/etc/workaround-docker-2267");
  assert.equal(linux.content(HOSTS), "127.0.0.1 localhost\n");
  assert.deepEqual(
    [...linux.files.keys()].filter((path) => path.includes("/.")),
    [],
    "nothing is left beside them",
  );
  assert.equal(linux.locks.size, 0);
}

test("every libc reads its names elsewhere afterwards, and everybody may", () => {
  const linux = system();
  assert.equal(main(linux), 0);
  assertInPlace(linux);
  const mode = (path: string) => (linux.files.get(path)?.mode ?? 0) & 0o7777;
  assert.deepEqual([mode("/etc/workaround-docker-2267"), mode(HOSTS), mode(AMD64)], [0o755, 0o644, 0o755]);
  assert.deepEqual([linux.files.get(AMD64)?.uid, linux.files.get(AMD64)?.gid], [3, 4], "its owner is what it was");
  const lines = linux.stdout.text.split("\n");
  assert.deepEqual(lines.slice(0, 2), [
    `workaround-docker-2267: changed ${I386}`,
    `workaround-docker-2267: changed ${AMD64}`,
  ]);
  assert.equal(lines.length, 4);
  assert.equal(linux.stderr.text, "");
});

test("a second run says so and writes nothing, also on a read-only file system", () => {
  const first = system();
  main(first);
  const forbidden = ["writeFile", "rename", "exchange", "unlink", "mkdir", "symlink", "chmod", "chown", "lock"];
  const second = system({ fault: (call) => (forbidden.includes(call) ? 30 : 0) });
  second.files.clear();
  for (const [path, file] of first.files) second.files.set(path, file);
  const before = snapshot(second);
  assert.equal(main(second), 0);
  assertLine(second.stdout.text, "workaround-docker-2267: nothing to do: ");
  assert.deepEqual(snapshot(second), before);
});

test("after an upgrade of one libc a run changes that one, and the list of names stays as it was edited", () => {
  const linux = system();
  main(linux);
  linux.addFile(HOSTS, "10.0.0.1 edited\n");
  linux.addFile(AMD64, `${LIBC}new`, { mode: 0o755 });
  linux.stdout.text = "";
  assert.equal(main(linux), 0);
  assert.equal(linux.content(AMD64), `${CHANGED}new`);
  assert.equal(linux.content(HOSTS), "10.0.0.1 edited\n");
  assert.equal(linux.stdout.text.includes("i386"), false);
});

test("what of it was taken away is put back", () => {
  for (const path of ["/cte", HOSTS]) {
    const linux = system();
    main(linux);
    linux.files.delete(path);
    assert.equal(main(linux), 0, path);
    assertInPlace(linux);
  }
});

test("an older glibc has the path in libnss_files, behind a link", () => {
  const linux = system();
  const directory = "/usr/lib/x86_64-linux-gnu";
  linux.files.delete(I386);
  linux.addFile(`${directory}/libc-2.31.so`, "\x7fELF\0/etc/hosts.equiv\0");
  linux.addFile(`${directory}/libnss_files-2.31.so`, LIBC);
  linux.addLink(`${directory}/libc.so.6`, `${directory}/libc-2.31.so`);
  linux.addLink(`${directory}/libnss_files.so.2`, `${directory}/libnss_files-2.31.so`);
  assert.equal(main(linux), 0);
  assert.equal(linux.content(`${directory}/libnss_files-2.31.so`), CHANGED);
  assert.equal(
    linux.content(`${directory}/libnss_files.so.2`),
    `${directory}/libnss_files-2.31.so`,
    "the link stays a link",
  );
});

test("whichever call fails, once, all is done or all is as it was", () => {
  const count = system();
  main(count);
  assert.ok(count.callCount > 40);
  let failures = 0;
  for (let index = 1; index <= count.callCount; index++) {
    for (const errno of [5, 28]) {
      let calls = 0;
      const linux = system({ fault: () => (++calls === index ? errno : 0) });
      const before = snapshot(linux);
      const status = main(linux);
      if (status === 0) {
        assert.deepEqual(
          [linux.content(AMD64), linux.content(HOSTS)],
          [CHANGED, "127.0.0.1 localhost\n"],
          `call ${index}`,
        );
      } else {
        failures++;
        assert.equal(status, 1);
        assertLine(linux.stderr.text, "workaround-docker-2267: cannot ");
        assert.deepEqual(snapshot(linux), before, `call ${index}: ${linux.stderr.text}`);
      }
      assert.equal(linux.locks.size, 0, `call ${index}`);
    }
  }
  assert.ok(failures > 30, `${failures}`);
});

test("a libc whose layout is not known is refused, and none is changed", () => {
  const cases: Readonly<Record<string, (linux: FakeLinux) => void>> = {
    "it holds the path of the hosts file 2 times": (linux) => linux.addFile(AMD64, LIBC + LIBC),
    "it does not hold the path of the hosts file": (linux) => linux.addFile(AMD64, STUB),
    "it is no ELF file": (linux) => linux.addFile(AMD64, "/* GNU ld script */"),
    '"/usr/lib/x86_64-linux-gnu/libnss_files.so.2" holds the path of the hosts file, too': (linux) =>
      linux.addFile(AMD64.replace("libc.so.6", "libnss_files.so.2"), LIBC),
  };
  for (const [why, act] of Object.entries(cases)) {
    const linux = system();
    act(linux);
    const before = snapshot(linux);
    assert.equal(main(linux), 1);
    const rest = "nothing was changed, edit /etc/hosts itself or use --add-host";
    assert.equal(linux.stderr.text, `workaround-docker-2267: cannot change "${AMD64}": ${why}; ${rest}\n`);
    assert.deepEqual(snapshot(linux), before);
  }
});

test("a system without glibc is refused", () => {
  const linux = system();
  linux.files.delete(AMD64);
  linux.files.delete(I386);
  assert.equal(main(linux), 1);
  assertLine(linux.stderr.text, 'workaround-docker-2267: cannot find "libc.so.6": ');
});

test("while dpkg or another run is at work it is refused, and nothing is changed", () => {
  const linux = system({ fault: (call) => (call === "lock" ? 11 : 0) });
  const before = snapshot(linux);
  assert.equal(main(linux), 1);
  assertLine(linux.stderr.text, 'workaround-docker-2267: cannot lock "/var/lib/dpkg/lock": ');
  assert.deepEqual(snapshot(linux), before);
});

test("it holds the lock from its last look at a libc until the last is replaced", () => {
  const unlocked: string[] = [];
  const linux: FakeLinux = system({
    fault: (call, object) => {
      if (["rename", "writeFile", "unlink", "symlink", "mkdir"].includes(call) && linux.locks.size === 0)
        unlocked.push(object);
      return 0;
    },
  });
  assert.equal(main(linux), 0);
  assert.deepEqual(unlocked, []);
});

test("without dpkg there is no lock to take", () => {
  const linux = system();
  linux.files.delete("/var/lib/dpkg/lock");
  assert.equal(main(linux), 0);
  assertInPlace(linux);
});

test("a link that leads elsewhere, or no link, is left alone and refused", () => {
  for (const act of [
    (linux: FakeLinux) => linux.addLink("/cte", "/etc"),
    (linux: FakeLinux) => linux.addLink("/cte", "/nowhere"),
    (linux: FakeLinux) => linux.addDirectory("/cte"),
    (linux: FakeLinux) => linux.addFile("/cte", ""),
  ]) {
    const linux = system();
    act(linux);
    const before = snapshot(linux);
    assert.equal(main(linux), 1);
    assertLine(linux.stderr.text, 'workaround-docker-2267: cannot make "/cte": ');
    assert.deepEqual(snapshot(linux), before);
  }
});

test("a system without /etc/hosts gets an empty list", () => {
  const linux = system();
  linux.files.delete("/etc/hosts");
  assert.equal(main(linux), 0);
  assert.equal(linux.content(HOSTS), "");
});

test("what a run left that was killed is no hindrance", () => {
  const linux = system();
  linux.addFile("/usr/lib/x86_64-linux-gnu/.libc.so.6.2267", "half of i");
  assert.equal(main(linux), 0);
  assertInPlace(linux);
});

test("what does not read back as it was written never becomes the libc", () => {
  const linux: FakeLinux = system({
    fault: (call, object) => {
      const file = linux.files.get(object);
      if (call === "sync" && file !== undefined) file.content = file.content.slice(1);
      return 0;
    },
  });
  const before = snapshot(linux);
  assert.equal(main(linux), 1);
  assert.deepEqual(snapshot(linux), before);
});

test("--help is the usage, status 0; any other word is bad usage, status 2; neither changes anything", () => {
  for (const [words, status] of [
    [["--help"], 0],
    [["-h"], 0],
    [["--revert"], 2],
    [["x"], 2],
    [["--help", "x"], 2],
  ] as const) {
    const linux = system({}, words);
    const before = snapshot(linux);
    assert.equal(main(linux), status, words.join(" "));
    const [used, other] = status === 0 ? [linux.stdout, linux.stderr] : [linux.stderr, linux.stdout];
    assert.ok(
      used.text.startsWith(status === 0 ? "usage: workaround-docker-2267\n" : "workaround-docker-2267: "),
      used.text,
    );
    assert.ok(used.text.includes("usage: workaround-docker-2267\n"), used.text);
    assert.equal(other.text, "");
    assert.deepEqual(snapshot(linux), before);
  }
});
