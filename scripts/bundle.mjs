// Bundles the programs of a binary to one classic script (IIFE) that leaves a function `main` behind, and maybe `warmUp`:
// those of the container to build/js/baseimage.js, those of its host to build/js/host-tools.js.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What the shipped engine understands; tests bundle with the same, so that they meet the shipped code. */
export const shippedOptions = /** @type {const} */ ({
  bundle: true,
  charset: "ascii", // a string literal is bytes: docs/adr/0003-byte-strings.md
  format: "iife",
  target: "es2023",
  platform: "neutral",
  legalComments: "none",
  logLevel: "warning",
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
