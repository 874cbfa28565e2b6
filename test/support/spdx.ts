// Rules for an SPDX 2.3 document in JSON: those of its schema and its chapters, as far as our documents need them.
import parse from "spdx-expression-parse";

type Rule = { readonly required?: boolean; readonly isRight: (value: unknown) => boolean };
type Rules = Readonly<Record<string, Rule>>;

const text: Rule = { isRight: (value) => typeof value === "string" };
const list: Rule = { isRight: Array.isArray };
const truth: Rule = { isRight: (value) => typeof value === "boolean" };
const matching = (pattern: RegExp): Rule => ({ isRight: (value) => typeof value === "string" && pattern.test(value) });
const oneOf = (...words: string[]): Rule => ({ isRight: (value) => words.includes(String(value)) });
const needed = (rule: Rule): Rule => ({ ...rule, required: true });
const listOf = (rules: Rules): Rule => ({
  isRight: (value) => Array.isArray(value) && value.every((each) => complaints(each, rules, "").length === 0),
});

const ID = /^SPDXRef-[A-Za-z0-9.-]+$/;
const licence: Rule = { isRight: (value) => value === "NOASSERTION" || value === "NONE" || isExpression(value) };

const PACKAGE: Rules = {
  SPDXID: needed(matching(ID)),
  name: needed(text),
  downloadLocation: needed(matching(/^(NOASSERTION|NONE|\w[\w+.-]*:\/\/\S+)$/)),
  versionInfo: text,
  filesAnalyzed: truth,
  licenseConcluded: licence,
  licenseDeclared: licence,
  copyrightText: text,
  supplier: matching(/^(NOASSERTION|(Person|Organization): .+)$/),
  homepage: matching(/^https?:\/\/\S+$/),
  sourceInfo: text,
  summary: text,
  packageFileName: text,
  primaryPackagePurpose: oneOf(
    ...["APPLICATION", "ARCHIVE", "CONTAINER", "DEVICE", "FILE", "FIRMWARE", "FRAMEWORK", "INSTALL", "LIBRARY"],
    ...["OPERATING-SYSTEM", "OTHER", "SOURCE"],
  ),
  checksums: listOf({
    algorithm: needed(oneOf("SHA256")),
    checksumValue: needed(matching(/^[0-9a-f]{64}$/)),
  }),
  externalRefs: listOf({
    referenceCategory: needed(oneOf("PACKAGE-MANAGER")),
    referenceType: needed(oneOf("purl")),
    referenceLocator: needed(matching(/^pkg:deb\/[a-z]+\/[\w.%+-]+@[\w.%:~-]+\?\S+$/)),
  }),
};

const DOCUMENT: Rules = {
  spdxVersion: needed(oneOf("SPDX-2.3")),
  dataLicense: needed(oneOf("CC0-1.0")),
  SPDXID: needed(oneOf("SPDXRef-DOCUMENT")),
  name: needed(text),
  documentNamespace: needed(matching(/^https?:\/\/[^\s#]+$/)),
  creationInfo: needed({ isRight: (value) => complaints(value, CREATION, "").length === 0 }),
  documentDescribes: list,
  packages: list,
  hasExtractedLicensingInfos: listOf({
    licenseId: needed(matching(/^LicenseRef-[A-Za-z0-9.-]+$/)),
    extractedText: needed(matching(/[^]/)),
  }),
  relationships: listOf({
    spdxElementId: needed(text),
    relationshipType: needed(oneOf("DESCRIBES", "CONTAINS", "STATIC_LINK")),
    relatedSpdxElement: needed(text),
  }),
};

const CREATION: Rules = {
  created: needed(matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)),
  creators: needed({
    isRight: (value) => Array.isArray(value) && value.length > 0 && value.every((each) => /^Tool: \S+-\S+$/.test(each)),
  }),
};

/** What is wrong with a document, a line each; none where it is right. @see https://spdx.github.io/spdx-spec/v2.3/ */
export function complaintsAbout(document: Record<string, unknown>): string[] {
  const packages = items(document["packages"]);
  const ids = ["SPDXRef-DOCUMENT", ...packages.map((each) => String(each["SPDXID"]))];
  const referred = items(document["relationships"]).flatMap((each) => [
    String(each["spdxElementId"]),
    String(each["relatedSpdxElement"]),
  ]);
  const described = (document["documentDescribes"] as string[] | undefined) ?? [];
  const texts = new Set(items(document["hasExtractedLicensingInfos"]).map((each) => String(each["licenseId"])));
  const named = packages.flatMap((each) => String(each["licenseDeclared"]).match(/LicenseRef-[\w.-]+/g) ?? []);
  return [
    ...complaints(document, DOCUMENT, "document"),
    ...packages.flatMap((each) => complaints(each, PACKAGE, String(each["name"]))),
    ...ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `${id}: twice`),
    ...[...referred, ...described].filter((id) => !ids.includes(id)).map((id) => `${id}: is referred to and not there`),
    ...named.filter((name) => !texts.has(name)).map((name) => `${name}: has no text`),
  ];
}

function complaints(value: unknown, rules: Rules, where: string): string[] {
  if (typeof value !== "object" || value === null) return [`${where}: is no object`];
  const fields = new Map(Object.entries(value));
  const missing = Object.entries(rules).filter(([name, { required }]) => required && !fields.has(name));
  const wrong = [...fields].filter(([name, content]) => rules[name]?.isRight(content) !== true);
  return [
    ...missing.map(([name]) => `${where}: has no ${name}`),
    ...wrong.map(([name, content]) => `${where}: ${name} is ${JSON.stringify(content)?.slice(0, 100)}`),
  ];
}

function items(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value : [];
}

function isExpression(value: unknown): boolean {
  try {
    parse(String(value));
    return true;
  } catch {
    return false;
  }
}
