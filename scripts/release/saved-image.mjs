// An image as the engine has it, made into what a release ships: the base's layers, and one of ours above them.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { mergeLayers } from "./layer.mjs";
import { sha256 } from "./oci.mjs";

/** @import { Image } from "./oci.mjs" */

const engine = process.env["ENGINE"] || "docker";

/**
 * @param {string} reference of the image
 * @param {string} base what it was built on
 * @param {number} epoch seconds since 1970: no file of our layer is younger
 * @returns {Image}
 */
export function savedImage(reference, base, epoch) {
  const { config, below, own } = openImage(reference, base);
  return { config, layers: [...below, mergeLayers(own, below, epoch)], ownLayers: 1 };
}

/**
 * An image's layers, uncompressed and lowest first: those of its base, and its own.
 *
 * @param {string} reference of the image
 * @param {string} base what it was built on
 * @returns {{ config: Image["config"], below: Buffer[], own: Buffer[] }} the configuration's history has a line for each layer
 */
export function openImage(reference, base) {
  const { config, layers } = save(reference);
  const below = layersOf(base);
  const count = below.findIndex((digest, index) => digest !== sha256(layers[index] ?? Buffer.alloc(0)));
  if (count >= 0) throw new Error(`${reference} is not built on ${base}: layer ${count + 1} is another`);
  return {
    config: { ...config, history: wholeHistory(config.history ?? [], layers.length) },
    below: layers.slice(0, below.length),
    own: layers.slice(below.length),
  };
}

/**
 * A base that did not come from a builder may have layers without a history: what is missing is at the bottom. Without
 * these lines all others would seem to tell of the layer below theirs.
 *
 * @param {{ created_by?: string, comment?: string, empty_layer?: boolean }[]} history
 * @param {number} layerCount
 */
export function wholeHistory(history, layerCount) {
  const missing = layerCount - history.filter((line) => !line.empty_layer).length;
  return [...Array(Math.max(missing, 0)).fill({ comment: "a layer that came without a history" }), ...history];
}

/** What an image of ours says that it was built on. @param {string} reference @returns {string} */
export function baseOf(reference) {
  const format = '{{index .Config.Labels "org.opencontainers.image.base.name"}}';
  return execFileSync(engine, ["image", "inspect", "--format", format, reference], { encoding: "utf8" }).trim();
}

/** @param {string} reference */
function save(reference) {
  const directory = mkdtempSync(join(tmpdir(), "baseimage-save-"));
  try {
    const form = engine === "podman" ? ["--format", "docker-archive"] : [];
    execFileSync(engine, ["save", ...form, "--output", join(directory, "image.tar"), reference], { stdio: "pipe" });
    execFileSync("tar", ["-C", directory, "-xf", join(directory, "image.tar")]);
    const read = (/** @type {string} */ name) => readFileSync(join(directory, name));
    const [{ Config, Layers }] = JSON.parse(read("manifest.json").toString());
    return {
      config: JSON.parse(read(Config).toString()),
      layers: Layers.map((/** @type {string} */ path) => uncompressed(read(path))),
    };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** @param {Buffer} layer */
function uncompressed(layer) {
  const isGzip = layer[0] === 0x1f && layer[1] === 0x8b;
  return isGzip ? gunzipSync(layer) : layer;
}

/** @param {string} reference @returns {string[]} */
function layersOf(reference) {
  const format = "{{json .RootFS.Layers}}";
  return JSON.parse(execFileSync(engine, ["image", "inspect", "--format", format, reference], { encoding: "utf8" }));
}
