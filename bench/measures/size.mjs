// Bytes: of the programs, and of what comes with them.

/** @import { Bench } from "../main.mjs" */
/** @import { Section } from "../report.mjs" */
/** @import { Engine } from "../engine.mjs" */

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
const LARGEST = 8;

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
function fileSizes(engine, image, paths) {
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
function measureAdded(engine, { tested, base, isOwnBase, peers }) {
  // Of another base nothing was added, and any difference would be chance.
  if (!isOwnBase)
    throw new Error(`cannot tell what ${tested} adds: ${base} is not what it was built on; BENCH_BASE names its base`);
  const before = packages(engine, base);
  const added = [...packages(engine, tested)].filter(([name]) => !before.has(name));
  const unwanted = added.map(([name]) => name).filter((name) => UNWANTED.test(name));
  const layersMB = (engine.inspect("image", tested).Size - engine.inspect("image", base).Size) / 1e6;
  const withPeers = packages(engine, peers);
  /** @type {Map<string, string[]>} */
  const peerPackages = new Map();
  for (const line of engine.output(peers, "cat", ["/bench/peer-packages"]).trim().split("\n")) {
    const [peer = "", name = ""] = line.split(" ");
    peerPackages.set(peer, [...(peerPackages.get(peer) ?? []), name]);
  }
  /** @param {Iterable<string>} names @param {Map<string, number>} sizes */
  const megabytes = (names, sizes) => ([...names].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0) * 1024) / 1e6;
  const bySize = [...added].sort(([, a], [, b]) => b - a).slice(0, LARGEST);
  return [
    {
      id: "size-layers",
      title: `Layers of ${tested} over ${base}`,
      unit: "MB",
      rows: [
        { name: "all of it", samples: [layersMB] },
        ...layers(engine, tested, base).map(({ name, bytes }) => ({ name: `  ${name}`, samples: [bytes / 1e6] })),
      ],
    },
    {
      id: "size-packages",
      title: "Packages added to the base",
      unit: "packages",
      rows: [
        {
          name: "baseimage",
          samples: [added.length],
          facts: { "installed MB": ((added.reduce((sum, [, kib]) => sum + kib, 0) * 1024) / 1e6).toFixed(2) },
        },
        ...[...peerPackages].map(([peer, names]) => ({
          name: peer,
          samples: [names.length],
          facts: { "installed MB": megabytes(names, withPeers).toFixed(2) },
        })),
      ],
      notes: [`largest of ours, KiB: ${bySize.map(([name, kib]) => `${name} ${kib}`).join(", ")}`],
    },
    {
      id: "size-unwanted",
      title: "Python, perl (beyond perl-base) and systemd among them",
      unit: "packages",
      rows: [{ name: "baseimage", samples: [unwanted.length] }],
      notes: unwanted.length > 0 ? [unwanted.join(", ")] : [],
    },
  ];
}

/**
 * Installed size in KiB by package.
 *
 * @param {Engine} engine
 * @param {string} image
 */
function packages(engine, image) {
  const format = "${Package} ${Installed-Size}\\n";
  const lines = engine.output(image, "dpkg-query", ["--show", "--showformat", format]).trim().split("\n");
  return new Map(
    lines.map((line) => /** @type {[string, number]} */ ([line.split(" ")[0], Number(line.split(" ")[1])])),
  );
}

/**
 * The layers that hold anything, the base's left out.
 *
 * @param {Engine} engine
 * @param {string} tested
 * @param {string} base
 */
function layers(engine, tested, base) {
  /** @param {string} image */
  const history = (image) => {
    const format = ["--human=false", "--no-trunc", "--format", "{{.Size}} {{.CreatedBy}}"];
    return engine
      .call(["history", ...format, image])
      .stdout.trim()
      .split("\n");
  };
  const above = history(tested);
  return above
    .slice(0, above.length - history(base).length)
    .map((line) => ({ bytes: Number.parseInt(line, 10), name: shorten(line.slice(line.indexOf(" "))) }))
    .filter(({ bytes }) => bytes >= 1000)
    .reverse();
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
