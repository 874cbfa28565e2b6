import { type PhaseRecord, parseRecord } from "../core/phase-record.ts";
import { printable } from "../core/printable.ts";
import { ERRNO, errorWords } from "../linux/errno.ts";
import { fileFacts } from "../linux/files.ts";
import { LAST_SHUTDOWN, ownHostName } from "../linux/last-shutdown.ts";
import type { Linux } from "../linux/linux.ts";
import { writeAll } from "../linux/output.ts";
import { findInit } from "../linux/own-init.ts";
import { attempt, STATUS_FAILED, STATUS_USAGE, STDERR, STDOUT } from "../linux/program.ts";
import { Failure, failure } from "../linux/sys-error.ts";
import { reportSvg } from "./svg.ts";
import { reportJson, reportTable } from "./table.ts";

/** More than a boot of a thousand scripts has to tell. */
const MOST_BYTES = 1 << 20;

const USAGE = `usage: boot_report [--shutdown] [--json | --svg]
Tells how long each step of the container's boot took, or of its last shutdown: a table, JSON, or a picture.
`;

const FORMATS: Readonly<Record<string, (record: PhaseRecord) => string>> = {
  "--json": reportJson,
  "--svg": reportSvg,
};

/** The program boot_report. @see spec.md section 5 */
export function main(linux: Linux): number {
  let find = findBoot;
  let format: ((record: PhaseRecord) => string) | undefined;
  for (const word of linux.argv.slice(1)) {
    if (word === "--help" || word === "-h") return writeAll(linux, STDOUT, USAGE) ? 0 : STATUS_FAILED;
    if (word === "--shutdown") find = findShutdown;
    else if (FORMATS[word] === undefined) return refuse(linux, `unknown word "${printable(word)}"`);
    else if (format !== undefined) return refuse(linux, "one format at most");
    else format = FORMATS[word];
  }
  const print = format ?? reportTable;
  return attempt(linux, "boot_report", () => (writeAll(linux, STDOUT, print(find(linux))) ? 0 : STATUS_FAILED));
}

function refuse(linux: Linux, reason: string): number {
  writeAll(linux, STDERR, `boot_report: ${reason}\n${USAGE}`);
  return STATUS_USAGE;
}

/** Looks among my_init's open files. @throws Failure where there is no record, or it may not be read */
function findBoot(linux: Linux): PhaseRecord {
  const init = findInit(linux);
  const folder = `/proc/${init}/fd`;
  const descriptors = linux.listDir(folder);
  if (typeof descriptors === "number") {
    throw new Failure(`cannot look into my_init (PID ${init}): ${errorWords(-descriptors)}; root and its own user may`);
  }
  for (const fd of descriptors) {
    const record = readRecord(linux, `${folder}/${fd}`);
    if (typeof record === "object") return record;
  }
  throw new Failure("there is no record: the boot is not over, or neither startup files nor services were asked for");
}

/** Looks where my_init left it before the container was started again. @throws Failure as above */
function findShutdown(linux: Linux): PhaseRecord {
  const record = readRecord(linux, LAST_SHUTDOWN);
  if (typeof record === "number" && record !== ERRNO.ENOENT) {
    throw new Failure(failure("cannot read", LAST_SHUTDOWN, record));
  }
  // An image that was made of a container has that container's. The folder is everybody's.
  const isOfHere = typeof record === "object" && record.host === ownHostName(linux);
  if (!isOfHere || !isInits(linux, LAST_SHUTDOWN))
    throw new Failure("there is no record: this container has not been stopped and started again");
  return record;
}

/** Whether a file belongs to the user that my_init runs as. */
function isInits(linux: Linux, path: string): boolean {
  const [file, init] = [fileFacts(linux, path), fileFacts(linux, `/proc/${findInit(linux)}`)];
  return typeof file !== "number" && typeof init !== "number" && file.uid === init.uid;
}

/** @returns undefined where it is no record, or an errno */
function readRecord(linux: Linux, path: string): PhaseRecord | number | undefined {
  const facts = fileFacts(linux, path);
  if (typeof facts === "number") return facts;
  if (facts.type !== "file" || facts.size > MOST_BYTES) return undefined;
  const text = linux.readFile(path, MOST_BYTES, true);
  return typeof text === "number" ? -text : parseRecord(text);
}
