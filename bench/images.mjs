// The images that are run: the one under test, its base, and the two that Dockerfile here makes of them.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** @import { Engine } from "./engine.mjs" */

/**
 * @typedef {object} BenchImages
 * @property {string} tested the image under test, as users get it
 * @property {string} base what it was built on
 * @property {boolean} isOwnBase whether `base` is known to be just that
 * @property {string} ours the tested image with fixtures and the small peers added
 * @property {string} peers the base with all peers and the fixtures
 */

const BUILD_TIMEOUT_MS = 900_000;
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
  process.stderr.write(`bench: building the peers on ${base} (the first time takes a minute)\n`);
  const peers = build(engine, "peers", base, tested);
  const ours = build(engine, "ours", base, tested);
  return { tested, base, isOwnBase, ours, peers };
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
 * @param {string} image
 * @returns {string[]}
 */
function layersOf(engine, image) {
  return engine.inspect("image", image).RootFS.Layers;
}

/**
 * @param {Engine} engine
 * @param {string} stage
 * @param {string} base
 * @param {string} tested
 */
function build(engine, stage, base, tested) {
  const name = `baseimage-bench-${stage}:latest`;
  const args = ["--build-arg", `BASE_IMAGE=${base}`, "--build-arg", `IMAGE=${tested}`];
  engine.call(["build", "--tag", name, "--target", stage, ...args, DIRECTORY], { timeoutMs: BUILD_TIMEOUT_MS });
  return name;
}
