// Images as an OCI archive: one tag for all architectures. The same images give the same bytes.
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { writeTar } from "./tar.mjs";

/** @import { Entry } from "./tar.mjs" */

/**
 * An image of one architecture.
 *
 * @typedef {object} Image
 * @property {Record<string, any>} config as the engine that built it has it
 * @property {Buffer[]} layers uncompressed
 * @property {number} ownLayers how many of them are not the base's
 */

/**
 * A blob as manifests name it.
 *
 * @typedef {object} Descriptor
 * @property {string} mediaType
 * @property {string} digest
 * @property {number} size
 */

const TYPE = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
};

/**
 * @param {Image[]} images one an architecture; what reads only the form of `docker save` gets the first
 * @param {string} reference NAME:TAG
 * @param {number} epoch seconds since 1970
 * @returns {Buffer}
 */
export function ociArchive(images, reference, epoch) {
  /** @type {Map<string, Buffer>} */
  const blobs = new Map();
  const keep = (/** @type {Buffer} */ bytes, /** @type {string} */ mediaType) => {
    const digest = sha256(bytes);
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const manifests = images.map((image) => manifestOf(image, epoch, keep));
  const tag = reference.slice(reference.lastIndexOf(":") + 1);
  // The two names are what skopeo and podman, and what containerd and docker look for.
  const annotations = { "io.containerd.image.name": reference, "org.opencontainers.image.ref.name": tag };
  const list = { schemaVersion: 2, mediaType: TYPE.index, manifests: manifests.map(({ descriptor }) => descriptor) };
  const top = manifests.length === 1 ? list.manifests[0] : keep(json(list), TYPE.index);

  const saved = manifests.slice(0, 1).map(({ config, layers }) => ({
    Config: pathOf(config),
    RepoTags: [reference],
    Layers: layers.map(pathOf),
  }));
  const files = {
    "oci-layout": json({ imageLayoutVersion: "1.0.0" }),
    "index.json": json({ schemaVersion: 2, mediaType: TYPE.index, manifests: [{ ...top, annotations }] }),
    "manifest.json": json(saved),
  };
  return writeTar([
    ...["blobs", "blobs/sha256"].map((name) => member(name, "5", Buffer.alloc(0), epoch)),
    ...[...blobs].sort().map(([digest, bytes]) => member(pathOf({ digest }), "0", bytes, epoch)),
    ...Object.entries(files).map(([name, bytes]) => member(name, "0", bytes, epoch)),
  ]);
}

/**
 * @param {Image} image
 * @param {number} epoch
 * @param {(bytes: Buffer, mediaType: string) => Descriptor} keep
 */
function manifestOf(image, epoch, keep) {
  const layers = image.layers.map((layer) => keep(gzipSync(layer, { level: 9 }), TYPE.layer));
  const config = keep(json(configOf(image, epoch)), TYPE.config);
  const { architecture, os, variant } = image.config;
  const descriptor = {
    ...keep(json({ schemaVersion: 2, mediaType: TYPE.manifest, config, layers }), TYPE.manifest),
    platform: { architecture, os, ...(variant ? { variant } : {}) },
  };
  return { descriptor, config, layers };
}

/** What runs, without what tells of the machine and the hour of the build. @param {Image} image @param {number} epoch */
function configOf({ config, layers, ownLayers }, epoch) {
  const { architecture, os, variant } = config;
  const { Env, Cmd, Entrypoint, User, WorkingDir, ExposedPorts, Volumes, Labels, StopSignal, Healthcheck } =
    config.config;
  const settings = { Env, Cmd, Entrypoint, User, WorkingDir, ExposedPorts, Volumes, Labels, StopSignal, Healthcheck };
  const created = new Date(epoch * 1000).toISOString().replace(".000Z", "Z");
  const baseHistory = historyBelow(config.history ?? [], layers.length - ownLayers);
  return {
    created,
    architecture,
    ...(variant ? { variant } : {}),
    os,
    config: Object.fromEntries(Object.entries(settings).filter(([, value]) => value)),
    rootfs: { type: "layers", diff_ids: layers.map(sha256) },
    history: [...baseHistory, ...Array(ownLayers).fill({ created, created_by: "make release", comment: "baseimage" })],
  };
}

/** The lines of the history that tell of the lowest `count` layers. */
function historyBelow(history, count) {
  let seen = 0;
  return history.filter((line) => seen < count && (line.empty_layer || ++seen > 0));
}

/** @returns {Entry} */
function member(name, type, data, epoch) {
  const mode = type === "5" ? 0o755 : 0o644;
  return { name, type, mode, uid: 0, gid: 0, mtime: epoch, linkname: "", major: 0, minor: 0, xattrs: [], data };
}

function pathOf({ digest }) {
  return digest.replace("sha256:", "blobs/sha256/");
}

function json(value) {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}

/** @param {Buffer} bytes */
export function sha256(bytes) {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
