// One layer out of several, the same bytes from the same content: whenever, wherever and by whichever builder they were made.
import { readTar, writeTar } from "./tar.mjs";

/** @import { Entry } from "./tar.mjs" */

const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";

/**
 * Lays `layers` one over the other, as an engine does.
 *
 * What a later layer removes leaves a whiteout only where the base has it. Entries are sorted by the bytes of their names,
 * no time is later than `epoch`, owners are numbers.
 *
 * @param {Buffer[]} layers the image's own, lowest first
 * @param {Buffer[]} base those below, lowest first
 * @param {number} epoch seconds since 1970
 * @returns {Buffer}
 */
export function mergeLayers(layers, base, epoch) {
  const below = new Set(flatten(base).keys());
  /** @type {Map<string, Entry>} */
  const merged = new Map();
  for (const layer of layers) {
    const entries = readTar(layer).filter(({ name }) => name !== "");
    // A layer's whiteouts mean what is below it, wherever in it they stand.
    for (const entry of entries.filter(isWhiteout)) hide(entry, merged, below);
    for (const entry of entries.filter((each) => !isWhiteout(each))) put(entry, merged);
  }
  for (const [name, entry] of merged) merged.set(name, { ...entry, mtime: Math.min(entry.mtime, epoch) });
  return writeTar(linksAfterFiles(sorted(merged)));
}

/** @param {Entry} entry */
function isWhiteout({ name }) {
  return baseOf(name).startsWith(WHITEOUT);
}

/** @param {Entry} whiteout @param {Map<string, Entry>} merged @param {Set<string>} below */
function hide(whiteout, merged, below) {
  const directory = directoryOf(whiteout.name);
  const isOpaque = baseOf(whiteout.name) === OPAQUE;
  const hidden = isOpaque ? directory : join(directory, baseOf(whiteout.name).slice(WHITEOUT.length));
  removeBelow(merged, hidden);
  if (!isOpaque) merged.delete(hidden);
  if (below.has(hidden)) merged.set(whiteout.name, whiteout);
}

/** @param {Entry} entry @param {Map<string, Entry>} merged */
function put(entry, merged) {
  if (entry.type !== "5") removeBelow(merged, entry.name);
  const whiteout = join(directoryOf(entry.name), WHITEOUT + baseOf(entry.name));
  const hidden = merged.get(whiteout);
  if (hidden !== undefined) {
    merged.delete(whiteout);
    // A new directory where the base has another: its old content must not show through.
    if (entry.type === "5") merged.set(join(entry.name, OPAQUE), { ...hidden, name: join(entry.name, OPAQUE) });
  }
  merged.set(entry.name, entry);
}

/** @param {Map<string, Entry>} merged @param {string} directory */
function removeBelow(merged, directory) {
  for (const name of [...merged.keys()]) if (name.startsWith(`${directory}/`)) merged.delete(name);
}

/**
 * The file system that `layers`, lowest first, make.
 *
 * @param {Buffer[]} layers
 * @returns {Map<string, Entry>} by name
 */
export function flatten(layers) {
  /** @type {Map<string, Entry>} */
  const tree = new Map();
  for (const layer of layers) {
    const entries = readTar(layer).filter(({ name }) => name !== "");
    for (const entry of entries.filter(isWhiteout)) hide(entry, tree, new Set());
    for (const entry of entries.filter((each) => !isWhiteout(each))) put(entry, tree);
  }
  return tree;
}

/** @param {Map<string, Entry>} merged */
function sorted(merged) {
  return [...merged.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Of several names of one file the first carries it, and the others are links to that one.
 *
 * @param {Entry[]} entries sorted
 */
function linksAfterFiles(entries) {
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  /** @type {Map<string, string>} file -> the name that carries it */
  const carriers = new Map();
  return entries.map((entry) => {
    const target = entry.type === "1" ? entry.linkname.replace(/^(\.?\/)+/, "") : entry.name;
    const file = byName.get(target);
    if (file === undefined) return { ...entry, linkname: target }; // the base has the file
    const carrier = carriers.get(target);
    if (carrier !== undefined)
      return { ...file, name: entry.name, type: "1", linkname: carrier, data: Buffer.alloc(0) };
    if (entry.type === "0" || entry.type === "1") carriers.set(target, entry.name);
    return { ...file, name: entry.name };
  });
}

/** @param {string} name */
function baseOf(name) {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** @param {string} name */
function directoryOf(name) {
  return name.includes("/") ? name.slice(0, name.lastIndexOf("/")) : "";
}

/** @param {string} directory @param {string} name */
function join(directory, name) {
  return directory === "" ? name : `${directory}/${name}`;
}
