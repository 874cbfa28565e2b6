// What differs between two layers, for people: names, and where a file is text the first lines.
import { readTar } from "./tar.mjs";

/** @import { Entry } from "./tar.mjs" */

const FACTS = /** @type {const} */ (["type", "mode", "uid", "gid", "mtime", "linkname", "major", "minor"]);

/**
 * @param {Buffer} one
 * @param {Buffer} other
 * @returns {string[]} a line for each difference; none where the layers are the same
 */
export function differences(one, other) {
  if (one.equals(other)) return [];
  const left = new Map(readTar(one).map((entry) => [entry.name, entry]));
  const right = new Map(readTar(other).map((entry) => [entry.name, entry]));
  const names = [...new Set([...left.keys(), ...right.keys()])].sort();
  const found = names.flatMap((name) => differencesOf(name, left.get(name), right.get(name)));
  return found.length > 0 ? found : ["the entries are the same and stand in another order"];
}

/** @param {string} name @param {Entry | undefined} one @param {Entry | undefined} other */
function differencesOf(name, one, other) {
  if (one === undefined || other === undefined)
    return [`${name}: only in the ${one === undefined ? "second" : "first"}`];
  const facts = FACTS.filter((fact) => one[fact] !== other[fact]).map(
    (fact) => `${name}: ${fact} ${one[fact]} and ${other[fact]}`,
  );
  if (JSON.stringify(one.xattrs) !== JSON.stringify(other.xattrs)) facts.push(`${name}: extended attributes`);
  return one.data.equals(other.data) ? facts : [...facts, `${name}: ${contentDifference(one.data, other.data)}`];
}

/** @param {Buffer} one @param {Buffer} other */
function contentDifference(one, other) {
  const sizes = one.length === other.length ? `${one.length} bytes` : `${one.length} and ${other.length} bytes`;
  const at = one.findIndex((byte, index) => byte !== other[index]);
  const where = `content differs from byte ${at < 0 ? one.length : at} (${sizes})`;
  if (one.includes(0) || other.includes(0)) return where;
  const lines = other.toString("latin1").split("\n");
  const index = one
    .toString("latin1")
    .split("\n")
    .findIndex((line, number) => line !== lines[number]);
  const line = (/** @type {Buffer} */ text) => JSON.stringify(text.toString("latin1").split("\n")[index] ?? "");
  return `${where}\n  line ${index + 1}: ${line(one)}\n  and: ${line(other)}`;
}
