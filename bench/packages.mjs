// Packages of an image: how large they are, and which part of the image brought which.
import { readFileSync } from "node:fs";

/** @import { Engine } from "./engine.mjs" */

/**
 * @typedef {object} Package
 * @property {string} name
 * @property {number} bytes of its files, as they are in the image
 * @property {string[][]} depends alternatives of each dependency
 * @property {string[]} provides
 */

/**
 * A package and for whose sake it is there.
 *
 * @typedef {object} Brought
 * @property {Package} package
 * @property {string[]} chain from a package that the part asks for to this one
 */

/** The parts of an image, in the order in which image/build.sh installs them. */
export const PARTS = ["base", "syslog", "cron", "logrotate", "ssh"];

/**
 * @param {Engine} engine
 * @param {string} image one with the fixtures
 * @returns {Map<string, Package>}
 */
export function listPackages(engine, image) {
  const lines = engine.output(image, "/bench/packages.sh", []).split("\n").filter(Boolean);
  return new Map(
    lines.map((line) => {
      const [name = "", bytes, depends = "", provides = ""] = line.split("\t");
      return [
        name,
        {
          name,
          bytes: Number(bytes),
          depends: words(depends).map((dependency) => dependency.split("|").map(bareName)),
          provides: words(provides).map(bareName),
        },
      ];
    }),
  );
}

/**
 * Gives each package to the first part that needs it, as apt did when it installed one part after the other.
 *
 * @param {Map<string, Package>} installed
 * @param {(name: string) => boolean} isNew whether a package was not in the image before the first part
 * @returns {Map<string, Brought[]>} by part; what no part needs is under ""
 */
export function byPart(installed, isNew) {
  /** @type {Map<string, string[]>} */
  const providers = new Map();
  for (const { name, provides } of installed.values()) {
    for (const virtual of provides) providers.set(virtual, [...(providers.get(virtual) ?? []), name]);
  }
  /** @type {Map<string, Brought[]>} */
  const parts = new Map();
  const taken = new Set();
  for (const part of PARTS) {
    /** @type {Brought[]} */
    const brought = [];
    const queue = askedFor(part).map((name) => [name]);
    for (const chain of queue) {
      for (const name of [chain.at(-1) ?? "", ...(providers.get(chain.at(-1) ?? "") ?? [])]) {
        const found = installed.get(name);
        if (!found || taken.has(name) || !isNew(name)) continue;
        taken.add(name);
        const steps = [...chain.slice(0, -1), name];
        brought.push({ package: found, chain: steps });
        queue.push(...found.depends.flat().map((next) => [...steps, next]));
      }
    }
    parts.set(part, brought);
  }
  const rest = [...installed.values()].filter(({ name }) => isNew(name) && !taken.has(name));
  parts.set(
    "",
    rest.map((found) => ({ package: found, chain: [found.name] })),
  );
  return parts;
}

/** @param {string} part */
function askedFor(part) {
  const list = readFileSync(new URL(`../image/packages/${part}`, import.meta.url), "utf8");
  return list.split("\n").filter(Boolean);
}

/** @param {string} list separated by commas */
function words(list) {
  return list
    .split(",")
    .map((word) => word.trim())
    .filter(Boolean);
}

/** @param {string} dependency with a version or an architecture */
function bareName(dependency) {
  return dependency.trim().replace(/[ :(].*$/, "");
}
