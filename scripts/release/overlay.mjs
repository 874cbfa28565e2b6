// The overlay as an image: one layer, and nothing below it.

/** @import { Image } from "./oci.mjs" */

/**
 * @param {Buffer} layer image/overlay.sh's archive
 * @param {string} architecture amd64 or arm64
 * @param {string} version
 * @returns {Image}
 */
export function overlayImage(layer, architecture, version) {
  const Labels = {
    "org.opencontainers.image.title": "baseimage-overlay",
    "org.opencontainers.image.version": version,
  };
  return { config: { architecture, os: "linux", config: { Labels }, history: [] }, layers: [layer], ownLayers: 1 };
}
