// Man page and bash completion of each program for the host: made from its options (src/host/tool.ts), and the exit
// statuses from its page in docs/reference. scripts/bundle.mjs writes them to build/share.

/** @typedef {import("../src/host/tool.ts").Tool} Tool */

/** Programs of others that a man page refers to. */
const SEE_ALSO = {
  "docker-bash": ["docker-exec(1)", "podman-exec(1)", "nsenter(1)"],
  "docker-ssh": ["ssh(1)", "scp(1)", "docker-exec(1)"],
};

/** Where the two files of a program are below a prefix. @param {string} name */
export function pagePaths(name) {
  return { completion: `share/bash-completion/completions/${name}`, manual: `share/man/man1/${name}.1` };
}

/**
 * The completion of a program.
 *
 * @param {Tool} tool @param {readonly string[]} engines @param {string} template scripts/completion.bash
 */
export function completionOf({ name, options }, engines, template) {
  const flags = options.map((option) => (option.letter ? [option.letter, option.flag] : [option.flag]));
  const valued = flags.filter((_, at) => options[at].value !== undefined);
  const values = options.flatMap(({ completions }, at) => {
    if (completions === undefined) return [];
    const act = completions === "files" ? "compopt -o default" : `offered=(${completions.join(" ")})`;
    return [`    ${flags[at].join(" | ")}) ${act} ;;\n`];
  });
  return template
    .replace(/^# OPTIONS, .*\n/m, "")
    .replace(/^ *# VALUES\n/m, values.join(""))
    .replace("VALUED", valued.flat().join(" | "))
    .replace("OPTIONS", flags.flat().join(" "))
    .replace("ENGINES", engines.join(" "))
    .replaceAll("_PROGRAM", `_${name.replaceAll("-", "_")}`)
    .replaceAll("PROGRAM", name);
}

/**
 * The man page of a program. It has no date: the same sources give the same bytes.
 *
 * @param {Tool} tool @param {string} version @param {string} reference its page in docs/reference
 * @param {readonly string[]} names all programs of the host
 */
export function manPage({ name, description, options, usage }, version, reference, names) {
  const [synopsis = ""] = usage.split("\n");
  const [summary = ""] = description.split(/[:.]/);
  const others = names.filter((other) => other !== name).map((other) => `${other}(1)`);
  const seeAlso = [...others, ...(SEE_ALSO[name] ?? [])].map((page) => roff(page).replace(/^[^(]+/, "\\fB$&\\fR"));
  return `.\\" Made by scripts/tool-pages.mjs.
.TH ${roff(name.toUpperCase())} 1 "" "baseimage ${version}" "User Commands"
.SH NAME
${roff(name)} \\- ${roff(summary.charAt(0).toLowerCase() + summary.slice(1))}
.SH SYNOPSIS
${italic(roff(synopsis.replace(/^usage: /, ""))).replace(roff(name), "\\fB$&\\fR")}
.SH DESCRIPTION
${roff(description)}
.SH OPTIONS
${options.map((option) => entry(termOf(option), roff(option.help))).join("")}.SH EXIT STATUS
${statusesOf(reference)
  .map(([status, meaning]) => entry(roff(status), roff(meaning)))
  .join("")}.SH SEE ALSO
${seeAlso.join(",\n")}
.PP
docs/reference/${roff(name)}.md in the sources of baseimage says more.
`;
}

/** @param {Tool["options"][number]} option */
function termOf({ flag, letter, placeholder }) {
  const flags = [letter, flag].flatMap((each) => (each ? [`\\fB${roff(each)}\\fR`] : []));
  return flags.join(", ") + (placeholder ? ` \\fI${placeholder}\\fR` : "");
}

/** @param {string} term @param {string} text both of roff */
function entry(term, text) {
  return `.TP\n${term}\n${text}\n`;
}

/** The rows of the table of exit statuses. @param {string} reference @returns {string[][]} */
export function statusesOf(reference) {
  const [, table = ""] = /^\| exit status[^|]*\| meaning \|\n\|[ |-]+\|\n((?:\|.*\|\n)+)/m.exec(reference) ?? [];
  const rows = table.split("\n").slice(0, -1);
  if (rows.length === 0) throw new Error("a page in docs/reference has no table of exit statuses");
  return rows.map((row) => row.slice(2, -2).split(" | ").map(plain));
}

/** Markdown without its marks. @param {string} text */
function plain(text) {
  return text.replace(/`([^`]*)`/g, "$1").replace(/\[([^\]]*)\]\([^)]*\)/g, "$1");
}

/** Text for roff: a backslash, a hyphen that is typed as such, and a line that begins like a request. @param {string} text */
function roff(text) {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^[.']/gm, "\\&$&");
}

/** Words in capitals stand for something else. @param {string} text */
function italic(text) {
  return text.replace(/[A-Z]{2,}/g, "\\fI$&\\fR");
}
