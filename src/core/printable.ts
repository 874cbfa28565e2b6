/** Control characters that have a letter escape. */
const SHORT_ESCAPES: ReadonlyMap<number, string> = new Map([
  [0x09, "\\t"],
  [0x0a, "\\n"],
  [0x0d, "\\r"],
]);

/** U+0080 to U+009F in UTF-8: this byte and a second one. Terminals obey them like an escape sequence. */
const C1_LEAD = 0xc2;
const C1_LAST = 0x9f;

/**
 * Makes `text` safe for one line of a log: control characters become `\n`, `\r`, `\t` or `\x1b`, or in UTF-8
 * `\xc2\x9b`. Other bytes do not change.
 */
export function printable(text: string): string {
  let shown = "";
  let plainFrom = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const isC1 = code === C1_LEAD && text.charCodeAt(i + 1) >= 0x80 && text.charCodeAt(i + 1) <= C1_LAST;
    if (code >= 0x20 && code !== 0x7f && !isC1) continue;
    shown += text.slice(plainFrom, i) + (SHORT_ESCAPES.get(code) ?? `\\x${hex(code, 2)}`);
    if (isC1) shown += `\\x${hex(text.charCodeAt(++i), 2)}`;
    plainFrom = i + 1;
  }
  return plainFrom === 0 ? text : shown + text.slice(plainFrom);
}

/** `code` in lower-case hexadecimal, at least `width` digits. */
export function hex(code: number, width: number): string {
  return code.toString(16).padStart(width, "0");
}
