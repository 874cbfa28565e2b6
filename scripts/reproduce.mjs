// `make reproduce`: builds everything twice without a cache, in two directories under different circumstances, and compares
// the binaries, the man pages and completions, and the image's layer byte by byte. Ends with 1 and the list of differences where there are any.
//
// From the environment: ENGINE, ARCH, BASE_IMAGE, TOOLCHAIN_IMAGE, SOURCE_DATE_EPOCH; ONLY=binary: no image. What the second
// build has compiled runs by qemu as on another processor.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { duration, during } from "./progress.mjs";
import { differences } from "./release/compare.mjs";
import { baseOf, savedImage } from "./release/saved-image.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const engine = process.env["ENGINE"] || "docker";
const epoch = Number(execFileSync("sh", ["scripts/source-date.sh"], { cwd: root, encoding: "utf8" }));

const [, suffix = "", products = "build"] =
  /^(\S*) (\S+)$/.exec(
    execFileSync("sh", ["-c", '. scripts/architecture.sh; echo "$suffix $products"'], {
      cwd: root,
      encoding: "utf8",
    }).trimEnd(),
  ) ?? [];
const hasImage = process.env["ONLY"] !== "binary";

const arch = suffix.slice(1) || { x64: "amd64" }[process.arch] || process.arch;
/** A processor with few registers. One with many needs a larger part of the stack for a signal. */
const SMALL_CPU = { amd64: "core2duo", arm64: "cortex-a53" }[arch] ?? "";

/** What must not matter: the directory, who may read the files, the time zone, the language, the home, the processor. */
const PLACES = [
  { name: "first", directory: "a", umask: "022", env: { TZ: "UTC", CPU: "" } },
  {
    name: "second",
    directory: "elsewhere/in a/deeper directory",
    umask: "077",
    env: { TZ: "Pacific/Kiritimati", LC_ALL: "C.UTF-8", HOME: "/", CPU: SMALL_CPU },
  },
];

/** Where that is which ships beside the image. */
const PRODUCTS = [
  `${products}/bin`,
  `${products}/lib`,
  `${products}/overlay`,
  `${products}/runit`,
  "build/share/bash-completion/completions",
  "build/share/man/man1",
];

async function main() {
  // The build that Ctrl-C ends has failed, and all that is here is removed.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {});
  const scratch = mkdtempSync(join(tmpdir(), "baseimage-reproduce-"));
  try {
    const built = [];
    for (const place of PLACES) built.push(await build(place, scratch));
    const found = await during("reproduce: comparing the two places", () => compare(built[0], built[1]));
    for (const line of found) console.log(line);
    const [frame, smallFrame] = built.map((each) => each.signalFrame);
    console.log(`reproduce: a signal took ${frame} bytes of the stack in the first place, ${smallFrame} in the second`);
    // On arm64 the kernel takes as many bytes on most processors.
    if (arch === "amd64" && frame === smallFrame) throw new Error("the two places have processors of the same kind");
    console.log(
      found.length === 0
        ? `reproduce: ${built[0].files.size} files ${hasImage ? "and the image's layer " : ""}are the same bit for bit`
        : "reproduce: NOT the same",
    );
    process.exitCode = found.length === 0 ? 0 : 1;
  } finally {
    for (const { name } of PLACES) spawnSync(engine, ["rmi", "--force", ...namesOf(imageOf(name))]);
    rmSync(scratch, { recursive: true });
  }
}

/** @param {string} place */
function imageOf(place) {
  return `baseimage-reproduce-${place}`;
}

/** All that a build gives names to. @param {string} image */
function namesOf(image) {
  return [`${image}:1${suffix}`, `${image}:1${suffix}-overlay`, `${image}:latest${suffix}`, `${image}-binary${suffix}`];
}

/** @param {typeof PLACES[number]} place @param {string} scratch */
async function build({ name, directory, umask, env }, scratch) {
  const tree = join(scratch, directory);
  copyTree(tree);
  console.log(`reproduce: building in the ${name} place ...`);
  const began = performance.now();
  const line = `umask ${umask}; node scripts/bundle.mjs && exec sh scripts/build-image.sh`;
  const variables = { NAME: imageOf(name), VERSION: "1", NO_CACHE: "1", SOURCE_DATE_EPOCH: String(epoch), ...env };
  const { status } = spawnSync("sh", ["-c", line], {
    cwd: tree,
    env: { ...process.env, ...variables },
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (status !== 0) throw new Error(`the build in the ${name} place failed`);
  const reference = `${imageOf(name)}:1${suffix}`;
  const layers = hasImage
    ? await during(`reproduce: reading ${reference}`, () => savedImage(reference, baseOf(reference), epoch).layers)
    : [];
  const signalFrame = signalFrameIn(`${imageOf(name)}-binary${suffix}`);
  console.log(`reproduce: building in the ${name} place: ${duration(performance.now() - began)}`);
  return { files: filesIn(tree), layers, signalFrame };
}

/**
 * How many bytes of the stack a signal takes for a program that the build runs.
 *
 * @param {string} stage the image of the stage binary
 */
function signalFrameIn(stage) {
  const script = `cd /tmp; cat > frame.c; if [ -e /src/native/cross.env ]; then . /src/native/cross.env; fi
    "\${MUSL_GCC:-musl-gcc}" -O1 -static frame.c -o frame; $RUN ./frame`;
  const input = readFileSync(join(root, "test/fixtures/signal-frame.c"));
  return Number(execFileSync(engine, ["run", "--rm", "--interactive", stage, "sh", "-c", script], { input }));
}

/** What Git has or would take, as it is now. @param {string} tree */
function copyTree(tree) {
  const names = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], { cwd: root, encoding: "utf8" });
  for (const name of names.split("\0").filter((each) => each !== "")) {
    mkdirSync(dirname(join(tree, name)), { recursive: true });
    cpSync(join(root, name), join(tree, name), { verbatimSymlinks: true });
  }
  symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
}

/** @param {string} tree @returns {Map<string, Buffer>} */
function filesIn(tree) {
  const found = PRODUCTS.flatMap((product) =>
    readdirSync(join(tree, product), { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => `${product}/${entry.name}`),
  );
  return new Map(found.sort().map((name) => [name, readFileSync(join(tree, name))]));
}

/** @param {Awaited<ReturnType<typeof build>>} one @param {Awaited<ReturnType<typeof build>>} other */
function compare(one, other) {
  const names = [...new Set([...one.files.keys(), ...other.files.keys()])].sort();
  const unequal = names.filter((name) => !one.files.get(name)?.equals(other.files.get(name) ?? Buffer.alloc(0)));
  const count = Math.max(one.layers.length, other.layers.length);
  const layers = Array.from({ length: count }, (_, index) => index).flatMap((index) =>
    differences(one.layers[index] ?? Buffer.alloc(0), other.layers[index] ?? Buffer.alloc(0)),
  );
  return [...unequal.map((name) => `${name}: differs`), ...layers];
}

await main();
