import assert from "node:assert/strict";
import { test } from "node:test";
import { Cutter, LONGEST_LINE } from "./cutter.ts";

/** What becomes of chunks: each cut as its text, pieces with a `+` behind. */
function cut(...chunks: readonly string[]): string[] {
  const cutter = new Cutter();
  const cuts = [...chunks.flatMap((chunk) => cutter.take(chunk)), ...cutter.takeRest(false)];
  return cuts.map(({ isPartial, text }) => (isPartial ? `${text}+` : text));
}

test("whole lines come immediately, the rest when it is complete", () => {
  assert.deepEqual(cut("one\ntwo\nthr", "ee\n", "\n", "four"), ["one\ntwo\n", "three\n", "\n", "four"]);
  assert.deepEqual(cut("a", "b", "c\nd"), ["abc\n", "d"]);
  assert.deepEqual(cut("lone\rCR\r\n\0\n"), ["lone\rCR\r\n\0\n"]);
});

test("a line that has begun can be asked for, and goes on after that", () => {
  const cutter = new Cutter();
  cutter.take("Pass");
  assert.equal(cutter.hasRest, true);
  assert.deepEqual(cutter.takeRest(true), [{ text: "Pass", isPartial: true }]);
  assert.equal(cutter.hasRest, false);
  assert.deepEqual(cutter.takeRest(true), []);
  assert.deepEqual(cutter.take("word\n"), [{ text: "word\n", isPartial: false }]);
});

test("a line of the greatest length is whole, a longer one comes in pieces", () => {
  const longest = "x".repeat(LONGEST_LINE);
  assert.deepEqual(cut(`${longest}\nnext\n`), [`${longest}\nnext\n`]);
  assert.deepEqual(cut(`before\n${longest}`, "y\nnext\n"), ["before\n", `${longest}+`, "y\nnext\n"]);
  assert.deepEqual(cut(longest, longest, "z"), [`${longest}+`, `${longest}+`, "z"]);
});

test("where a long line is cut does not depend on how it comes", () => {
  const text = `${"0123456789".repeat(70_000)}\n`;
  const whole = cut(text);
  assert.equal(whole.length, 3);
  for (const step of [1000, 4096, 65_536, LONGEST_LINE, LONGEST_LINE + 1]) {
    const chunks = Array.from({ length: Math.ceil(text.length / step) }, (_, i) =>
      text.slice(i * step, (i + 1) * step),
    );
    assert.deepEqual(cut(...chunks), whole, `in chunks of ${step}`);
  }
});

test("no piece ends in the middle of a character of UTF-8; what is none is cut all the same", () => {
  const euro = "\xe2\x82\xac";
  for (const shift of [0, 1, 2]) {
    const [piece = "", rest = ""] = cut("x".repeat(shift) + euro.repeat(100_000));
    assert.ok(piece.endsWith(`${euro}+`), `shifted by ${shift}`);
    assert.ok(rest.startsWith(euro));
    assert.equal(piece.length - 1 + rest.length, shift + 300_000);
  }
  assert.equal(cut("\x80".repeat(LONGEST_LINE + 5))[0]?.length, LONGEST_LINE + 1);
});
