// Bundles the programs of a binary to one classic script (IIFE) that leaves a function `main` behind: those of the
// container to build/js/baseimage.js, those of its host to build/js/host-tools.js. build/js/baseimage-rehearsal.js is
// for the build only. Makes man pages and completions of the host's programs in build/share.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { completionOf, manPage, pagePaths } from "./tool-pages.mjs";

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

/**
 * Gives local variables short names: each name costs bytes in the saved heap. Functions and classes keep theirs, which
 * the stack of an error has. Wraps the script in a function.
 *
 * @param {string} script whose top level is the bundle's
 */
function shortLocals(script) {
  const { charset, target } = shippedOptions;
  // Without a format esbuild takes names of the top level for global ones, and keeps them.
  const { code } = esbuild.transformSync(script, { charset, target, minifyIdentifiers: true });
  return `(() => {\n${code}})();\n`;
}

/** Name of the script to the lines that make it. */
const scripts = {
  // my_init comes first, so that what a start of it needs is close together in the saved heap.
  baseimage: `
    import "./src/image/my-init/main.ts";
    import { main } from "./src/image/main.ts";
    globalThis.main = main;`,
  "baseimage-rehearsal": `
    import { rehearse } from "./test/simulation/rehearsal.ts";
    globalThis.rehearse = rehearse;`,
  "host-tools": `
    import { main } from "./src/host/main.ts";
    globalThis.main = main;`,
};

/** Writes what describes the programs of the host to build/share. */
async function writeToolPages() {
  const entries = readdirSync(`${root}src/host`, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const tools = names.map((name) => `export { TOOL as "${name}" } from "./src/host/${name}/options.ts";`);
  const contents = ['export { ENGINE_NAMES } from "./src/host/engine.ts";', ...tools].join("\n");
  const { outputFiles } = await esbuild.build({
    ...shippedOptions,
    stdin: { contents, resolveDir: root, sourcefile: "tools.ts" },
    format: "esm",
    write: false,
  });
  const { ENGINE_NAMES, ...described } = await import(
    `data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`
  );

  rmSync(`${root}build/share`, { recursive: true, force: true });
  const read = (/** @type {string} */ path) => readFileSync(root + path, "utf8");
  for (const name of names) {
    const paths = pagePaths(name);
    const reference = read(`docs/reference/${name}.md`);
    write(paths.completion, completionOf(described[name], ENGINE_NAMES, read("scripts/completion.bash")));
    write(paths.manual, manPage(described[name], read("VERSION").trim(), reference, names));
  }
}

/** @param {string} path below build @param {string} text */
function write(path, text) {
  mkdirSync(dirname(`${root}build/${path}`), { recursive: true });
  writeFileSync(`${root}build/${path}`, text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, contents] of Object.entries(scripts)) {
    const { outputFiles } = await esbuild.build({
      ...shippedOptions,
      stdin: { contents, resolveDir: root, sourcefile: `${name}.ts` },
      format: "esm",
      minifySyntax: true,
      write: false,
    });
    write(`js/${name}.js`, shortLocals(outputFiles[0].text));
  }
  await writeToolPages();
}
