// The files that an image adds to its base, and those that it only upgrades there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { addedTo } from "../../scripts/release/added.mjs";
import { wholeHistory } from "../../scripts/release/saved-image.mjs";
import { writeTar } from "../../scripts/release/tar.mjs";

type Package = { name: string; version: string; depends?: string };

/** A layer of files, name to size or content; "-> TARGET" is a symbolic link. */
function layer(files: Readonly<Record<string, number | string>>): Buffer {
  return writeTar(
    Object.entries(files).map(([name, content]) => {
      const isLink = typeof content === "string" && content.startsWith("-> ");
      const entry = { mode: 0o644, uid: 0, gid: 0, mtime: 0, major: 0, minor: 0, xattrs: [] };
      const data = typeof content === "number" ? Buffer.alloc(content, "x") : Buffer.from(isLink ? "" : content);
      return { ...entry, name, type: isLink ? "2" : "0", linkname: isLink ? content.slice(3) : "", data };
    }),
  );
}

/** dpkg's database, with as many bytes for any number of these packages. */
function status(...packages: Package[]): Record<string, string> {
  const paragraphs = packages.map(
    ({ name, version, depends }) =>
      `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\n${depends ? `Depends: ${depends}\n` : ""}`,
  );
  return { "var/lib/dpkg/status": paragraphs.join("\n").padEnd(1000, "\n") };
}

const info = (name: string, suffix: string) => `var/lib/dpkg/info/${name}.${suffix}`;

test("a new package is ours, another version of one of the base's is an upgrade: its files, new ones, dpkg's of it", () => {
  const below = layer({
    ...status({ name: "old", version: "1" }),
    lib: "-> usr/lib",
    "usr/lib/old.so": 1000,
    [info("old:amd64", "list")]: "/lib/old.so\n",
  });
  const own = layer({
    ...status({ name: "old", version: "2" }, { name: "new", version: "1" }),
    "usr/lib/old.so": 3000,
    "usr/lib/old-more.so": 500,
    [info("old:amd64", "list")]: "/lib/old.so\n/usr/lib/old-more.so\n",
    [info("old:amd64", "md5sums")]: 70,
    "usr/bin/new": 20,
    [info("new", "list")]: "/usr/bin/new\n",
    "etc/of-no-package": 5,
  });
  const { all, packages, upgraded } = addedTo([below], [own]);
  const lists = "/lib/old.so\n/usr/lib/old-more.so\n".length;
  assert.deepEqual(all, { ours: 20 + 5 + "/usr/bin/new\n".length, upgrades: 3000 + 500 + 70 + lists + 1000 });
  assert.deepEqual([packages, upgraded], [["new"], ["old"]]);
});

test("the dependencies of the base's upgrades count as upgrades, and those of our packages as ours", () => {
  const lists = { [info("tool", "list")]: "/usr/bin/tool\n", [info("libssl-new", "list")]: "/usr/lib/ssl\n" };
  const below = layer({
    ...status({ name: "tool", version: "1", depends: "libssl" }, { name: "libssl", version: "1" }),
  });
  const own = layer({
    ...status(
      { name: "tool", version: "2", depends: "libssl-new (>= 2) | other, libssl | editor" },
      { name: "libssl", version: "1" },
      { name: "libssl-new", version: "2", depends: "libcrypto" },
      { name: "libcrypto", version: "2" },
      { name: "editor", version: "1", depends: "libeditor" },
      { name: "libeditor", version: "1" },
    ),
    "usr/lib/ssl": 100,
    ...lists,
  });
  const { all, packages, upgraded } = addedTo([below], [own]);
  assert.deepEqual(packages, ["editor", "libeditor"]);
  assert.deepEqual(upgraded, ["libcrypto", "libssl-new", "tool"]);
  assert.equal(all.ours, 0);
});

test("a file of the base that is written again counts by its growth, but as a whole if a package owns it", () => {
  const packages = { ...status({ name: "kept", version: "1" }), [info("kept", "list")]: "/usr/bin/kept\n" };
  const below = layer({ ...packages, "etc/cache": 400, "usr/bin/kept": 700 });
  const first = layer({ "etc/cache": 450, "usr/bin/kept": 700 });
  const second = layer({ "etc/cache": 10, "etc/new": 3 });
  const { layers, all } = addedTo([below], [first, second]);
  assert.deepEqual(layers, [
    { ours: 50 + 700, upgrades: 400 },
    { ours: 3, upgrades: 10 },
  ]);
  assert.deepEqual(all, { ours: 753, upgrades: 410 });
});

test("each line of a history belongs to its own layer, also if the base has no history", () => {
  const ours = [{ created_by: "COPY" }, { created_by: "ENV", empty_layer: true }, { created_by: "RUN" }];
  const layers = (count: number) =>
    wholeHistory(ours, count)
      .filter(({ empty_layer }) => !empty_layer)
      .map(({ created_by }) => created_by);
  assert.deepEqual(layers(2), ["COPY", "RUN"]);
  assert.deepEqual(layers(3), [undefined, "COPY", "RUN"]);
  assert.equal(wholeHistory(ours, 3).length, 4);
});
