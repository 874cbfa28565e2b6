// Runs unit tests on the QuickJS that ships, by native/run-tests.c: those of src/**/*.test.ts that, with all
// they import, need nothing of Node but node:test and node:assert/strict, for which there are stand-ins.
//
//   node scripts/quickjs-tests.mjs [QUICKJS]     QUICKJS: build/quickjs/run, unless told otherwise
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { shippedOptions } from "./bundle.mjs";
import { during } from "./progress.mjs";
import { testFiles } from "./test.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const script = join(root, "build/tests/quickjs.js");

/** What stands in for Node's modules. */
const standIns = {
  "node:test": join(root, "test/support/quickjs/node-test.ts"),
  "node:assert/strict": join(root, "test/support/quickjs/node-assert.ts"),
};

/** Those of `files` that import nothing of Node beside what has a stand-in, themselves or by what they import. */
async function fitForQuickjs(files) {
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

async function bundleForQuickjs(files) {
  await esbuild.build({
    ...shippedOptions,
    stdin: {
      contents: files.map((file) => `import ${JSON.stringify(file)};`).join("\n"),
      resolveDir: root,
      sourcefile: "quickjs-tests.ts",
    },
    alias: standIns,
    outfile: script,
  });
}

async function main() {
  const quickjs = process.argv[2] ?? join(root, "build/quickjs/run");
  if (!existsSync(quickjs)) throw new Error(`there is no ${relative(root, quickjs)}: make build makes it`);
  const files = await fitForQuickjs(testFiles(join(root, "src")));
  if (files.length === 0) throw new Error("no test in src is fit for QuickJS");
  for (const file of files) console.log(`# ${relative(root, file)}`);
  await bundleForQuickjs(files);
  const { status, stdout, stderr } = await during(`quickjs: running the tests of ${files.length} files`, () =>
    spawnSync(quickjs, [script], { encoding: "utf8", maxBuffer: 1 << 26 }),
  );
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  const count = (start) => stdout.split("\n").filter((line) => line.startsWith(start)).length;
  console.log(`${count("ok ")} passed, ${count("not ok ")} failed`);
  process.exitCode = status === 0 && count("ok ") > 0 ? 0 : 1;
}

await main();
