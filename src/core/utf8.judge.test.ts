// The judge is Node's own decoder, which refuses what is no UTF-8.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { utf8Length } from "./utf8.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** How many bytes the first character has, as the decoder sees it. */
function judged(bytes: readonly number[]): number {
  for (let length = 1; length <= Math.min(4, bytes.length); length++) {
    try {
      decoder.decode(Buffer.from(bytes.slice(0, length)));
      return length;
    } catch {
      // one more byte may make it a character
    }
  }
  return 0;
}

test("utf8Length() agrees with TextDecoder on all pairs of bytes, and on longer ones at every border", () => {
  const last = [0x00, 0x41, 0x7f, 0x80, 0xbf, 0xc0, 0xff];
  const second = [...last, 0x8f, 0x90, 0x9f, 0xa0];
  const check = (bytes: readonly number[]) =>
    assert.equal(utf8Length(String.fromCharCode(...bytes), 0), judged(bytes), bytes.join(" "));
  for (let first = 0; first < 256; first++) {
    check([first]);
    for (let next = 0; next < 256; next++) check([first, next]);
    if (first < 0xe0) continue;
    for (const a of second) for (const b of last) for (const c of last) check([first, a, b, c]);
    for (const a of second) for (const b of last) check([first, a, b]);
  }
});
