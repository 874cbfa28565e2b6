// Pictures of a terminal for the pages: SVG, without a font or a script.

// Pixels: of a character, and around the text.
const WIDTH = 8.43;
const HEIGHT = 20;
const MARGIN = 18;

/** The colours of a terminal with a dark ground, by their numbers. @type {Readonly<Record<number, string>>} */
const COLOURS = { 0: "#d8dee9", 1: "#ffffff", 2: "#7f8ea3", 31: "#ff7b72", 32: "#7ee787", 33: "#e3b341" };

/**
 * A line of the terminal.
 *
 * @typedef {object} TerminalLine
 * @property {string} text
 * @property {number} colour a number of COLOURS
 * @property {number} [atMs] when it appears; without it, it is there from the start
 */

/** @param {string} text */
function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/**
 * Draws the lines. If some appear later, the picture moves once, and then shows all lines.
 *
 * @param {string} title
 * @param {readonly TerminalLine[]} lines
 */
export function drawTerminal(title, lines) {
  const width = Math.ceil(Math.max(...lines.map(({ text }) => text.length)) * WIDTH + 2 * MARGIN);
  const height = lines.length * HEIGHT + 2 * MARGIN;
  const rows = lines.map(({ colour, text, atMs }, index) => {
    // Each cell at its own place: fonts differ in the width of a character.
    const cells = [...text.matchAll(/\S+(?: \S+)*/g)].map(
      ({ 0: cell, index: at }) => `<tspan x="${(MARGIN + at * WIDTH).toFixed(1)}">${escaped(cell)}</tspan>`,
    );
    const later = atMs === undefined ? "" : ` class="later" style="animation-delay:${(atMs / 1000).toFixed(2)}s"`;
    return `<text y="${MARGIN + index * HEIGHT + 14}" fill="${COLOURS[colour]}"${later}>${cells.join("")}</text>`;
  });
  const style = lines.some(({ atMs }) => atMs !== undefined)
    ? `<style>
@media (prefers-reduced-motion: no-preference) {
  .later { opacity: 0; animation: appear 0.1s forwards; }
  @keyframes appear { to { opacity: 1; } }
}
</style>
`
    : "";
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<title>${escaped(title)}</title>
${style}<rect width="100%" height="100%" rx="8" fill="#1b2230"/>
<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14">
${rows.join("\n")}
</g>
</svg>
`;
}
