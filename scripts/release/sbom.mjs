// What is in an image, as an SPDX 2.3 document: the distribution's packages, our programs, and what is linked into them.
import { createHash } from "node:crypto";
import { licencesOf } from "./licences.mjs";
import { packagesIn, Root } from "./packages.mjs";

/** @import { Image } from "./oci.mjs" */
/** @import { Package } from "./packages.mjs" */

/**
 * What is in our static programs beside our own code.
 *
 * @typedef {object} Linked
 * @property {string} name
 * @property {string} version of Debian's source package
 * @property {string} licence
 * @property {string} copyright
 * @property {string} homepage
 * @property {string} [sha256] of the source as upstream released it
 * @property {string} [program] the only program that contains it, by its name in OURS; else all static ones contain it
 */

const NONE = "NOASSERTION";

/**
 * What we compiled. An image has some of it, each at the first of its paths that is there. `isStatic`: with what is linked
 * into it. runit is in images that have none of the distribution's (native/runit.sh).
 */
const OURS = [
  { name: "my_init", paths: ["usr/sbin/my_init", "usr/lib/baseimage/my_init"], licence: "MIT", isStatic: true },
  {
    name: "pam_container_environment",
    paths: ["usr/lib/baseimage/pam_container_environment.so"],
    licence: "MIT",
    isStatic: false,
  },
  {
    name: "runit",
    paths: ["usr/lib/baseimage/runit/busybox"],
    licence: "GPL-2.0-only AND BSD-3-Clause",
    isStatic: true,
  },
];

/**
 * @param {Image} image
 * @param {Linked[]} linked
 * @param {{ version: string, epoch: number, title?: string }} release `title`: the name of the image
 * @returns {Record<string, any>}
 */
export function sbomOf(image, linked, { version, epoch, title = "baseimage" }) {
  const root = new Root(image.layers);
  const { architecture } = image.config;
  const name = `${title}-${version}-${architecture}`;
  const system = systemOf(root);
  const installed = packagesIn(root).map((each) => packageOf(each, system));
  const ours = OURS.flatMap((file) => {
    const path = file.paths.find((each) => root.read(each) !== undefined);
    const data = path === undefined ? undefined : root.read(path);
    if (path === undefined || data === undefined) return [];
    return [{ file, element: ourPackage(file, path, version, data) }];
  });
  const links = ours.flatMap(({ file, element }) =>
    linked
      .filter(({ program }) => file.isStatic && (program === undefined || program === file.name))
      .map((library) => ({ from: element.SPDXID, library })),
  );
  const libraries = linked.filter((each) => links.some(({ library }) => library === each)).map(libraryOf);
  const top = { ...plain("Image", title, version), primaryPackagePurpose: "CONTAINER" };

  const content = [...installed.map(({ element }) => element), ...ours.map(({ element }) => element)];
  const texts = new Map(installed.flatMap(({ texts: each }) => [...each]));
  return {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name,
    // Unique to this content, as the standard wants it.
    documentNamespace: `https://spdx.org/spdxdocs/${name}-${sha256(Buffer.concat(image.layers)).slice(0, 32)}`,
    creationInfo: {
      created: new Date(epoch * 1000).toISOString().replace(".000Z", "Z"),
      creators: [`Tool: baseimage-release-${version}`],
    },
    documentDescribes: [top.SPDXID],
    packages: [top, ...content, ...libraries],
    hasExtractedLicensingInfos: [...texts].sort().map(([licenseId, extractedText]) => ({ licenseId, extractedText })),
    relationships: [
      relation("SPDXRef-DOCUMENT", "DESCRIBES", top.SPDXID),
      ...content.map(({ SPDXID }) => relation(top.SPDXID, "CONTAINS", SPDXID)),
      ...links.map(({ from, library }) => relation(from, "STATIC_LINK", libraryOf(library).SPDXID)),
    ],
  };
}

/** @param {Package} debian @param {Record<string, string>} system */
function packageOf(debian, system) {
  const { expression, texts } = licencesOf(debian.copyright, debian.name);
  const element = {
    ...plain(`Debian-${debian.name}-${debian.architecture}`, debian.name, debian.version),
    supplier: supplierOf(debian.maintainer),
    ...(isAddress(debian.homepage) ? { homepage: debian.homepage } : {}),
    sourceInfo: `built from the source package ${debian.source}`,
    // What the build makes to take a package's place has no copyright file.
    licenseDeclared: debian.name.startsWith("baseimage-") ? "MIT" : expression,
    summary: debian.summary,
    externalRefs: [
      purl(system["ID"] ?? "debian", debian.name, debian.version, {
        arch: debian.architecture,
        distro: `${system["ID"]}-${system["VERSION_ID"]}`,
      }),
    ],
  };
  return { element, texts };
}

/** @param {Linked} library */
function libraryOf(library) {
  return {
    ...plain(`Linked-${library.name}`, library.name, library.version),
    homepage: library.homepage,
    sourceInfo: `compiled from, or taken from a package of, Debian's source package ${library.name} ${library.version}`,
    licenseDeclared: library.licence,
    copyrightText: library.copyright,
    ...(library.sha256 ? { checksums: [{ algorithm: "SHA256", checksumValue: library.sha256 }] } : {}),
    externalRefs: [purl("debian", library.name, library.version, { arch: "source" })],
    primaryPackagePurpose: "LIBRARY",
  };
}

/** @param {typeof OURS[number]} file @param {string} path @param {string} version @param {Buffer} data */
function ourPackage({ name, licence, isStatic }, path, version, data) {
  return {
    ...plain(`Program-${name}`, name, version),
    packageFileName: `/${path}`,
    licenseDeclared: licence,
    checksums: [{ algorithm: "SHA256", checksumValue: sha256(data) }],
    primaryPackagePurpose: isStatic ? "APPLICATION" : "LIBRARY",
  };
}

/** What every package of the document has. @param {string} id @param {string} name @param {string} version */
function plain(id, name, version) {
  return {
    SPDXID: `SPDXRef-${id.replace(/[^A-Za-z0-9.-]/g, "-")}`,
    name,
    versionInfo: version,
    downloadLocation: NONE,
    filesAnalyzed: false,
    licenseConcluded: NONE,
    licenseDeclared: NONE,
    copyrightText: NONE,
  };
}

/** @param {string} from @param {string} relationshipType @param {string} to */
function relation(from, relationshipType, to) {
  return { spdxElementId: from, relationshipType, relatedSpdxElement: to };
}

/** @param {string} vendor @param {string} name @param {string} version @param {Record<string, string>} qualifiers */
function purl(vendor, name, version, qualifiers) {
  const encode = (/** @type {string} */ text) => encodeURIComponent(text).replaceAll("%3A", ":");
  const rest = Object.entries(qualifiers).map(([key, value]) => `${key}=${encode(value)}`);
  return {
    referenceCategory: "PACKAGE-MANAGER",
    referenceType: "purl",
    referenceLocator: `pkg:deb/${vendor}/${encode(name)}@${encode(version)}?${rest.join("&")}`,
  };
}

/** Debian's maintainers are groups, and people who act for it. @param {string} maintainer */
function supplierOf(maintainer) {
  const [, name, address] = /^(.*?)\s*<(.*)>$/.exec(maintainer) ?? [];
  return name ? `Organization: ${name} (${address})` : NONE;
}

/** @param {Root} root @returns {Record<string, string>} */
function systemOf(root) {
  const text = root.read("etc/os-release")?.toString() ?? "";
  return Object.fromEntries([...text.matchAll(/^(\w+)="?(.*?)"?$/gm)].map(([, name, value]) => [name, value]));
}

/** @param {string} text */
function isAddress(text) {
  return /^https?:\/\/[^\s<>"]+$/.test(text);
}

/** @param {Buffer} data */
function sha256(data) {
  return createHash("sha256").update(data).digest("hex");
}
