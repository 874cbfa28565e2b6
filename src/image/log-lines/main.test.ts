import assert from "node:assert/strict";
import { test } from "node:test";
import { type FakeFifo, FakeLinux } from "../../../test/support/fake-linux.ts";
import { main } from "./main.ts";

const DIRECTORY = "/run/logs";
const SIGTERM = 15;

/** log_lines on a fake kernel, with FIFOs that have writers. */
function logWriter(format: string, fifos: readonly string[]) {
  const linux = new FakeLinux({ argv: ["log_lines", format, DIRECTORY], pid: 9 });
  linux.addDirectory("/run");
  linux.addDirectory(DIRECTORY);
  const add = (name: string): FakeFifo => {
    linux.makeFifo(`${DIRECTORY}/${name}`, 0o622);
    const fifo = linux.fifos.get(`${DIRECTORY}/${name}`);
    assert.ok(fifo);
    fifo.addWriter();
    return fifo;
  };
  const [own, ...others] = ["my_init.stderr", ...fifos].map(add);
  assert.ok(own);
  const end = () => {
    for (const fifo of linux.fifos.values()) fifo.writers = 0;
  };
  return { linux, own, others, add, end };
}

test("lines come out framed, on the stream they were printed on, until my_init has closed its FIFO", () => {
  const { linux, own, others, add, end } = logWriter("prefix", ["web.stdout", "web.stderr"]);
  linux.after(10, () => {
    own.text += "*** Booting\n";
    for (const fifo of others) fifo.text += "hello\nwor";
  });
  linux.after(20, () => {
    for (const fifo of others) fifo.text += "ld\n";
    add("late.stdout").text += "just in time\n";
  });
  linux.after(30, end);
  assert.equal(main(linux), 0);
  assert.equal(linux.stdout.text, "[web] hello\n[web] world\n[late] just in time\n");
  // The lines of one service are in order; the order of two services is undefined.
  const lines = linux.stderr.text.split("\n");
  assert.deepEqual(
    lines.filter((line) => line.startsWith("[web]")),
    ["[web] hello", "[web] world"],
  );
  assert.equal(lines.filter((line) => line === "[my_init] *** Booting").length, 1);
});

test("as JSON, each line has time, service and stream", () => {
  const { linux, others, end } = logWriter("json", ["a.b.stdout"]);
  linux.after(10, () => {
    for (const fifo of others) fifo.text += 'say "hi"\n\n';
  });
  linux.after(20, end);
  main(linux);
  const start = '{"time":"2023-11-14T22:13:21.010Z","service":"a.b","stream":"stdout","message":';
  assert.equal(linux.stdout.text, `${start}"say \\"hi\\""}\n${start}""}\n`);
});

test("a line that has begun is shown after a second of silence, and says that it may go on", () => {
  const { linux, others, end } = logWriter("json", ["web.stdout"]);
  const prints = (ms: number, text: string) => {
    linux.after(ms, () => {
      for (const fifo of others) fifo.text += text;
    });
  };
  prints(0, "one ");
  prints(900, "line");
  const shown = () => linux.stdout.text.split("\n").map((line) => line.slice(line.indexOf('"message"')));
  linux.after(1899, () => assert.deepEqual(shown(), [""]));
  linux.after(1902, () => assert.deepEqual(shown(), ['"message":"one line","partial":true}', ""]));
  prints(3000, "\n");
  linux.after(3001, end);
  main(linux);
  assert.deepEqual(shown(), ['"message":"one line","partial":true}', '"message":""}', ""]);
});

test("a line is not taken for silent because its reader is behind", () => {
  const { linux, others, end } = logWriter("prefix", ["web.stdout"]);
  // More than is read at a time, and so cut in the middle of a line; and no room for it.
  const text = "123456789\n".repeat(3000);
  linux.stdout.room = 5000;
  linux.after(1, () => {
    for (const fifo of others) fifo.text += text;
  });
  linux.after(4000, () => linux.signalSelf(SIGTERM)); // something else that ends its wait
  linux.after(5000, () => {
    // Nor is it read on: it would all be kept in memory.
    assert.ok((others[0]?.text.length ?? 0) > 10_000);
    linux.stdout.room = Number.POSITIVE_INFINITY;
  });
  linux.after(5001, end);
  main(linux);
  assert.equal(linux.stdout.text, "[web] 123456789\n".repeat(3000));
});

test("with a prefix, only the newline of a line that was shown is no line of its own", () => {
  const { linux, others, end } = logWriter("prefix", ["web.stdout"]);
  for (const [ms, text] of [
    [0, "Password: "],
    [2000, "\nnext\n\nlast"],
  ] as const) {
    linux.after(ms, () => {
      for (const fifo of others) fifo.text += text;
    });
  }
  linux.after(2001, end);
  main(linux);
  assert.equal(linux.stdout.text, "[web] Password: \n[web] next\n[web] \n[web] last\n");
});

test("a reader that is behind on one stream holds up that one only, and is never given up", () => {
  const { linux, others, end } = logWriter("prefix", ["web.stdout", "web.stderr"]);
  linux.stdout.room = 5000;
  linux.after(1, () => {
    for (const fifo of others) fifo.text += "x".repeat(9000).replaceAll("xxxxxxxxxx", "123456789\n");
  });
  linux.after(2, () => {
    assert.equal(linux.stderr.text.length, 900 * 16);
    assert.ok(linux.stdout.text.length < 5000);
    linux.stdout.room = Number.POSITIVE_INFINITY;
  });
  linux.after(3, end);
  main(linux);
  assert.equal(linux.stdout.text.length, 900 * 16);
  assert.equal(linux.stdout.hasBlocked, false);
});

test("a service whose stream has lost its reader is not blocked", () => {
  const { linux, others, end } = logWriter("prefix", ["web.stdout"]);
  linux.stdout.isClosed = true;
  for (let ms = 1; ms < 50; ms++) {
    linux.after(ms, () => {
      for (const fifo of others) fifo.text += "line\n";
    });
  }
  linux.after(60, end);
  main(linux);
  assert.equal(others[0]?.text, "");
});

test("no signal ends it, nor keeps it busy", () => {
  const { linux, own, end } = logWriter("prefix", []);
  for (const ms of [5, 10, 15]) linux.after(ms, () => linux.signalSelf(SIGTERM));
  linux.after(20, () => {
    own.text += "*** still there\n";
  });
  linux.after(30, end);
  const before = linux.callCount;
  main(linux);
  assert.equal(linux.stderr.text, "[my_init] *** still there\n");
  assert.ok(linux.callCount - before < 100, `${linux.callCount - before} calls`);
});

test("what a service has left that was gone before it was noticed is not lost", () => {
  const { linux, own, add } = logWriter("prefix", []);
  linux.after(5, () => {
    own.writers = 0;
    const late = add("10_bye.stdout");
    late.text = `${"line\n".repeat(20_000)}the last`;
    late.writers = 0;
  });
  main(linux);
  assert.equal(linux.stdout.text.split("\n").length, 20_002);
  assert.ok(linux.stdout.text.endsWith("[10_bye] the last\n"));
});

test("my_init may be about to end already when it starts", () => {
  const { linux, own } = logWriter("prefix", []);
  own.text += "*** last words\n";
  own.writers = 0;
  own.openCount = 0;
  main(linux);
  assert.equal(linux.stderr.text, "[my_init] *** last words\n");
});

test("a service that has ended keeps it no busier than one that sleeps, and can come back", () => {
  const { linux, others, end } = logWriter("prefix", ["web.stdout"]);
  const [web] = others;
  assert.ok(web);
  linux.after(10, () => {
    web.text += "no newline";
    web.writers = 0;
  });
  linux.after(500, () => {
    web.addWriter();
    web.text += "again\n";
  });
  linux.after(1000, end);
  main(linux);
  assert.equal(linux.stdout.text, "[web] no newline\n[web] again\n");
  assert.ok(linux.callCount < 200, `${linux.callCount} calls`);
});

for (const [mode, begins, words] of [
  [0o1622, ["\n", ""], "in a line of standard output"],
  [0o4622, ["", "\n"], "in a line of standard error"],
  [0o5622, ["\n", "\n"], "in a line of both"],
  [0o622, ["", ""], "between two lines"],
] as const) {
  test(`one that comes after one that was killed ${words} begins a new line there, and nowhere else`, () => {
    const linux = new FakeLinux({ argv: ["log_lines", "json", DIRECTORY, "again"], pid: 9 });
    linux.addDirectory("/run");
    linux.addDirectory(DIRECTORY);
    const path = `${DIRECTORY}/my_init.stderr`;
    linux.makeFifo(path, mode);
    linux.fifos.get(path)?.addWriter();
    linux.after(1, () => {
      for (const fifo of linux.fifos.values()) fifo.writers = 0;
    });
    main(linux);
    assert.deepEqual([linux.stdout.text, linux.stderr.text], begins);
    assert.equal((linux.files.get(path)?.mode ?? 0) & 0o7777, 0o622);
  });
}

test("that a line may be cut is noted before it is written, and only where it is longer than a pipe takes at once", () => {
  const { linux, others, end } = logWriter("prefix", ["web.stdout"]);
  const notes = () => linux.calls.filter((call) => call.startsWith("chmod") && call.includes("my_init"));
  linux.after(1, () => {
    for (const fifo of others) fifo.text += "123456789\n".repeat(1600);
  });
  linux.after(2, () => {
    assert.equal(notes().length, 0);
    linux.stdout.room = 4100;
    for (const fifo of others) fifo.text += `${"x".repeat(5000)}\n`;
  });
  linux.after(3, () => {
    assert.equal((linux.files.get(`${DIRECTORY}/my_init.stderr`)?.mode ?? 0) & 0o1000, 0o1000);
    linux.stdout.room = Number.POSITIVE_INFINITY;
  });
  linux.after(4, end);
  main(linux);
  assert.equal((linux.files.get(`${DIRECTORY}/my_init.stderr`)?.mode ?? 0) & 0o1000, 0);
  assert.equal(linux.stdout.text.length, 1600 * 16 + 6 + 5001);
});

test("it may open as many FIFOs as the hard limit of descriptors lets it", () => {
  const { linux, end } = logWriter("prefix", []);
  linux.descriptorLimit = [1024, 4096];
  linux.after(1, end);
  main(linux);
  assert.deepEqual(linux.descriptorLimit, [4096, 4096]);
});

test("with words that mean nothing it says how it is used", () => {
  for (const words of [[], ["json"], ["xml", DIRECTORY]]) {
    const linux = new FakeLinux({ argv: ["log_lines", ...words] });
    assert.equal(main(linux), 2);
    assert.ok(linux.stderr.text.startsWith("log_lines: a format and a directory are needed\nusage: "));
  }
});
