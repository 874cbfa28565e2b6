// Figures as text.
import { summarize } from "./stats.mjs";

/** @import { Verdict } from "./budgets.mjs" */

/**
 * One candidate's figures.
 *
 * @typedef {object} Row
 * @property {string} name
 * @property {number[]} samples
 * @property {Record<string, string>} [facts] what else there is to say: title of the column -> text
 */

/**
 * One table.
 *
 * @typedef {object} Section
 * @property {string} id
 * @property {string} title
 * @property {string} unit
 * @property {string} [reference] the row that the others are divided by
 * @property {Row[]} rows
 * @property {string[]} [notes]
 */

/** @param {Section} section */
export function sectionTable(section) {
  const reference = section.rows.find((row) => row.name === section.reference);
  const divisor = reference && summarize(reference.samples).median;
  const factTitles = [...new Set(section.rows.flatMap((row) => Object.keys(row.facts ?? {})))];
  const isSampled = section.rows.some((row) => row.samples.length > 1);
  const head = ["", section.unit, ...(isSampled ? ["middle half", "min..max", "n"] : [])];
  const rows = section.rows.map((row) => {
    const { median, q1, q3, min, max, count } = summarize(row.samples);
    const spread = [`${number(q1)}..${number(q3)}`, `${number(min)}..${number(max)}`, `${count}`];
    const ratio = divisor === undefined ? [] : [(median / divisor).toFixed(2)];
    const facts = factTitles.map((title) => row.facts?.[title] ?? "");
    return [row.name, number(median), ...(isSampled ? spread : []), ...ratio, ...facts];
  });
  if (divisor !== undefined) head.push(`/ ${section.reference}`);
  return [
    section.title,
    ...align([[...head, ...factTitles], ...rows]),
    ...(section.notes ?? []).map((note) => `  ${note}`),
  ].join("\n");
}

/** @param {readonly Verdict[]} verdicts */
export function budgetTable(verdicts) {
  const rows = verdicts.map(({ what, limit, measured, verdict }) => [what, limit, measured, verdict]);
  return ["Budgets", ...align([["", "at most", "measured", ""], ...rows])].join("\n");
}

/**
 * First column to the left, the rest to the right.
 *
 * @param {readonly string[][]} rows
 */
function align(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    `  ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  ")}`.trimEnd(),
  );
}

/**
 * Three digits are enough for anything measured here.
 *
 * @param {number} value
 */
export function number(value) {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);
}
