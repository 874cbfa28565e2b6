import { forgetRestarts, readRestartRecord } from "../../container/restart-record.ts";
import { readState, SERVICES, SUPERVISE } from "../../container/runsv.ts";
import { recordAsked } from "../../container/service-end.ts";
import { findMirror, isMirrorName, type ServiceMirror } from "../../container/service-mirror.ts";
import { STATUS_CANNOT_RUN } from "../../core/child-end.ts";
import { parseEnviron, toEnviron } from "../../core/container-env.ts";
import { execFailure } from "../../linux/exec-failure.ts";
import { linkFacts } from "../../linux/files.ts";
import { setIdentity } from "../../linux/identity.ts";
import type { Linux } from "../../linux/linux.ts";
import { writeAll } from "../../linux/output.ts";
import { attempt, STDERR } from "../../linux/program.ts";
import { findIdentity } from "../../linux/user-lookup.ts";

/** runit's own, where dpkg puts it: /usr/bin/sv is diverted. */
const RUNIT_SV = "/usr/bin/sv.distrib";

/**
 * Finds the mirror of /etc/service if services run in one, and executes runit's sv for it. If a link to it has the name of
 * a service, it is that service's init script.
 *
 * @returns only on failure: the exit status
 * @see sv(8), docs/reference/anywhere.md
 */
export function main(linux: Linux): number {
  return attempt(linux, "sv", () => {
    const [first = "", ...words] = linux.argv;
    // Any process may choose the first word. If that is not our name, the path that was executed is the name.
    const calledAs = nameOf(first) === "sv" ? first : linux.programPath;
    const env = parseEnviron(linux.environ);
    const mirror = mirrorFor(linux, env.get("SVDIR") ?? SERVICES);
    if (mirror !== undefined) {
      env.set("SVDIR", mirror.path);
      // In another user's mirror, root has no more permissions than that user.
      if (linux.getEuid() === 0 && mirror.uid !== 0) setIdentity(linux, findIdentity(linux, `${mirror.uid}`));
    }
    const given = mirror === undefined ? words : words.map((word) => inMirror(linux, mirror, word));
    recordRequest(linux, [SERVICES, ...(mirror === undefined ? [] : [mirror.path])], calledAs, given);
    const errno = -linux.exec(RUNIT_SV, wordsFor(linux, calledAs, given), toEnviron(env));
    writeAll(linux, STDERR, `sv: ${execFailure(linux, RUNIT_SV, errno)}\n`);
    return STATUS_CANNOT_RUN;
  });
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The words for runit's sv: it knows by its own name that it is a service's init script; that of busybox does not. */
function wordsFor(linux: Linux, calledAs: string, words: readonly string[]): readonly string[] {
  const name = nameOf(calledAs);
  const program = linux.realPath(RUNIT_SV);
  const isBusybox = typeof program === "string" && program.endsWith("/busybox");
  return isBusybox && name !== "sv" ? ["sv", ...words, name] : [calledAs, ...words];
}

/** Commands that end services which are to be started again; also each word that begins with t or k. @see sv(8) */
const ENDING = ["restart", "force-restart", "force-reload"];
/** Commands that start services; also each word that begins with u or o. */
const STARTING = ["start"];
/** Other commands that say whether services are to be up; also each word that begins with d, e or x. */
const STOPPING = ["stop", "shutdown", "force-stop", "force-shutdown"];

/**
 * Records what is asked of each named service: an end by itself has a line in the log, and is what the file `restart` is
 * about; a start that an administrator asks for is as the first.
 */
function recordRequest(linux: Linux, places: readonly string[], calledAs: string, words: readonly string[]): void {
  const name = nameOf(calledAs);
  const isValue = (before = "") => before.startsWith("-") && before.endsWith("w");
  const at = words.findIndex((word, index) => !word.startsWith("-") && !isValue(words[index - 1]));
  const command = words[at] ?? "";
  const is = (known: readonly string[], initials: string) =>
    known.includes(command) || (command !== "" && initials.includes(command.charAt(0)));
  const [isEnding, isStarting, isStopping] = [is(ENDING, "tk"), is(STARTING, "uo"), is(STOPPING, "dex")];
  if (!isEnding && !isStarting && !isStopping) return;
  for (const word of name === "sv" ? words.slice(at + 1) : [name]) {
    const path = isPath(word) ? (servicePath(linux, word) ?? word) : `${places.at(-1)}/${word}`;
    // Elsewhere no program reads the record, and another user may choose where it is.
    const isOurs = places.some((place) => path.startsWith(`${place}/`)) && !path.includes("/.");
    if (!isOurs) continue;
    const supervise = `${path}/${SUPERVISE}`;
    const state = readState(linux, supervise);
    const isRunning = typeof state === "object" && !state.isDown && !state.isFinishing;
    // `term` and `kill` of a service that does not run do nothing.
    if (!isRunning && !isStarting && !isStopping && !ENDING.includes(command)) continue;
    if (isEnding) recordAsked(linux, supervise);
    // A start that waits for its delay would start the service, and not end.
    const isDelayed = isRunning && readRestartRecord(linux, supervise)?.next === "again";
    if (isStarting || !isDelayed) forgetRestarts(linux, supervise);
  }
}

/** Whether sv takes the word as a path and not as a name in SVDIR. */
function isPath(word: string): boolean {
  return word.startsWith("/") || word.startsWith(".");
}

/** A word of the command line. The path of a service becomes its path in the mirror if runsv's files are only there. */
function inMirror(linux: Linux, mirror: ServiceMirror, word: string): string {
  const path = servicePath(linux, word);
  if (path === undefined) return word;
  const own = mirror.path + path.slice(SERVICES.length);
  // A copy of a service's directory has the link of that service.
  return linux.realPath(`${path}/${SUPERVISE}`) === `${own}/${SUPERVISE}` ? word : own;
}

/**
 * A path relative to /etc/service, as `./web` or `.`; undefined if it is elsewhere, or the word is no path. A service
 * may be a link: the directory of the link decides.
 */
function servicePath(linux: Linux, word: string): string | undefined {
  if (word.startsWith(`${SERVICES}/`)) return word;
  if (!isPath(word)) return undefined;
  const slash = word.lastIndexOf("/");
  const [directory, name] = slash < 0 ? [word, ""] : [word.slice(0, slash + 1), word.slice(slash + 1)];
  const isName = name !== "" && name !== "." && name !== "..";
  const real = linux.realPath(isName ? directory : word);
  if (typeof real === "number") return undefined;
  const path = isName ? `${real}/${name}` : real;
  return path.startsWith(`${SERVICES}/`) ? path : undefined;
}

/** The mirror of the directory in SVDIR; undefined if that directory itself is used. */
function mirrorFor(linux: Linux, directory: string): ServiceMirror | undefined {
  if (directory === SERVICES) return findMirror(linux);
  if (!isMirrorName(directory)) return undefined;
  const facts = linkFacts(linux, directory);
  return typeof facts === "number" ? undefined : { path: directory, uid: facts.uid };
}
