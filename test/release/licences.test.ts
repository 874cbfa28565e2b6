// Debian's licence names as SPDX's. The judge of SPDX expressions is the parser that npm uses.
import assert from "node:assert/strict";
import { test } from "node:test";
import parse from "spdx-expression-parse";
import { licencesOf } from "../../scripts/release/licences.mjs";

const FORMAT = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n";

/** The expression for a copyright file with one paragraph of files for each of the licences. */
const expressionOf = (...licences: string[]) =>
  licencesOf(FORMAT + licences.map((each) => `\nFiles: *\nCopyright: x\nLicense: ${each}\n`).join(""), "pkg")
    .expression;

test("Debian's names become SPDX's, and a licence that SPDX does not know gets a name of its own", () => {
  const cases = {
    Expat: "MIT",
    "GPL-2": "GPL-2.0-only",
    "GPL-3+": "GPL-3.0-or-later",
    "LGPL-2.1+": "LGPL-2.1-or-later",
    "GFDL-1.3": "GFDL-1.3-only",
    "BSD-3-clause": "BSD-3-Clause",
    "Apache-2.0": "Apache-2.0",
    "public-domain": "LicenseRef-pkg-public-domain",
    "GPL-3+ with Bison exception": "GPL-3.0-or-later WITH Bison-exception-2.2",
    "GPL-2 with strange exception": "LicenseRef-pkg-GPL-2-with-strange-exception",
    "GPL-2+ or Expat": "GPL-2.0-or-later OR MIT",
    "GPL-1+ or Artistic, and BSD-3-clause": "(GPL-1.0-or-later OR Artistic-1.0-Perl) AND BSD-3-Clause",
  };
  for (const [debian, spdx] of Object.entries(cases)) {
    assert.equal(expressionOf(debian), spdx, debian);
    parse(spdx);
  }
});

test("the licences of all files hold together, each once, alternatives in parentheses", () => {
  assert.equal(expressionOf("Expat", "GPL-2+ or Expat", "Expat"), "(GPL-2.0-or-later OR MIT) AND MIT");
});

test("a licence that only this file has comes with its text, wherever in the file that is", () => {
  const { texts } = licencesOf(
    `${FORMAT}\nFiles: *\nLicense: Odd\n\nLicense: Odd\n First line.\n .\n Last line.\n`,
    "pkg",
  );
  assert.deepEqual([...texts], [["LicenseRef-pkg-Odd", "First line.\n\nLast line."]]);
});

test("a copyright file in prose has no licence that a machine can read", () => {
  assert.equal(licencesOf("This package was debianized by ...\nGPL-2\n", "pkg").expression, "NOASSERTION");
});
