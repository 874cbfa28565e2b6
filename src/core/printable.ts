/** Control characters that have a letter of their own. */
const SHORT_ESCAPES: ReadonlyMap<number, string> = new Map([
  [0x09, "\\t"],
  [0x0a, "\\n"],
  [0x0d, "\\r"],
]);

/**
 * `text` made safe for one line of a log: control characters become `\n`, `\r`, `\t` or `\x1b`.
 * Other bytes, those of UTF-8 among them, stay as they are.
 */
export function printable(text: string): string {
  let shown = "";
  let plainFrom = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x20 && code !== 0x7f) continue;
    shown += text.slice(plainFrom, i) + (SHORT_ESCAPES.get(code) ?? `\\x${hex(code, 2)}`);
    plainFrom = i + 1;
  }
  return plainFrom === 0 ? text : shown + text.slice(plainFrom);
}

/** `code` in lower-case hexadecimal, at least `width` digits. */
export function hex(code: number, width: number): string {
  return code.toString(16).padStart(width, "0");
}
