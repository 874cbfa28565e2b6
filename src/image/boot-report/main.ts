// Tested by test/e2e/boot-report.test.ts.
import { MAX_RECORD_BYTES, readBootRecord } from "../../container/boot-record.ts";
import { LAST_SHUTDOWN, ownHostName } from "../../container/last-shutdown.ts";
import { findInit } from "../../container/own-init.ts";
import { type PhaseRecord, parseRecord } from "../../container/phase-record.ts";
import { type Option, parseOptions, refuse } from "../../core/args.ts";
import { printable } from "../../core/printable.ts";
import { ERRNO } from "../../linux/errno.ts";
import { fileFacts } from "../../linux/files.ts";
import type { Linux } from "../../linux/linux.ts";
import { writeAll } from "../../linux/output.ts";
import { readCredentials } from "../../linux/processes.ts";
import { attempt, reply, STATUS_FAILED, STDOUT } from "../../linux/program.ts";
import { Failure, failure } from "../../linux/sys-error.ts";
import { reportSvg } from "./svg.ts";
import { reportJson, reportTable } from "./table.ts";

const NAME = "boot_report";
const USAGE = `usage: boot_report [--shutdown] [--json | --svg]
Tells how long each step of the container's boot took, or of its last shutdown: a table, JSON, or a picture.
`;

const OPTIONS: readonly Option[] = [{ flag: "--shutdown" }, { flag: "--json" }, { flag: "--svg" }];

/** The program boot_report. @see docs/reference/boot_report.md */
export function main(linux: Linux): number {
  const parsed = parseOptions(OPTIONS, linux.argv.slice(1));
  if (parsed.kind !== "ok") return reply(linux, NAME, USAGE, parsed);
  const { given, words } = parsed;
  const [isJson, isSvg] = [given.has("--json"), given.has("--svg")];
  if (words[0] !== undefined) return reply(linux, NAME, USAGE, refuse(`unknown word "${printable(words[0])}"`));
  if (isJson && isSvg) return reply(linux, NAME, USAGE, refuse("one format at most"));
  const find = given.has("--shutdown") ? findShutdown : findBoot;
  const print = isJson ? reportJson : isSvg ? reportSvg : reportTable;
  return attempt(linux, NAME, () => (writeAll(linux, STDOUT, print(find(linux))) ? 0 : STATUS_FAILED));
}

/** Reads my_init's memory. @throws Failure if there is no record, or without permission to read it */
function findBoot(linux: Linux): PhaseRecord {
  const record = parseRecord(readBootRecord(linux, findInit(linux)) ?? "");
  if (record !== undefined) return record;
  throw new Failure("there is no record: the boot is not over, or neither startup files nor services were asked for");
}

/** Reads the file that my_init left before the container was started again. @throws Failure as above */
function findShutdown(linux: Linux): PhaseRecord {
  const record = readRecord(linux, LAST_SHUTDOWN);
  if (typeof record === "number" && record !== ERRNO.ENOENT) {
    throw new Failure(failure("cannot read", LAST_SHUTDOWN, record));
  }
  // An image made from a container has its record. All users can write to the directory: links do not count.
  const isOfHere =
    typeof record === "object" && record.host === ownHostName(linux) && linux.realPath(LAST_SHUTDOWN) === LAST_SHUTDOWN;
  if (!isOfHere || !isInits(linux, LAST_SHUTDOWN))
    throw new Failure("there is no record: this container has not been stopped and started again");
  return record;
}

/** Whether a file belongs to my_init's user. */
function isInits(linux: Linux, path: string): boolean {
  const file = fileFacts(linux, path);
  return typeof file !== "number" && file.uid === readCredentials(linux, findInit(linux))?.uids[0];
}

/** @returns undefined if it is no record, or an errno */
function readRecord(linux: Linux, path: string): PhaseRecord | number | undefined {
  const facts = fileFacts(linux, path);
  if (typeof facts === "number") return facts;
  if (facts.type !== "file" || facts.size > MAX_RECORD_BYTES) return undefined;
  const text = linux.readFile(path, MAX_RECORD_BYTES, true);
  return typeof text === "number" ? -text : parseRecord(text);
}
