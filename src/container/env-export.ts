import { isDigit } from "../core/ascii.ts";
import type { Environment } from "../core/container-env.ts";
import { hex } from "../core/printable.ts";
import { shellQuote } from "../core/shell-quote.ts";
import { utf8Length } from "../core/utf8.ts";

/** Names that are read-only in shells: assigning one is an error that ends the script, at least in bash. */
const READ_ONLY_IN_SHELLS = ["BASHOPTS", "BASH_VERSINFO", "EUID", "PPID", "SHELLOPTS", "UID"];

/** What {@link encodeURIComponent} does not change, besides letters, digits and `_`. */
const URI_MARKS = ["-", ".", "!", "~", "*", "'", "(", ")"];

/**
 * Whether any POSIX shell can set a variable of this name. Uses built-in functions of QuickJS like {@link shellQuote}.
 *
 * @see XBD 3.216 Name
 */
export function isShellName(name: string): boolean {
  if (encodeURIComponent(name) !== name || URI_MARKS.some((mark) => name.includes(mark))) return false;
  return name !== "" && !isDigit(name.charCodeAt(0)) && !READ_ONLY_IN_SHELLS.includes(name);
}

/** A script that sets these variables in any POSIX shell, except names that {@link isShellName} refuses. */
export function toShellScript(env: Environment): string {
  const lines = sorted(env).filter(([name]) => isShellName(name));
  return lines.map(([name, value]) => `export ${name}=${shellQuote(value)}\n`).join("");
}

/** One JSON object of strings. A byte that is not UTF-8 becomes a lone surrogate, as in Python's surrogateescape. */
export function toJson(env: Environment): string {
  return `{${sorted(env)
    .map(([name, value]) => `${jsonString(name)}: ${jsonString(value)}`)
    .join(", ")}}`;
}

/** A JSON string of a byte string. @see RFC 8259 section 7 */
export function jsonString(bytes: string): string {
  // What needs no escape in a URI needs none here. The built-in function is ten times as fast as a loop.
  if (encodeURI(bytes) === bytes) return `"${bytes}"`;
  let json = '"';
  let plainFrom = 0;
  for (let i = 0; i < bytes.length; ) {
    const code = bytes.charCodeAt(i);
    const length = utf8Length(bytes, i);
    if (length > 0 && code >= 0x20 && code !== 0x22 && code !== 0x5c && code !== 0x7f) {
      i += length;
      continue;
    }
    json += bytes.slice(plainFrom, i);
    if (length === 0) json += `\\udc${hex(code, 2)}`;
    else json += code === 0x22 || code === 0x5c ? `\\${bytes.charAt(i)}` : `\\u${hex(code, 4)}`;
    i++;
    plainFrom = i;
  }
  return `${json}${bytes.slice(plainFrom)}"`;
}

function sorted(env: Environment): [string, string][] {
  return [...env].sort(([a], [b]) => (a < b ? -1 : 1));
}
