// From Debian's copyright files to SPDX licence expressions.
import parse from "spdx-expression-parse";

/**
 * What a copyright file says.
 *
 * @typedef {object} Licences
 * @property {string} expression SPDX's; NOASSERTION where the file cannot be read by a machine
 * @property {Map<string, string>} texts of the licences that SPDX has no name for, by LicenseRef
 */

/** Debian's short names that differ from SPDX's in more than the version's form. */
const NAMES = /** @type {Record<string, string>} */ ({
  Expat: "MIT",
  "MIT/X11": "MIT",
  "BSD-2-clause": "BSD-2-Clause",
  "BSD-3-clause": "BSD-3-Clause",
  "BSD-4-clause": "BSD-4-Clause",
  zlib: "Zlib",
  ZLIB: "Zlib",
  "zlib/libpng": "Zlib",
  Artistic: "Artistic-1.0-Perl",
  "CC0-1": "CC0-1.0",
  CC0: "CC0-1.0",
});

/** Exceptions by Debian's words for them. */
const EXCEPTIONS = /** @type {Record<string, string>} */ ({
  autoconf: "Autoconf-exception-generic",
  bison: "Bison-exception-2.2",
  libtool: "Libtool-exception",
  gcc: "GCC-exception-3.1",
});

/** Families whose bare version means "only", and + "or later". */
const GNU = /^(A?GPL|LGPL|GFDL)-(\d+(?:\.\d+)?)(\+)?$/;

/**
 * @param {string} copyright content of /usr/share/doc/PACKAGE/copyright
 * @param {string} owner goes into the names of licences that only this file has: those of two packages may differ
 * @returns {Licences}
 */
export function licencesOf(copyright, owner) {
  if (!/^Format:/im.test(copyright.slice(0, 2000))) return { expression: "NOASSERTION", texts: new Map() };
  /** @type {Map<string, string>} */
  const texts = new Map();
  /** @type {Map<string, string>} */
  const bodies = new Map();
  const expressions = new Set();
  for (const paragraph of paragraphs(copyright)) {
    const licence = paragraph.get("license");
    if (licence === undefined) continue;
    const [name = "", ...body] = licence.split("\n");
    if (body.length > 0 && !bodies.has(name.trim())) bodies.set(name.trim(), textOf(body));
    if (paragraph.has("files") && name.trim() !== "") expressions.add(name.trim());
  }
  const refOf = (/** @type {string} */ name) => {
    const ref = `LicenseRef-${owner}-${name.replace(/[^A-Za-z0-9.-]+/g, "-").replace(/^-|-$/g, "") || "unnamed"}`;
    texts.set(ref, bodies.get(name) || `"${name}": see /usr/share/doc/${owner}/copyright`);
    return ref;
  };
  const spdx = [...expressions].map((expression) => expressionOf(expression, refOf));
  const all = [...new Set(spdx)].sort();
  const joined =
    all.length === 1 ? all[0] : all.map((each) => (/ (AND|OR) /.test(each) ? `(${each})` : each)).join(" AND ");
  return { expression: joined || "NOASSERTION", texts };
}

/**
 * An expression in Debian's words ("GPL-2+ or Expat, and BSD-3-clause") in SPDX's. "and" binds more loosely after a comma,
 * which SPDX says with parentheses.
 *
 * @param {string} words
 * @param {(name: string) => string} refOf makes a LicenseRef for a name that SPDX does not know
 */
function expressionOf(words, refOf) {
  const terms = words.split(/,\s+(and|or)\s+/i);
  const parts = terms.map((term, index) => {
    if (index % 2 === 1) return term.toUpperCase();
    const inner = term
      .split(/\s+(and|or)\s+/i)
      .map((word, position) => (position % 2 === 1 ? word.toUpperCase() : licenceOf(word.trim(), refOf)))
      .join(" ");
    return terms.length > 1 && /\s(AND|OR)\s/.test(inner) ? `(${inner})` : inner;
  });
  const expression = parts.join(" ");
  return isValid(expression) ? expression : refOf(words);
}

/** @param {string} name @param {(name: string) => string} refOf */
function licenceOf(name, refOf) {
  const [plain = "", exception] = name.split(/\s+with\s+/i);
  const gnu = GNU.exec(plain);
  const id =
    gnu === null
      ? (NAMES[plain] ?? plain)
      : `${gnu[1]}-${gnu[2]?.includes(".") ? gnu[2] : `${gnu[2]}.0`}-${gnu[3] ? "or-later" : "only"}`;
  if (exception === undefined) return isValid(id) ? id : refOf(name);
  const known = Object.entries(EXCEPTIONS).find(([word]) => exception.toLowerCase().startsWith(word))?.[1];
  const whole = `${id} WITH ${known}`;
  return known !== undefined && isValid(whole) ? whole : refOf(name);
}

/** Whether SPDX's list has all of it. @param {string} expression */
export function isValid(expression) {
  try {
    parse(expression);
    return true;
  } catch {
    return false;
  }
}

/** Fields by lower-case name; of the lines that continue one the blank at the start is kept away. @param {string} file */
function* paragraphs(file) {
  for (const text of file.split(/\n(?:[ \t]*\n)+/)) {
    /** @type {Map<string, string>} */
    const fields = new Map();
    let last = "";
    for (const line of text.split("\n")) {
      const field = /^([A-Za-z][A-Za-z-]*):(.*)$/.exec(line);
      if (field !== null) {
        last = (field[1] ?? "").toLowerCase();
        fields.set(last, (field[2] ?? "").trim());
      } else if (last !== "" && !line.startsWith("#")) {
        fields.set(last, `${fields.get(last)}\n${line.replace(/^[ \t]/, "")}`);
      }
    }
    yield fields;
  }
}

/** @param {string[]} lines of a field; a dot alone is an empty one */
function textOf(lines) {
  return lines
    .map((line) => (line.trim() === "." ? "" : line))
    .join("\n")
    .trimEnd();
}
