import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { FOREIGN } from "./migration.ts";

test("docs/migrating.md has the same rows", () => {
  const page = readFileSync("docs/migrating.md", "utf8");
  const [, section = ""] = page.split("### What container_lint finds\n");
  const rows =
    section
      .split("\n## ")[0]
      ?.split("\n")
      .filter((line) => line.startsWith("| ")) ?? [];
  assert.deepEqual(
    rows.slice(2),
    FOREIGN.map(([place, word, other, advice]) => {
      const where = place === "run" ? "`run` of a service" : `a file in \`${place}\``;
      return `| ${where} | \`${word}\`${other === "" ? "" : ` and \`${other}\``} | ${advice} |`;
    }),
  );
});
