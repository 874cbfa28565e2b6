// overlay-image.mjs ARCHIVE ARCH NAME:TAG: prints the overlay as an image that the container engine can load. The classic
// builder takes an image FROM scratch for one of this machine's own architecture.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ociArchive } from "./release/oci.mjs";
import { overlayImage } from "./release/overlay.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const [archive = "", architecture = "", reference = ""] = process.argv.slice(2);
const version = process.env["VERSION"] || readFileSync(`${root}VERSION`, "utf8").trim();
const epoch = Number(execFileSync("sh", ["scripts/source-date.sh"], { cwd: root, encoding: "utf8" }));
process.stdout.write(ociArchive([overlayImage(readFileSync(archive), architecture, version)], reference, epoch));
