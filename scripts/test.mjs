// Bundles TypeScript tests with the product's own options and gives them to node --test as an explicit list.
//
//   node scripts/test.mjs PATTERN...     PATTERN: a file, or a directory to be searched for *.test.ts
//
// Options after `--` go to node, e.g. `-- --test-name-pattern=quiet`, or `-- --test-reporter=spec` to see each title. With
// `--bundle` in front, the bundles' names are printed and nothing runs.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const REPORTER = "--test-reporter=./scripts/test-reporter.mjs";

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
  const given = process.argv.slice(isBundled ? 3 : 2);
  const dashes = given.indexOf("--");
  const patterns = dashes < 0 ? given : given.slice(0, dashes);
  const nodeOptions = dashes < 0 ? [] : given.slice(dashes + 1);
  const files = patterns.flatMap((pattern) => testFiles(join(root, pattern)));
  if (files.length === 0) throw new Error(`no *.test.ts in ${patterns.join(" ")}`);
  const bundles = await bundleForNode(files);
  if (isBundled) {
    for (const bundle of bundles) console.log(relative(root, bundle));
    return;
  }
  const reporter = nodeOptions.some((option) => option.startsWith("--test-reporter")) ? [] : [REPORTER];
  const words = ["--enable-source-maps", ...reporter, ...nodeOptions, "--test", ...bundles];
  const runner = spawn(process.execPath, words, { cwd: root, stdio: "inherit" });
  let signalled = 0;
  // Ctrl-C reaches the runner too. It ends its tests and its line, so this process must not end before it.
  for (const [signal, number] of Object.entries({ SIGINT: 2, SIGTERM: 15 })) {
    process.on(signal, () => {
      signalled = number;
      if (signal !== "SIGINT") runner.kill(signal);
    });
  }
  const [status] = await once(runner, "exit");
  process.exitCode = signalled > 0 ? 128 + signalled : (status ?? 1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
