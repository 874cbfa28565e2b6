// A release's notes, from the change log.

/**
 * @param {string} changes content of CHANGELOG.md: a heading "## VERSION (...)" a release
 * @param {string} version
 * @returns {string} what stands below the version's heading
 */
export function notesOf(changes, version) {
  const sections = changes.split(/^## /m).slice(1);
  const section = sections.find((text) => text.split(/\s/)[0] === version);
  if (section === undefined) throw new Error(`CHANGELOG.md has no heading "## ${version}"`);
  const notes = section.slice(section.indexOf("\n")).trim();
  if (notes === "") throw new Error(`CHANGELOG.md says nothing below "## ${version}"`);
  return `${notes}\n`;
}
