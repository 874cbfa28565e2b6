// Every file of src is tested: by a test beside it, by a test that imports it, or by a test that it names.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], { encoding: "utf8" })
  .split("\0")
  .filter((file) => file.endsWith(".ts") && existsSync(file));
const isTest = (file: string) => file.endsWith(".test.ts");
const shipped = files.filter((file) => file.startsWith("src/") && !isTest(file));

/** All that a unit test imports, a test's own helpers left aside. */
const imported = new Set(
  files
    .filter((file) => file.startsWith("src/") && isTest(file))
    .flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/ from "(\.[^"]+)"/g)].map(([, path = ""]) => join(dirname(file), path)),
    ),
);

/** The tests that the file names: `// Tested by PATH, PATH.` */
function namedTests(file: string): string[] {
  const [, names = ""] = /^\/\/ Tested by (.+)\.$/m.exec(readFileSync(file, "utf8")) ?? [];
  return names.split(", ").filter((name) => name !== "");
}

function isTested(file: string): boolean {
  const beside = [".test.ts", ".judge.test.ts"].map((end) => file.replace(/\.ts$/, end));
  return beside.some((path) => existsSync(path)) || imported.has(file) || namedTests(file).length > 0;
}

test("a file of src has a test beside it, is imported by a unit test, or names a test", () => {
  assert.deepEqual(
    shipped.filter((file) => !isTested(file)),
    [],
  );
});

test("a test that a file of src names exists", () => {
  for (const file of shipped) {
    for (const name of namedTests(file)) assert.ok(isTest(name) && existsSync(name), `${file} names ${name}`);
  }
});
