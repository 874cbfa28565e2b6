// What is in the static programs beside our own code, with licences: QuickJS, busybox, and what the link editor told of.
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** @import { Linked } from "./sbom.mjs" */

/** What the list of Debian's packages does not tell; another package stops the release until somebody has looked. */
const KNOWN = /** @type {Record<string, Omit<Linked, "name" | "version">>} */ ({
  quickjs: {
    program: "my_init",
    licence: "MIT",
    copyright: "2017-2025 Fabrice Bellard, 2017-2025 Charlie Gordon",
    homepage: "https://bellard.org/quickjs/",
  },
  // The licence of busybox, and that of the files that were runit's.
  busybox: {
    program: "runit",
    licence: "GPL-2.0-only AND BSD-3-Clause",
    copyright: "1999-2024 Erik Andersen, Rob Landley, Denys Vlasenko and others, 2001-2006 Gerrit Pape",
    homepage: "https://busybox.net/",
  },
  musl: { licence: "MIT", copyright: "2005-2020 Rich Felker and others", homepage: "https://musl.libc.org/" },
  // Functions of the compiler's own library, for what the processor has no instruction for.
  gcc: {
    licence: "GPL-3.0-or-later WITH GCC-exception-3.1",
    copyright: "Free Software Foundation, Inc.",
    homepage: "https://gcc.gnu.org/",
  },
});

/**
 * @param {string} root the repository
 * @param {string} products where the binary stage's products are
 * @returns {Linked[]} sorted by name
 */
export function linkedInto(root, products) {
  const locked = ["quickjs", "busybox"].map((name) =>
    lockedSource(readFileSync(join(root, `native/${name}.lock`), "utf8")),
  );
  const lines = readFileSync(join(products, "linked"), "utf8").trim().split("\n");
  const taken = lines.map((line) => {
    const [name = "", version = ""] = line.split(" ");
    return { name, version };
  });
  return [...locked, ...taken]
    .map((each) => ({ ...knownOf(each.name), ...each }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** @param {string} name */
function knownOf(name) {
  const known = KNOWN[name] ?? KNOWN[/^(gcc)-\d+/.exec(name)?.[1] ?? ""];
  if (known === undefined)
    throw new Error(`the static binaries contain something of ${name}: say its licence in linked.mjs`);
  return known;
}

/** @param {string} lock content of a file of native/ that debian-source.sh reads */
function lockedSource(lock) {
  const value = (/** @type {string} */ key) => new RegExp(`^${key} (\\S+)$`, "m").exec(lock)?.[1] ?? "";
  const sha256 = /^sha256 (\S+) \S+\.orig\.tar/m.exec(lock)?.[1];
  return { name: value("package"), version: value("version"), ...(sha256 ? { sha256 } : {}) };
}
