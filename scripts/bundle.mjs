// Bundles the programs of a binary to one classic script (IIFE) that leaves a function `main` behind, and maybe `warmUp`:
// those of the container to build/js/baseimage.js, those of its host to build/js/host-tools.js.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * Makes private names plain ones: `this.#log` becomes `this._log`. The compiler has checked that they are private. In
 * QuickJS each costs a symbol, and a variable in every method that uses it: 40 KB of the saved heap.
 */
const plainNames = {
  name: "plain names",
  setup(/** @type {esbuild.PluginBuild} */ build) {
    build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const uses = /(?<=\.)#(?=[a-z])/gi;
      const declarations = /(?<=^ +(?:(?:get|readonly|set|static) )*)#(?=[a-z])/gim;
      const contents = readFileSync(path, "utf8").replace(uses, "_").replace(declarations, "_");
      return { contents, loader: "ts" };
    });
  },
};

/** What the shipped QuickJS understands; tests bundle with the same, so that they meet the shipped code. */
export const shippedOptions = /** @type {const} */ ({
  bundle: true,
  charset: "ascii", // a string literal is bytes: docs/adr/0003-byte-strings.md
  format: "iife",
  target: "es2023",
  platform: "neutral",
  legalComments: "none",
  logLevel: "warning",
  plugins: [plainNames],
  define: { VERSION: JSON.stringify(readFileSync(`${root}VERSION`, "latin1").trim()) },
});

/** Name of the binary to the lines that make its script. */
const binaries = {
  // my_init comes first, so that what a start of it needs is close together in the saved heap.
  baseimage: `
    import "./src/image/my-init/main.ts";
    import { main } from "./src/image/main.ts";
    import { warmUp } from "./src/image/warm-up.ts";
    globalThis.main = main;
    globalThis.warmUp = () => warmUp(main);`,
  "host-tools": `
    import { main } from "./src/host/main.ts";
    globalThis.main = main;`,
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, contents] of Object.entries(binaries)) {
    await esbuild.build({
      ...shippedOptions,
      stdin: { contents, resolveDir: root, sourcefile: `${name}.ts` },
      minifySyntax: true,
      outfile: `${root}build/js/${name}.js`,
    });
  }
}
