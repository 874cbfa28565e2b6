// Bundles TypeScript tests with the product's own options and gives them to node --test as an explicit list.
//
//   node scripts/test.mjs PATTERN...     PATTERN: a file, or a directory to be searched for *.test.ts
//
// Options after `--` go to node, e.g. `-- --test-name-pattern=quiet`. With `--bundle` in front, the bundles' names are printed
// and nothing runs.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/** All *.test.ts below `path`, sorted; `path` itself where it is a file. */
export function testFiles(path) {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true })
    .map((name) => join(path, name.toString()))
    .filter((name) => name.endsWith(".test.ts"))
    .sort();
}

/** Bundles test files for Node, each to build/tests/PATH.mjs. @returns the bundles */
export async function bundleForNode(files) {
  const outdir = join(root, "build/tests");
  await esbuild.build({
    entryPoints: files,
    outdir,
    outbase: root,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node18",
    sourcemap: "inline",
    logLevel: "warning",
    define: { VERSION: JSON.stringify(readFileSync(join(root, "VERSION"), "latin1").trim()) },
  });
  return files.map((file) => join(outdir, relative(root, file).replace(/\.ts$/, ".mjs")));
}

async function main() {
  const isBundled = process.argv[2] === "--bundle";
  const words = process.argv.slice(isBundled ? 3 : 2);
  const dashes = words.indexOf("--");
  const patterns = dashes < 0 ? words : words.slice(0, dashes);
  const nodeOptions = dashes < 0 ? [] : words.slice(dashes + 1);
  const files = patterns.flatMap((pattern) => testFiles(join(root, pattern)));
  if (files.length === 0) throw new Error(`no *.test.ts in ${patterns.join(" ")}`);
  const bundles = await bundleForNode(files);
  if (isBundled) {
    for (const bundle of bundles) console.log(relative(root, bundle));
    return;
  }
  const { status } = spawnSync(process.execPath, ["--enable-source-maps", ...nodeOptions, "--test", ...bundles], {
    cwd: root,
    stdio: "inherit",
  });
  process.exitCode = status ?? 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
