// Bytes: of the programs, and of what comes with them.
import { addedTo } from "../../scripts/release/added.mjs";
import { openImage } from "../../scripts/release/saved-image.mjs";
import { byPart, listPackages } from "../packages.mjs";

/** @import { Bench } from "../main.mjs" */
/** @import { Section } from "../report.mjs" */
/** @import { Engine } from "../engine.mjs" */
/** @import { Brought } from "../packages.mjs" */

/** @type {Record<string, string>} */
const PEER_PROGRAMS = {
  tini: "/usr/bin/tini",
  "tini-static": "/usr/bin/tini-static",
  "dumb-init": "/usr/bin/dumb-init",
  catatonit: "/usr/bin/catatonit",
  "s6-svscan": "/usr/bin/s6-svscan",
  runsvdir: "/usr/bin/runsvdir",
};
/** Debian's systemd-standalone-* are single programs, made so that nobody needs systemd for them. */
const UNWANTED = /^(lib)?(python|perl(?!-base))|^(lib)?systemd(?!0|-standalone)/;
const LARGEST = 4;

/**
 * @param {Bench} bench
 * @returns {Section[]}
 */
export function measureSize({ engine, images }) {
  return [measurePrograms(engine, images), ...measureAdded(engine, images)];
}

/**
 * @param {Engine} engine
 * @param {Bench["images"]} images
 * @returns {Section}
 */
function measurePrograms(engine, images) {
  const peers = fileSizes(engine, images.peers, Object.values(PEER_PROGRAMS));
  const ours = fileSizes(engine, images.tested, ["/sbin/my_init"]);
  return {
    id: "size-binary",
    title: "Size of the program",
    unit: "bytes",
    reference: "tini-static",
    rows: [
      { name: "my_init", samples: ours },
      ...Object.keys(PEER_PROGRAMS).map((name, i) => ({ name, samples: [peers[i] ?? Number.NaN] })),
    ],
    notes: ["my_init, tini-static and catatonit are static; the others need a libc, s6 its own libraries too"],
  };
}

/**
 * @param {Engine} engine
 * @param {string} image
 * @param {readonly string[]} paths
 */
export function fileSizes(engine, image, paths) {
  return engine
    .output(image, "stat", ["--dereference", "--format", "%s", ...paths])
    .trim()
    .split("\n")
    .map(Number);
}

/**
 * @param {Engine} engine
 * @param {Bench["images"]} images
 * @returns {Section[]}
 */
function measureAdded(engine, { tested, base, isOwnBase, ours, peers }) {
  // Of another base nothing was added, and any difference would be chance.
  if (!isOwnBase)
    throw new Error(`cannot tell what ${tested} adds: ${base} is not what it was built on; BENCH_BASE names its base`);
  const { below, own, config } = openImage(tested, base);
  const { all, layers, packages, upgraded } = addedTo(below, own);
  const isNew = new Set(packages);
  const parts = byPart(listPackages(engine, ours), (name) => isNew.has(name));
  const added = [...parts.values()].flat();
  const unwanted = added.filter((brought) => UNWANTED.test(brought.package.name));
  const upgrades = { name: "upgrades of the base's packages", samples: [all.upgrades / 1e6] };
  return [
    {
      id: "size-layers",
      title: `Layers of ${tested} over ${base}`,
      unit: "MB",
      rows: [
        { name: "all of it", samples: [all.ours / 1e6] },
        ...layerNames(config, own.length)
          .map((name, index) => ({ name: `  ${name}`, samples: [(layers[index]?.ours ?? Number.NaN) / 1e6] }))
          .filter(({ samples }) => !(samples[0] < 0.001)),
        upgrades,
      ],
      notes: [`not counted in "all of it": upgrades that the archive had on the day: ${upgraded.join(", ") || "none"}`],
    },
    sizeByPart(parts, fileSizes(engine, tested, ["/sbin/my_init"])[0] ?? Number.NaN, all.ours),
    {
      id: "size-packages",
      title: "Packages added to the base",
      unit: "packages",
      rows: [
        { name: "baseimage", samples: [added.length], facts: { MB: (sumBytes(added) / 1e6).toFixed(1) } },
        ...peerPackages(engine, peers),
      ],
    },
    {
      id: "size-unwanted",
      title: "Python, perl (beyond perl-base) and systemd among them",
      unit: "packages",
      rows: [{ name: "baseimage", samples: [unwanted.length] }],
      notes: unwanted.map(({ chain }) => chain.join(" -> ")),
    },
  ];
}

/**
 * @param {Map<string, Brought[]>} parts
 * @param {number} binaryBytes
 * @param {number} layersBytes
 * @returns {Section}
 */
function sizeByPart(parts, binaryBytes, layersBytes) {
  const packagesBytes = sumBytes([...parts.values()].flat());
  return {
    id: "size-parts",
    title: "What each part adds: the packages that it needs beyond those of the parts before it",
    unit: "MB",
    rows: [
      ...[...parts]
        .filter(([, brought]) => brought.length > 0)
        .map(([part, brought]) => ({
          name: part || "(needed by none)",
          samples: [sumBytes(brought) / 1e6],
          facts: { packages: `${brought.length}`, "the largest": largest(brought) },
        })),
      { name: "the binary", samples: [binaryBytes / 1e6] },
      { name: "files of no package", samples: [(layersBytes - packagesBytes - binaryBytes) / 1e6] },
      { name: "all of it", samples: [layersBytes / 1e6], facts: { packages: `${[...parts.values()].flat().length}` } },
    ],
    notes: ["files of no package: certificates as one file, dpkg's lists, the overlays, build.sh"],
  };
}

/** @param {readonly Brought[]} brought */
function largest(brought) {
  return brought
    .map((each) => each.package)
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, LARGEST)
    .map(({ name, bytes }) => `${name} ${(bytes / 1e6).toFixed(1)}`)
    .join(", ");
}

/** @param {readonly Brought[]} brought */
function sumBytes(brought) {
  return brought.reduce((sum, each) => sum + each.package.bytes, 0);
}

/**
 * @param {Engine} engine
 * @param {string} peers
 */
export function peerPackages(engine, peers) {
  const installed = listPackages(engine, peers);
  /** @type {Map<string, Brought[]>} */
  const byPeer = new Map();
  for (const line of engine.output(peers, "cat", ["/bench/peer-packages"]).trim().split("\n")) {
    const [peer = "", name = ""] = line.split(" ");
    const found = installed.get(name);
    if (found) byPeer.set(peer, [...(byPeer.get(peer) ?? []), { package: found, chain: [peer, name] }]);
  }
  return [...byPeer].map(([peer, brought]) => ({
    name: peer,
    samples: [brought.length],
    facts: { MB: (sumBytes(brought) / 1e6).toFixed(1) },
  }));
}

/**
 * What made each of an image's own layers, lowest first.
 *
 * @param {Record<string, any>} config with a history that has a line for each layer
 * @param {number} count of the layers
 * @returns {string[]}
 */
function layerNames(config, count) {
  /** @type {{ created_by?: string, empty_layer?: boolean }[]} */
  const history = config["history"];
  const lines = history.filter(({ empty_layer }) => !empty_layer).slice(-count);
  return lines.map(({ created_by = "" }) => shorten(created_by));
}

/**
 * What made a layer, less the builder's own words: arguments, shell, checksums.
 *
 * @param {string} createdBy
 */
function shorten(createdBy) {
  return createdBy
    .trim()
    .replace(/^\|\d+ (\S+=\S* )*/, "")
    .replace(/^\/bin\/sh -c (#\(nop\) *)?/, "")
    .replace(/\b(file|dir|multi):\w+ in /, "")
    .slice(0, 60)
    .trim();
}
