// What an image adds to its base, told apart from the upgrades of the base that its build found in the archive: those are
// more every day, and none of them is the image's doing.
import { packagesIn, Root } from "./packages.mjs";
import { readTar } from "./tar.mjs";

/** @import { Package } from "./packages.mjs" */

/**
 * Bytes of files in a layer.
 *
 * @typedef {object} Share
 * @property {number} ours
 * @property {number} upgrades files of packages that the base has, in another version; and of files that no package owns,
 *   such as dpkg's own database, as many bytes as the base has in them: each upgrade writes these anew
 */

/**
 * @typedef {object} Added
 * @property {Share[]} layers one for each of the image's own, lowest first
 * @property {Share} all their sums
 * @property {string[]} packages names of those that the base has not, sorted; without what its upgrades brought
 * @property {string[]} upgraded names of the base's packages that have another version, and of what those brought, sorted
 */

/** @type {Share} */
const NOTHING = { ours: 0, upgrades: 0 };

/**
 * @param {Buffer[]} below the base's layers, lowest first
 * @param {Buffer[]} own the image's, lowest first
 * @returns {Added}
 */
export function addedTo(below, own) {
  const [base, root] = [new Root(below), new Root([...below, ...own])];
  const before = new Map(packagesIn(base).map((each) => [keyOf(each), each]));
  const after = packagesIn(root);
  const changed = after.filter((each) => (before.get(keyOf(each)) ?? each).version !== each.version);
  const fresh = after.filter((each) => !before.has(keyOf(each)));
  const brought = broughtBy(changed, fresh, new Set([...before.values()].map(({ name }) => name)));
  const upgraded = [...changed, ...brought];

  const [isUpgrade, isOwned] = [filesOf(upgraded, root), filesOf(after, root)];
  const layers = own.map((layer) =>
    readTar(layer)
      .map(({ name, data }) => {
        const there = isOwned(name) ? 0 : (base.find(name)?.data.length ?? 0);
        const upgrades = isUpgrade(name) ? data.length : Math.min(data.length, there);
        return { ours: data.length - upgrades, upgrades };
      })
      .reduce(sum, NOTHING),
  );
  return {
    layers,
    all: layers.reduce(sum, NOTHING),
    packages: namesOf(fresh.filter((each) => !brought.has(each))),
    upgraded: namesOf(upgraded),
  };
}

/**
 * The new packages that upgraded ones cannot be without: a library that has another name now, for example.
 *
 * @param {readonly Package[]} upgraded
 * @param {readonly Package[]} fresh
 * @param {ReadonlySet<string>} before names of the base's packages
 * @returns {Set<Package>}
 */
function broughtBy(upgraded, fresh, before) {
  /** @type {Set<Package>} */
  const brought = new Set();
  const queue = [...upgraded];
  for (const { depends } of queue) {
    // What the base had an alternative for, the upgrade did not bring.
    const names = new Set(depends.filter((names) => !names.some((name) => before.has(name))).flat());
    const found = fresh.filter((each) => names.has(each.name) && !brought.has(each));
    for (const each of found) brought.add(each);
    queue.push(...found);
  }
  return brought;
}

/**
 * @param {readonly Package[]} packages
 * @param {Root} root
 * @returns {(name: string) => boolean} whether a member of an archive belongs to one of them
 */
function filesOf(packages, root) {
  // dpkg calls its files so, with the architecture where a package may be there for several.
  const stems = new Set(packages.flatMap(({ name, architecture }) => [name, `${name}:${architecture}`]));
  const names = new Set();
  for (const stem of stems) {
    const list = root.read(`var/lib/dpkg/info/${stem}.list`)?.toString("latin1") ?? "";
    // Its paths may go by links: /lib is one to usr/lib.
    for (const path of list.split("\n")) names.add(root.find(path.slice(1))?.name);
  }
  return (name) => names.has(name) || stems.has(/^var\/lib\/dpkg\/info\/(.+)\.[^.]+$/.exec(name)?.[1] ?? "");
}

/** @param {Share} one @param {Share} other @returns {Share} */
function sum(one, other) {
  return { ours: one.ours + other.ours, upgrades: one.upgrades + other.upgrades };
}

/** @param {Package} each */
function keyOf({ name, architecture }) {
  return `${name}:${architecture}`;
}

/** @param {readonly Package[]} packages */
function namesOf(packages) {
  return [...new Set(packages.map(({ name }) => name))].sort();
}
