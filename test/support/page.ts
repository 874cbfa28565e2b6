// Pages of docs, as tests read them: sections, code blocks and tables.

/** The text below a heading, up to the next heading of any level. @param heading with its marks: `## Tasks` */
export function section(page: string, heading: string): string {
  const start = `\n${page}`.indexOf(`\n${heading}\n`);
  if (start < 0) throw new Error(`the page has no heading "${heading}"`);
  const rest = page.slice(start + heading.length);
  const end = rest.search(/^#{1,6} /m);
  return end < 0 ? rest : rest.slice(0, end);
}

/** The text of each fenced code block of this language. */
export function codeBlocks(page: string, language: string): string[] {
  return [...page.matchAll(/^```(\S*)\n([^]*?)^```$/gm)].flatMap(([, name, text = ""]) =>
    name === language ? [text] : [],
  );
}

/** The code blocks that are a file of the image: a comment in the first line, or the line after `#!`, has its path. */
export function filesOf(page: string): Record<string, string> {
  const files = [...codeBlocks(page, "sh"), ...codeBlocks(page, "text")].flatMap((text) => {
    const path = /^(?:#!.*\n)?# (\/\S+)$/m.exec(text);
    return path?.index === 0 ? [[path[1] ?? "", text] as const] : [];
  });
  const names = files.map(([path]) => path);
  if (new Set(names).size < names.length) throw new Error(`the page has a file twice: ${names.join(" ")}`);
  return Object.fromEntries(files);
}

/** The cells of each row of the tables, without the rows of headings. */
export function tableRows(text: string): string[][] {
  const lines = text.split("\n");
  return lines
    .filter(
      (line, index) => line.startsWith("| ") && !line.startsWith("| ---") && !lines[index + 1]?.startsWith("| ---"),
    )
    .map((line) =>
      line
        .slice(2, -2)
        .split(" | ")
        .map((cell) => cell.trim()),
    );
}

/** The lines of the indented blocks, without their indent. */
export function indentedLines(text: string): string[] {
  return text.split("\n").flatMap((line) => (line.startsWith("    ") ? [line.slice(4)] : []));
}
