// Runs unit tests on the engine that ships, by native/run-tests.c: those of src/**/*.test.ts that, with all
// they import, need nothing of Node but node:test and node:assert/strict, for which there are stand-ins.
//
//   node scripts/engine-tests.mjs [ENGINE]     ENGINE: build/engine/run, unless told otherwise
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { shippedOptions } from "./bundle.mjs";
import { testFiles } from "./test.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const script = join(root, "build/tests/engine.js");

/** What stands in for Node's modules. */
const standIns = {
  "node:test": join(root, "test/support/engine/node-test.ts"),
  "node:assert/strict": join(root, "test/support/engine/node-assert.ts"),
};

/** Those of `files` that import nothing of Node beside what has a stand-in, themselves or by what they import. */
async function fitForEngine(files) {
  const { metafile } = await esbuild.build({
    ...shippedOptions,
    entryPoints: files,
    outdir: join(root, "build/tests/imports"),
    external: ["node:*"],
    write: false,
    metafile: true,
  });
  const unfit = new Set(
    Object.values(metafile.outputs)
      .filter(({ imports }) => imports.some(({ path }) => !(path in standIns)))
      .map(({ entryPoint }) => entryPoint),
  );
  return files.filter((file) => !unfit.has(relative(process.cwd(), file)));
}

async function bundleForEngine(files) {
  await esbuild.build({
    ...shippedOptions,
    stdin: {
      contents: files.map((file) => `import ${JSON.stringify(file)};`).join("\n"),
      resolveDir: root,
      sourcefile: "engine-tests.ts",
    },
    alias: standIns,
    outfile: script,
  });
}

async function main() {
  const engine = process.argv[2] ?? join(root, "build/engine/run");
  if (!existsSync(engine)) throw new Error(`there is no ${relative(root, engine)}: make build makes it`);
  const files = await fitForEngine(testFiles(join(root, "src")));
  if (files.length === 0) throw new Error("no test in src is fit for the engine");
  for (const file of files) console.log(`# ${relative(root, file)}`);
  await bundleForEngine(files);
  const { status, stdout, stderr } = spawnSync(engine, [script], { encoding: "utf8", maxBuffer: 1 << 26 });
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  const count = (start) => stdout.split("\n").filter((line) => line.startsWith(start)).length;
  console.log(`${count("ok ")} passed, ${count("not ok ")} failed`);
  process.exitCode = status === 0 && count("ok ") > 0 ? 0 : 1;
}

await main();
