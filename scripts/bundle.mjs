// Bundles all programs to one classic script (IIFE) that leaves a function `main` behind: build/js/baseimage.js.
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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await esbuild.build({
    ...shippedOptions,
    stdin: {
      contents: `
        import { main } from "./src/main.ts";
        import { warmUp } from "./src/warm-up.ts";
        warmUp(main);
        globalThis.main = main;`,
      resolveDir: root,
      sourcefile: "baseimage.ts",
    },
    minifySyntax: true,
    outfile: `${root}build/js/baseimage.js`,
  });
}
