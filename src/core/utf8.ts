/**
 * Takes one character of UTF-8 out of a byte string at `index`.
 *
 * @returns how many bytes it has, 1 to 4; 0 where the bytes are not UTF-8 (overlong, surrogate,
 *   above U+10FFFF or cut off)
 * @see RFC 3629 section 4
 */
export function utf8Length(bytes: string, index: number): number {
  const first = bytes.charCodeAt(index);
  if (first < 0x80) return 1;
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  for (let i = 1; i < length; i++) {
    const byte = bytes.charCodeAt(index + i); // NaN beyond the end compares as false
    let least = 0x80;
    let most = 0xbf;
    if (i === 1) {
      if (first === 0xe0) least = 0xa0;
      if (first === 0xed) most = 0x9f;
      if (first === 0xf0) least = 0x90;
      if (first === 0xf4) most = 0x8f;
    }
    if (!(byte >= least && byte <= most)) return 0;
  }
  return length;
}
