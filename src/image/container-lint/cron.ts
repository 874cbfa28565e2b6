// Tested by src/image/container-lint/main.test.ts.
import { isDigit } from "../../core/ascii.ts";
import { parsePasswd } from "../../core/passwd.ts";
import { ANY_EXECUTE, OTHERS_WRITE } from "../../linux/files.ts";
import type { Add, Check } from "./check.ts";
import { filesIn, type LintFile, textOf } from "./files.ts";

/** The directories of crontabs, of scripts for run-parts, and of logrotate's rules. */
const CRONTABS = ["/etc", "/etc/cron.d"];
const SCRIPTS = ["/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly"];
const ROTATION = "/etc/logrotate.d";

/** Files that cron, run-parts and logrotate ignore. Each has one fault. @see cron(8), run-parts(8), crontab(5) */
export const cron: Check = (linux, add) => {
  const users = parsePasswd(textOf(linux, "/etc/passwd")).map(({ name }) => name);
  for (const directory of [...CRONTABS, ...SCRIPTS, ROTATION]) {
    for (const file of filesIn(linux, directory)) {
      if (directory === "/etc" && file.name !== "crontab") continue;
      const { path } = file;
      const reason = ignoredBecause(file, directory);
      if (reason !== undefined) add("error", path, reason);
      else if (CRONTABS.includes(directory)) lookAtLines(path, textOf(linux, path), users, add);
    }
  }
};

function ignoredBecause({ mode, name, size, uid }: LintFile, directory: string): string | undefined {
  if (
    directory !== ROTATION &&
    (encodeURIComponent(name) !== name || [..."!'()*.~"].some((mark) => name.includes(mark)))
  ) {
    return "cron ignores it, as a name may only have letters, digits, _ and -; rename it";
  }
  if (SCRIPTS.includes(directory)) {
    return size > 0 && (mode & ANY_EXECUTE) === 0
      ? "cron ignores it, as it is not executable; say chmod +x"
      : undefined;
  }
  if (uid !== 0) return "it is ignored, as its owner is not root; say chown root";
  return (mode & OTHERS_WRITE) === 0 ? undefined : "it is ignored, as not only root may write to it; say chmod 644";
}

/** Adds the first line with which cron ignores a crontab. */
function lookAtLines(path: string, text: string, users: readonly string[], add: Add): void {
  const lines = text.replaceAll("\t", " ").split("\n");
  for (const [index, line] of lines.entries()) {
    const words = line.split(" ").filter((word) => word !== "");
    const [first = "#"] = words;
    if (first.startsWith("#")) continue;
    const isNamed = first.startsWith("@");
    const [user = "", command] = words.slice(isNamed ? 1 : 5);
    let reason = "";
    if (line.endsWith("\r")) reason = "it ends as on Windows (CR LF); save the file with Unix line ends";
    else if (isNamed || first.startsWith("*") || isDigit(first.charCodeAt(0))) {
      if (!users.includes(user) || command === undefined) {
        reason = `"${user}" is no user, or has no command; write USER COMMAND after the time`;
      }
    } else if (!line.includes("=")) reason = "this is no job; correct the line";
    if (reason === "" && index === lines.length - 1) reason = "the last line has no newline; add one";
    if (reason !== "") {
      add("error", path, reason, index + 1);
      return;
    }
  }
}
