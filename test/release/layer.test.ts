// The layer that a release makes from a container engine's layers. The judge of archives is GNU tar.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { differences } from "../../scripts/release/compare.mjs";
import { mergeLayers } from "../../scripts/release/layer.mjs";
import { readTar, writeTar } from "../../scripts/release/tar.mjs";

const EPOCH = 1_700_000_000;
const LONG = `deep/${"directory/".repeat(20)}file`;

/** A layer made by GNU tar from the lines of a script that runs in an empty directory. */
function layer(t: TestContext, script: string, options: readonly string[] = []): Buffer {
  const directory = mkdtempSync(join(tmpdir(), "baseimage-layer-"));
  t.after(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, "root"));
  execFileSync("sh", ["-euc", script], { cwd: join(directory, "root") });
  execFileSync("tar", ["-C", join(directory, "root"), ...options, "-cf", join(directory, "layer.tar"), "."]);
  return readFileSync(join(directory, "layer.tar"));
}

/** GNU tar's list of an archive: mode, owner, size, time, name. */
function listed(t: TestContext, archive: Buffer): string[] {
  const directory = mkdtempSync(join(tmpdir(), "baseimage-layer-"));
  t.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, "x.tar"), archive);
  const words = ["--utc", "--numeric-owner", "--quoting-style=literal", "-tvf", join(directory, "x.tar")];
  const lines = execFileSync("tar", words, { encoding: "latin1", env: { LC_ALL: "C", PATH: process.env["PATH"] } });
  return lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.replace(/ +/g, " "));
}

const namesOf = (archive: Buffer) => readTar(archive).map(({ name }) => name);

test("every kind of entry goes through unchanged, whichever of the three forms it came in", (t) => {
  const script = `mkdir -p $(dirname ${LONG}); echo content > ${LONG}; ln ${LONG} hard; ln -s ${LONG} soft; mkfifo pipe
    touch "$(printf 'odd \\303\\244 \\377')"; chmod 4751 hard; mkdir sticky; chmod 1777 sticky; touch -d @1600000000 hard`;
  for (const form of ["gnu", "pax", "posix"]) {
    const archive = layer(t, script, [`--format=${form}`]);
    const written = writeTar(readTar(archive).filter(({ name }) => name !== ""));
    const clean = (lines: string[]) => lines.map((line) => line.replace(" ./", " "));
    assert.deepEqual(listed(t, written), clean(listed(t, archive)).slice(1));
    assert.equal(
      readTar(written)
        .find(({ name }) => name === LONG || name === "hard")
        ?.data.toString(),
      "content\n",
    );
  }
});

test("extended attributes are kept", (t) => {
  const [entry] = readTar(layer(t, "echo x > program")).filter(({ name }) => name === "program");
  assert.ok(entry);
  const capability = "\x01\0\0\x02\0\x20\0\0";
  const [back] = readTar(writeTar([{ ...entry, xattrs: [["security.capability", capability]] }]));
  assert.deepEqual(back?.xattrs, [["security.capability", capability]]);
});

test("the merged layer is the same whatever order, times and layers its content came in", (t) => {
  const one = mergeLayers(
    [layer(t, "mkdir a b; echo 1 > a/x; echo old > b/y; touch -d @1800000000 a/x"), layer(t, "mkdir b; echo 2 > b/y")],
    [],
    EPOCH,
  );
  const other = mergeLayers([layer(t, "mkdir b a; echo 2 > b/y; echo 1 > a/x", ["--sort=none"])], [], EPOCH);
  assert.deepEqual(differences(one, other), []);
  assert.deepEqual(namesOf(one), ["a", "a/x", "b", "b/y"]);
  assert.ok(readTar(one).every(({ mtime }) => mtime <= EPOCH));
});

test("a time before the release's stays, a later one becomes the release's", (t) => {
  const merged = mergeLayers([layer(t, "touch -d @1600000000 old; touch -d @1800000000 new")], [], EPOCH);
  assert.deepEqual(
    readTar(merged).map(({ name, mtime }) => [name, mtime]),
    [
      ["new", EPOCH],
      ["old", 1_600_000_000],
    ],
  );
});

test("a file that a later layer removes is gone, and leaves a whiteout only if the base has it", (t) => {
  const base = layer(t, "mkdir etc; touch etc/passwd- etc/hosts");
  const merged = mergeLayers(
    [
      layer(t, "mkdir -p tmp/build etc; touch tmp/build/x etc/new"),
      layer(t, "mkdir tmp etc; touch tmp/.wh.build etc/.wh.passwd- etc/.wh.new"),
    ],
    [base],
    EPOCH,
  );
  assert.deepEqual(namesOf(merged), ["etc", "etc/.wh.passwd-", "tmp"]);
});

test("a directory in place of one of the base that was removed hides what the base has in it", (t) => {
  const base = layer(t, "mkdir -p etc/service; touch etc/service/agetty");
  const merged = mergeLayers(
    [layer(t, "mkdir etc; touch etc/.wh.service"), layer(t, "mkdir -p etc/service; touch etc/service/cron")],
    [base],
    EPOCH,
  );
  assert.deepEqual(namesOf(merged), ["etc", "etc/service", "etc/service/.wh..wh..opq", "etc/service/cron"]);
});

test("of several names of one file the first has the content", (t) => {
  const merged = readTar(mergeLayers([layer(t, "echo x > z; ln z a; ln z m")], [], EPOCH));
  assert.deepEqual(
    merged.map(({ name, type, linkname, data }) => [name, type, linkname, data.toString()]),
    [
      ["a", "0", "", "x\n"],
      ["m", "1", "a", ""],
      ["z", "1", "a", ""],
    ],
  );
});

test("differences() names each file and says what is different", (t) => {
  const one = layer(t, "echo 'a\nb' > text; echo x > only-one; chmod 600 text");
  const other = layer(t, "echo 'a\nc' > text; chmod 644 text");
  const merged = [one, other].map((each) => mergeLayers([each], [], 0)) as [Buffer, Buffer];
  assert.deepEqual(differences(...merged), [
    "only-one: only in the first",
    "text: mode 384 and 420",
    'text: content differs from byte 2 (4 bytes)\n  line 2: "b"\n  and: "c"',
  ]);
});
