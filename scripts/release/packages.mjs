// What dpkg says is in a file system, read from the layers of an image: nothing of it has to run.
import { flatten } from "./layer.mjs";

/** @import { Entry } from "./tar.mjs" */

/**
 * An installed package.
 *
 * @typedef {object} Package
 * @property {string} name
 * @property {string} version
 * @property {string} architecture
 * @property {string} source name and version of the source package
 * @property {string} maintainer
 * @property {string} homepage
 * @property {string} summary
 * @property {string[][]} depends names of what it needs installed, each with its alternatives
 * @property {string} copyright content of its copyright file; "" where there is none
 */

/** A file system made of layers. */
export class Root {
  /** @type {Map<string, Entry>} */
  #tree;

  /** @param {Buffer[]} layers lowest first */
  constructor(layers) {
    this.#tree = flatten(layers);
  }

  /** @param {string} path without a slash at its start @returns {Buffer | undefined} undefined: there is no such file */
  read(path) {
    return this.find(path)?.data;
  }

  /** What a path leads to, links followed. @param {string} path without a slash at its start @returns {Entry | undefined} */
  find(path) {
    for (let hops = 0; hops < 20; hops += 1) {
      const [link, rest] = this.#firstLink(path);
      if (link === undefined) return this.#tree.get(path);
      const target = link.type === "1" ? `/${link.linkname}` : link.linkname;
      path = resolve(target.startsWith("/") ? target : `${link.name}/../${target}`, rest);
    }
    return undefined;
  }

  /** The first part of the path that is a link, and what follows it. @param {string} path @returns {[Entry | undefined, string]} */
  #firstLink(path) {
    const parts = path.split("/");
    for (let count = 1; count <= parts.length; count += 1) {
      const entry = this.#tree.get(parts.slice(0, count).join("/"));
      if (entry?.type === "2" || entry?.type === "1") return [entry, parts.slice(count).join("/")];
    }
    return [undefined, ""];
  }
}

/** @param {Root} root @returns {Package[]} sorted by name */
export function packagesIn(root) {
  const status = root.read("var/lib/dpkg/status")?.toString() ?? "";
  const found = status.split("\n\n").flatMap((paragraph) => {
    const field = (/** @type {string} */ name) => new RegExp(`^${name}: (.*)$`, "m").exec(paragraph)?.[1] ?? "";
    if (!field("Status").endsWith(" installed")) return [];
    const [name, version] = [field("Package"), field("Version")];
    const [, source = name, sourceVersion = version] = /^(\S+)(?: \((.*)\))?$/.exec(field("Source")) ?? [];
    const copyright = root.read(`usr/share/doc/${name}/copyright`)?.toString() ?? "";
    return {
      name,
      version,
      architecture: field("Architecture"),
      source: `${source} ${sourceVersion}`,
      maintainer: field("Maintainer"),
      homepage: field("Homepage"),
      summary: field("Description"),
      depends: [field("Pre-Depends"), field("Depends")].flatMap(alternatives),
      copyright,
    };
  });
  return found.sort((a, b) => (`${a.name} ${a.architecture}` < `${b.name} ${b.architecture}` ? -1 : 1));
}

/** @param {string} list of dependencies, as in a control file @returns {string[][]} */
function alternatives(list) {
  const dependencies = list.split(",").filter((each) => each.trim() !== "");
  return dependencies.map((each) => each.split("|").map((name) => name.trim().replace(/[ :(].*$/, "")));
}

/** @param {string} path @param {string} rest */
function resolve(path, rest) {
  /** @type {string[]} */
  const parts = [];
  for (const part of `${path}/${rest}`.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}
