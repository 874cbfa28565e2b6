// The judges are real shells: what they read is what was quoted.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { shellQuote } from "./shell-quote.ts";

const shells = ["sh", "dash", "bash", "busybox"].filter((shell) => spawnSync(shell, ["-c", ":"]).error === undefined);

/** What a shell makes of these words. */
function readBack(shell: string, words: readonly string[]): string[] {
  const script = `printf '%s\\0' ${words.map(shellQuote).join(" ")}`;
  const outcome = spawnSync(shell, shell === "busybox" ? ["sh"] : [], {
    input: Buffer.from(script, "latin1"),
    encoding: "latin1",
    env: { PATH: process.env["PATH"], LC_ALL: "C.UTF-8", HOME: "/home" },
  });
  assert.equal(outcome.stderr, "");
  return outcome.stdout.split("\0").slice(0, -1);
}

test("shellQuote() is undone by every shell, for each byte alone, at both ends and between others", () => {
  const bytes = Array.from({ length: 255 }, (_, index) => String.fromCharCode(index + 1));
  const words = bytes.flatMap((byte) => [byte, `${byte}x`, `x${byte}`, `'${byte}'`, `${byte}${byte}`]);
  for (const shell of shells) assert.deepEqual(readBack(shell, words), words, shell);
});

test("shellQuote() is undone by every shell for words that mean something to it", () => {
  const words = [
    "",
    "a b",
    "$HOME `id` $(id)",
    "-n",
    "two\nlines",
    "~/x",
    "*.ts",
    "!!",
    "\\",
    "\\n",
    "é ü",
    "a'b'c",
    "{1,2}",
  ];
  const bytes = words.map((word) => Buffer.from(word).toString("latin1"));
  for (const shell of shells) assert.deepEqual(readBack(shell, bytes), bytes, shell);
});

test("a long word is undone too", () => {
  const word = `it's ${"long ".repeat(20_000)}`;
  for (const shell of shells) assert.deepEqual(readBack(shell, [word]), [word], shell);
});
