// The SBOM of an image, made from a very small image.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sbomOf } from "../../scripts/release/sbom.mjs";
import { writeTar } from "../../scripts/release/tar.mjs";
import { complaintsAbout } from "../support/spdx.ts";

const file = (name: string, text: string, type = "0", linkname = "") => ({
  ...{ name, type, linkname, data: Buffer.from(text) },
  ...{ mode: 0o644, uid: 0, gid: 0, mtime: 0, major: 0, minor: 0, xattrs: [] },
});
const directory = (name: string) => file(name, "", "5");

const STATUS = `Package: libx1
Status: install ok installed
Maintainer: X People <x@example.org>
Architecture: arm64
Source: x (1.2-3)
Version: 2:1.2-3+b1
Description: a library
 more of it
Homepage: https://x.example.org/

Package: x
Status: install ok installed
Maintainer: X People <x@example.org>
Architecture: arm64
Version: 1.2-3
Description: a program

Package: gone
Status: deinstall ok config-files
Architecture: arm64
Version: 1
`;
const COPYRIGHT =
  "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nLicense: Expat\n";
const ROOT = writeTar([
  file("etc/os-release", 'ID=debian\nVERSION_ID="13"\n'),
  file("usr/sbin/my_init", "program"),
  file("var/lib/dpkg/status", STATUS),
  directory("usr/share/doc/libx1"),
  file("usr/share/doc/libx1/copyright", COPYRIGHT),
  file("usr/share/doc/x", "", "2", "libx1"),
]);
const LINKED = [
  { name: "musl", version: "1.2.5-3", licence: "MIT", copyright: "its authors", homepage: "https://musl.libc.org/" },
];
const sbom = () =>
  sbomOf({ config: { architecture: "arm64", os: "linux" }, layers: [ROOT], ownLayers: 1 }, LINKED, {
    version: "1.0.0",
    epoch: 1_700_000_000,
  });

test("installed packages are in it, with licence, source and address; links to another package's papers are followed", () => {
  const packages = new Map<string, Record<string, unknown>>(
    sbom()["packages"].map((each: { name: string }) => [each.name, each]),
  );
  assert.deepEqual([...packages.keys()], ["baseimage", "libx1", "x", "my_init", "musl"]);
  const library = packages.get("libx1");
  assert.equal(library?.["versionInfo"], "2:1.2-3+b1");
  assert.equal(library?.["licenseDeclared"], "MIT");
  assert.equal(library?.["supplier"], "Organization: X People (x@example.org)");
  assert.equal(library?.["sourceInfo"], "built from the source package x 1.2-3");
  assert.deepEqual(library?.["externalRefs"], [
    {
      referenceCategory: "PACKAGE-MANAGER",
      referenceType: "purl",
      referenceLocator: "pkg:deb/debian/libx1@2:1.2-3%2Bb1?arch=arm64&distro=debian-13",
    },
  ]);
  assert.equal(packages.get("x")?.["licenseDeclared"], "MIT");
});

test("the program is in it with its checksum, and what is linked into it", () => {
  const document = sbom();
  const { checksums } = document["packages"].find(({ name }: { name: string }) => name === "my_init");
  // printf program | sha256sum
  assert.equal(checksums[0].checksumValue, "1310ca2c8932dbd118668bd97442558a3e1f546b5e15c69699dfbd6024f548d8");
  assert.ok(
    document["relationships"].some(
      (each: Record<string, string>) =>
        each["spdxElementId"] === "SPDXRef-Program-my-init" &&
        each["relationshipType"] === "STATIC_LINK" &&
        each["relatedSpdxElement"] === "SPDXRef-Linked-musl",
    ),
  );
});

test("runit is in it where the image has ours, with its own licence, source and links", () => {
  const layer = writeTar([
    file("usr/lib/baseimage/my_init", "program"),
    file("usr/lib/baseimage/runit/busybox", "busybox"),
    file("usr/lib/baseimage/runit/sv", "", "2", "busybox"),
  ]);
  const document = sbomOf(
    { config: { architecture: "amd64", os: "linux" }, layers: [layer], ownLayers: 1 },
    [
      { ...LINKED[0], name: "busybox", licence: "GPL-2.0-only AND BSD-3-Clause", program: "runit" },
      { ...LINKED[0], name: "quickjs", program: "my_init" },
      ...LINKED,
    ] as typeof LINKED,
    { version: "1.0.0", epoch: 1_700_000_000 },
  );
  assert.deepEqual(complaintsAbout(document), []);
  const packages = document["packages"].map((each: Record<string, string>) => [each["name"], each["licenseDeclared"]]);
  assert.deepEqual(packages, [
    ["baseimage", "NOASSERTION"],
    ["my_init", "MIT"],
    ["runit", "GPL-2.0-only AND BSD-3-Clause"],
    ["busybox", "GPL-2.0-only AND BSD-3-Clause"],
    ["quickjs", "MIT"],
    ["musl", "MIT"],
  ]);
  const links = document["relationships"]
    .filter((each: Record<string, string>) => each["relationshipType"] === "STATIC_LINK")
    .map((each: Record<string, string>) => [each["spdxElementId"], each["relatedSpdxElement"]]);
  assert.deepEqual(links, [
    ["SPDXRef-Program-my-init", "SPDXRef-Linked-quickjs"],
    ["SPDXRef-Program-my-init", "SPDXRef-Linked-musl"],
    ["SPDXRef-Program-runit", "SPDXRef-Linked-busybox"],
    ["SPDXRef-Program-runit", "SPDXRef-Linked-musl"],
  ]);
});

test("what only another image's program contains is not in it", () => {
  const busybox = { ...LINKED[0], name: "busybox", program: "runit" } as (typeof LINKED)[number];
  const document = sbomOf({ config: { architecture: "arm64", os: "linux" }, layers: [ROOT], ownLayers: 1 }, [busybox], {
    version: "1.0.0",
    epoch: 1_700_000_000,
  });
  assert.ok(document["packages"].every(({ name }: { name: string }) => name !== "busybox" && name !== "runit"));
});

test("it is an SPDX 2.3 document, and the same from the same image", () => {
  assert.deepEqual(complaintsAbout(sbom()), []);
  assert.deepEqual(sbom(), sbom());
});

test("complaintsAbout() finds what is wrong", () => {
  const broken = sbom();
  broken["packages"][1].SPDXID = "libx1";
  delete broken["packages"][2].downloadLocation;
  broken["packages"][3].licenseDeclared = "Expat";
  broken["packages"][4].primaryPackagePurpose = "LIB";
  delete broken["creationInfo"].created;
  assert.equal(complaintsAbout(broken).length, 6, complaintsAbout(broken).join("\n"));
});
