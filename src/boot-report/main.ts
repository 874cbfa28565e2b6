import { type BootRecord, parseRecord } from "../core/boot-record.ts";
import { printable } from "../core/printable.ts";
import { errorWords } from "../linux/errno.ts";
import { fileFacts } from "../linux/files.ts";
import type { Linux } from "../linux/linux.ts";
import { writeAll } from "../linux/output.ts";
import { findInit } from "../linux/own-init.ts";
import { attempt, STATUS_FAILED, STATUS_USAGE, STDERR, STDOUT } from "../linux/program.ts";
import { Failure } from "../linux/sys-error.ts";
import { reportSvg } from "./svg.ts";
import { reportJson, reportTable } from "./table.ts";

/** More than a boot of a thousand scripts has to tell. */
const MOST_BYTES = 1 << 20;

const USAGE = `usage: boot_report [--json | --svg]
Tells how long each step of the container's boot took: a table, JSON, or a picture.
`;

const FORMATS: Readonly<Record<string, (record: BootRecord) => string>> = {
  "": reportTable,
  "--json": reportJson,
  "--svg": reportSvg,
};

/** The program boot_report. @see spec.md section 5 */
export function main(linux: Linux): number {
  const [word = "", ...more] = linux.argv.slice(1);
  if (word === "--help" || word === "-h") return writeAll(linux, STDOUT, USAGE) ? 0 : STATUS_FAILED;
  const format = more.length === 0 ? FORMATS[word] : undefined;
  if (format === undefined) {
    const reason = more.length > 0 ? "one word at most" : `unknown word "${printable(word)}"`;
    writeAll(linux, STDERR, `boot_report: ${reason}\n${USAGE}`);
    return STATUS_USAGE;
  }
  return attempt(linux, "boot_report", () => (writeAll(linux, STDOUT, format(findRecord(linux))) ? 0 : STATUS_FAILED));
}

/** Looks among my_init's open files. @throws Failure where there is no record, or it may not be read */
function findRecord(linux: Linux): BootRecord {
  const init = findInit(linux);
  const folder = `/proc/${init}/fd`;
  const descriptors = linux.listDir(folder);
  if (typeof descriptors === "number") {
    throw new Failure(`cannot look into my_init (PID ${init}): ${errorWords(-descriptors)}; root and its own user may`);
  }
  for (const fd of descriptors) {
    const path = `${folder}/${fd}`;
    const facts = fileFacts(linux, path);
    if (typeof facts === "number" || facts.type !== "file" || facts.size > MOST_BYTES) continue;
    const text = linux.readFile(path, MOST_BYTES, true);
    const record = typeof text === "string" ? parseRecord(text) : undefined;
    if (record !== undefined) return record;
  }
  throw new Failure("there is no record: the boot is not over, or neither startup files nor services were asked for");
}
