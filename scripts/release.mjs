// `make release`: makes dist/ of what was built: binaries, tools, images, what is in them, checksums, notes.
//
// From the environment: NAME, VERSION, ENGINE, ARCHES (what there has to be, "amd64 arm64"), SOURCE_DATE_EPOCH,
// SIGN_KEY (a file of ssh-keygen's, or a name that gpg knows), DIST (another directory than dist).
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";

import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { during } from "./progress.mjs";
import { BINARIES, TOOLS } from "./release/contents.mjs";
import { linkedInto } from "./release/linked.mjs";
import { notesOf } from "./release/notes.mjs";
import { ociArchive } from "./release/oci.mjs";
import { overlayImage } from "./release/overlay.mjs";
import { baseOf, savedImage } from "./release/saved-image.mjs";
import { sbomOf } from "./release/sbom.mjs";
import { sign } from "./release/sign.mjs";
import { writeTar } from "./release/tar.mjs";

/** @import { Image } from "./release/oci.mjs" */

const root = fileURLToPath(new URL("..", import.meta.url));
const wanted = resolve(process.env["DIST"] || join(root, "dist"));
const dist = existsSync(wanted) ? realpathSync(wanted) : wanted;
/** What is not whole and signed yet is never in its place, and what was there goes only when the new is. */
const unfinished = `${dist}.unfinished`;
const former = `${dist}.former`;
const name = process.env["NAME"] || "baseimage";
const version = process.env["VERSION"] || readFileSync(join(root, "VERSION"), "utf8").trim();
const epoch = Number(execFileSync("sh", ["scripts/source-date.sh"], { cwd: root, encoding: "utf8" }));
const own = process.arch === "x64" ? "amd64" : process.arch;

async function main() {
  const architectures = [...new Set((process.env["ARCHES"] || "amd64 arm64").split(/\s+/).filter(Boolean))];
  if (architectures.length === 0) throw new Error("ARCHES names no architecture: amd64, arm64 or both");
  const notes = notesOf(readFileSync(join(root, "CHANGELOG.md"), "utf8"), version);
  if (existsSync(dist) && readdirSync(dist).length > 0 && !existsSync(join(dist, "SHA256SUMS")))
    throw new Error(`"${dist}" holds something that is no release: empty it, or say another DIST`);
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });

  const images = [];
  for (const architecture of architectures) {
    const products = join(root, architecture === own ? "build" : `build/${architecture}`);
    if (!existsSync(join(products, "bin")))
      throw new Error(`${architecture} was not built: make build ARCH=${architecture}`);
    for (const binary of BINARIES)
      put(`${binary}-${version}-linux-${architecture}`, readFileSync(join(products, "bin", binary)), 0o755);
    put(`baseimage-tools-${version}-linux-${architecture}.tar.gz`, gzipSync(tools(products), { level: 9 }));

    const reference = `${name}:${version}${architecture === own ? "" : `-${architecture}`}`;
    const image = await during(`release: reading ${reference}`, () => savedImage(reference, baseOf(reference), epoch));
    // Of another architecture the base has a name that is only ours (scripts/base-image.sh).
    if (baseOf(reference).startsWith("baseimage-foreign:"))
      image.config.config.Labels["org.opencontainers.image.base.name"] = process.env["BASE_IMAGE"] || "ubuntu:24.04";
    await during(`release: listing what is in ${reference}`, () => putSbom("baseimage", image, products));
    const layer = readFileSync(join(products, "overlay/overlay.tar"));
    const overlay = overlayImage(layer, architecture, version);
    put(
      `baseimage-overlay-${version}-linux-${architecture}.tar.xz`,
      readFileSync(join(products, "overlay/overlay.tar.xz")),
    );
    putSbom("baseimage-overlay", overlay, products);
    images.push({ image, overlay });
  }
  const putArchive = (/** @type {string} */ file, /** @type {Image[]} */ all, /** @type {string} */ tag) =>
    during(`release: packing ${file}`, () => put(file, ociArchive(all, `${name}:${tag}`, epoch)));
  const [allImages, overlays] = [images.map(({ image }) => image), images.map(({ overlay }) => overlay)];
  await putArchive(`baseimage-${version}.oci.tar`, allImages, version);
  await putArchive(`baseimage-overlay-${version}.oci.tar`, overlays, `${version}-overlay`);
  put("NOTES.md", Buffer.from(notes));

  const sums = readdirSync(unfinished)
    .sort()
    .map((file) => `${sha256(readFileSync(join(unfinished, file)))}  ${file}\n`);
  put("SHA256SUMS", Buffer.from(sums.join("")));
  const key = process.env["SIGN_KEY"];
  if (key) sign(join(unfinished, "SHA256SUMS"), key);
  rmSync(former, { recursive: true, force: true });
  if (existsSync(dist)) renameSync(dist, former); // a mount cannot be, and stays as it is
  renameSync(unfinished, dist);
  rmSync(former, { recursive: true, force: true });
  for (const file of readdirSync(dist).sort()) console.log(`dist/${file}`);
  if (isDirty()) console.error("release: the tree has changes that no commit has: nobody else can make this release");
  if (!key) console.error("release: not signed: SIGN_KEY names no key");
}

/** Whether Git knows of changes; elsewhere than in a checkout there are none to know of. */
function isDirty() {
  const { status, stdout } = spawnSync("git", ["status", "--porcelain"], { cwd: root, encoding: "utf8" });
  return status === 0 && stdout !== "";
}

/** @param {string} products @returns {Buffer} */
function tools(products) {
  const top = `baseimage-tools-${version}`;
  const files = Object.entries(TOOLS).map(([path, from]) => {
    const source = join(root, from).replace(join(root, "BIN"), join(products, "bin"));
    if (!existsSync(source)) throw new Error(`the tools' tarball needs ${from}, which is not there`);
    const isProgram = path.startsWith("bin/") || path.endsWith(".sh");
    return member(`${top}/${path}`, "0", isProgram ? 0o755 : 0o644, readFileSync(source));
  });
  const directories = new Set(files.flatMap((file) => parentsOf(file.name)));
  const all = [...[...directories].map((directory) => member(directory, "5", 0o755, Buffer.alloc(0))), ...files];
  return writeTar(all.sort((a, b) => (a.name < b.name ? -1 : 1)));
}

/** @param {string} path */
function parentsOf(path) {
  const parts = path.split("/");
  return parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1).join("/"));
}

/** @param {string} path @param {string} type @param {number} mode @param {Buffer} data */
function member(path, type, mode, data) {
  return { name: path, type, mode, uid: 0, gid: 0, mtime: epoch, linkname: "", major: 0, minor: 0, xattrs: [], data };
}

/** Puts the list of what is in an image. @param {string} title @param {Image} image @param {string} products */
function putSbom(title, image, products) {
  const sbom = sbomOf(image, linkedInto(root, products), { title, version, epoch });
  const file = `${title}-${version}-${image.config["architecture"]}.spdx.json`;
  put(file, Buffer.from(`${JSON.stringify(sbom, null, 1)}\n`));
}

/** @param {string} file @param {Buffer} bytes @param {number} [mode] */
function put(file, bytes, mode = 0o644) {
  writeFileSync(join(unfinished, file), bytes);
  chmodSync(join(unfinished, file), mode);
}

/** @param {Buffer} bytes */
function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}

try {
  await main();
} catch (error) {
  rmSync(unfinished, { recursive: true, force: true });
  console.error(`release: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
