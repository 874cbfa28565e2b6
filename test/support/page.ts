// Pages of docs, as tests read them: sections, code blocks and tables.

/** The text below a heading, up to the next heading of any level. @param heading with its marks: `## Tasks` */
export function section(page: string, heading: string): string {
  const start = `\n${page}`.indexOf(`\n${heading}\n`);
  if (start < 0) throw new Error(`the page has no heading "${heading}"`);
  const rest = page.slice(start + heading.length);
  const end = rest.search(/^#{1,6} /m);
  return end < 0 ? rest : rest.slice(0, end);
}

/** The parts of a page: its beginning, and each heading of the second level with the text below it. */
export function chapters(page: string): { readonly title: string; readonly text: string }[] {
  return page.split(/^## /m).map((text) => {
    const end = text.indexOf("\n");
    return { title: text.slice(0, end).replace("# ", ""), text: text.slice(end) };
  });
}

/** The anchors of a page's headings, as GitHub makes them: `#a-task-run-once` without the `#`. */
export function anchors(page: string): Set<string> {
  const all = new Set<string>();
  const text = page.replace(/^```[^]*?^```$/gm, "");
  for (const [, heading = ""] of text.matchAll(/^#{1,6} (.+)$/gm)) {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const anchor = words.replace(/[^\p{L}\p{M}\p{N}_ -]/gu, "").replaceAll(" ", "-");
    let count = 0;
    while (all.has(count === 0 ? anchor : `${anchor}-${count}`)) count += 1;
    all.add(count === 0 ? anchor : `${anchor}-${count}`);
  }
  return all;
}

/** A code block of a page. */
export type Block = {
  /** The word after the fence; `indented` for a block without a fence. */
  readonly language: string;
  readonly text: string;
  /** The reason in the comment above the block, `<!-- not typed: REASON -->`. */
  readonly notTyped: string | undefined;
};

/** All code blocks, in their order. */
export function blocks(page: string): Block[] {
  const found: Block[] = [];
  const lines = page.split("\n");
  let notTyped: string | undefined;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const fenced = /^```(\S*)$/.exec(line)?.[1];
    if (fenced !== undefined || line.startsWith("    ")) {
      const first = fenced === undefined ? at : at + 1;
      const isEnd = (each: string) => (fenced === undefined ? !each.startsWith("    ") : each === "```");
      const length = lines.slice(first).findIndex(isEnd);
      const text = lines.slice(first, first + length).map((each) => (fenced === undefined ? each.slice(4) : each));
      found.push({ language: fenced ?? "indented", text: `${text.join("\n")}\n`, notTyped });
      at = fenced === undefined ? first + length - 1 : first + length;
    }
    if (line !== "") notTyped = /^<!-- not typed: (.+) -->$/.exec(line)?.[1];
  }
  return found;
}

/** The text of each code block of this language. */
export function codeBlocks(page: string, language: string): string[] {
  return blocks(page).flatMap((block) => (block.language === language ? [block.text] : []));
}

/** The path in a comment in the first line of a code block, or in the line after `#!`. */
export function pathOf(text: string): string | undefined {
  const path = /^(?:#!.*\n)?# (\S*[./]\S*)$/m.exec(text);
  return path?.index === 0 ? path[1] : undefined;
}

/** The code blocks that are a file of the image, by the path in their first lines. */
export function filesOf(page: string): Record<string, string> {
  const files = [...codeBlocks(page, "sh"), ...codeBlocks(page, "text")].flatMap((text) => {
    const path = pathOf(text);
    return path?.startsWith("/") ? [[path, text] as const] : [];
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
  return codeBlocks(text, "indented").flatMap((block) => block.trimEnd().split("\n"));
}
