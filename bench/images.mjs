// The images that are run: the one under test, its base, and those that Dockerfile here makes of them.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { runStep } from "../scripts/progress.mjs";

/** @import { Engine } from "./engine.mjs" */

/**
 * @typedef {object} BenchImages
 * @property {string} tested the image under test, as users get it
 * @property {string} base what it was built on
 * @property {boolean} isOwnBase whether `base` is known to be just that
 * @property {string} ours the tested image with fixtures and the small peers added
 * @property {string} peers the base with all peers and the fixtures
 * @property {string} peerVersions of Debian's packages that are measured
 * @property {OverlayImages | undefined} overlay the tested image's, if it is here
 */

/**
 * @typedef {object} OverlayImages
 * @property {string} tested the overlay alone, as users get it
 * @property {string} laid a busybox with the overlay, the fixtures and tini-static
 */

/**
 * A supervisor, and where it is.
 *
 * @typedef {object} Supervisor
 * @property {string} name of its rows
 * @property {string} word what fixtures/serve.sh calls it
 * @property {string} image one that has it and the fixtures
 */

/** The name of the overlay's rows, beside those of the whole image. */
export const OVERLAY = "my_init, overlay";
export const WHERE_THE_OVERLAY_IS = "the overlay is on a busybox root; all others are on the base named above";
const BUILD_TIMEOUT_MS = 900_000;
const PEER_PACKAGES = ["catatonit", "dumb-init", "runit", "s6", "supervisor", "tini"];
const FALLBACK_BASES = ["baseimage-debootstrap:debian-13", "ubuntu:24.04", "debian:13"];
const DIRECTORY = dirname(fileURLToPath(import.meta.url));

/**
 * @param {Engine} engine
 * @returns {BenchImages}
 */
export function prepareImages(engine) {
  const tested = process.env["IMAGE"] || "baseimage:latest";
  if (!engine.inspect("image", tested)) {
    throw new Error(`cannot measure "${tested}": no such image here\n\`make build\` builds it; IMAGE names another`);
  }
  const { base, isOwnBase } = findBase(engine, tested);
  const overlay = `${tested}-overlay`;
  const hasOverlay = engine.inspect("image", overlay) !== undefined;
  const sources = { BASE_IMAGE: base, IMAGE: tested, ...(hasOverlay ? { OVERLAY: overlay } : {}) };
  const peers = build(engine, "peers", sources);
  const ours = build(engine, "ours", sources);
  const laid = hasOverlay ? { tested: overlay, laid: build(engine, "overlay", sources) } : undefined;
  return { tested, base, isOwnBase, ours, peers, peerVersions: versionsOf(engine, peers), overlay: laid };
}

/**
 * The overlay without services of its own, if it is here.
 *
 * @param {BenchImages} images
 * @returns {Supervisor[]}
 */
export function overlaySupervisors({ overlay }) {
  return overlay ? [{ name: OVERLAY, word: "my_init-bare", image: overlay.laid }] : [];
}

/**
 * Debian's supervisors.
 *
 * @param {BenchImages} images
 * @param {readonly string[]} names
 * @returns {Supervisor[]}
 */
export function peerSupervisors({ peers }, names) {
  return names.map((name) => ({ name, word: name, image: peers }));
}

/**
 * The base is the local image whose layers the tested one begins with; where none is known, any will do for the peers,
 * but nothing can be said about what was added.
 *
 * @param {Engine} engine
 * @param {string} tested
 */
function findBase(engine, tested) {
  const layers = layersOf(engine, tested);
  const told = engine.inspect("image", tested).Config.Labels?.["org.opencontainers.image.base.name"];
  const named = [process.env["BENCH_BASE"], told, process.env["BASE_IMAGE"]].filter((name) => !!name);
  const candidates = [...named, ...FALLBACK_BASES];
  const here = candidates.map(String).filter((name) => engine.inspect("image", name));
  const own = here.find((name) => layersOf(engine, name).every((layer, index) => layer === layers[index]));
  const base = process.env["BENCH_BASE"] || own || here[0] || "debian:13";
  return { base, isOwnBase: base === own };
}

/**
 * @param {Engine} engine
 * @param {string} peers
 */
function versionsOf(engine, peers) {
  const format = "${Package} ${Version}\n";
  const lines = engine.output(peers, "dpkg-query", ["--show", "--showformat", format, ...PEER_PACKAGES]);
  return lines.trim().split("\n").join(", ");
}

/**
 * @param {Engine} engine
 * @param {string} image
 * @returns {string[]}
 */
function layersOf(engine, image) {
  return engine.inspect("image", image).RootFS.Layers;
}

/**
 * @param {Engine} engine
 * @param {string} stage
 * @param {Record<string, string>} sources the images that Dockerfile begins with
 */
function build(engine, stage, sources) {
  const name = `baseimage-bench-${stage}:latest`;
  const args = Object.entries(sources).flatMap(([argument, image]) => ["--build-arg", `${argument}=${image}`]);
  const words = ["build", "--tag", name, "--target", stage, ...args, DIRECTORY];
  runStep("build/bench.log", `bench: building ${name}`, [engine.program, ...words], BUILD_TIMEOUT_MS);
  return name;
}
