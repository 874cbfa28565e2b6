import { SERVICES } from "../../container/runsv.ts";
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
 * /usr/bin/sv runs it with its own argv[0] as the first word: finds the mirror of /etc/service if services run in one,
 * and executes runit's sv for it.
 *
 * @returns only on failure: the exit status
 * @see sv(8), docs/reference/anywhere.md
 */
export function main(linux: Linux): number {
  return attempt(linux, "sv", () => {
    const [calledAs = "sv", ...words] = linux.argv.slice(1);
    const env = parseEnviron(linux.environ);
    const mirror = mirrorFor(linux, env.get("SVDIR") ?? SERVICES);
    if (mirror !== undefined) {
      env.set("SVDIR", mirror.path);
      // In another user's mirror, root has no more permissions than that user.
      if (linux.getEuid() === 0 && mirror.uid !== 0) setIdentity(linux, findIdentity(linux, `${mirror.uid}`));
    }
    const given = mirror === undefined ? words : words.map((word) => inMirror(linux, mirror, word));
    const errno = -linux.exec(RUNIT_SV, [calledAs, ...given], toEnviron(env));
    writeAll(linux, STDERR, `sv: ${execFailure(linux, RUNIT_SV, errno)}\n`);
    return STATUS_CANNOT_RUN;
  });
}

/** A word of the command line. The path of a service becomes its path in the mirror. */
function inMirror(linux: Linux, mirror: ServiceMirror, word: string): string {
  const path = servicePath(linux, word);
  return path === undefined ? word : mirror.path + path.slice(SERVICES.length);
}

/**
 * A path relative to /etc/service, as `./web` or `.`; undefined if it is elsewhere, or the word is no path. A service
 * may be a link: the directory of the link decides.
 */
function servicePath(linux: Linux, word: string): string | undefined {
  if (word.startsWith(`${SERVICES}/`)) return word;
  if (!word.startsWith("/") && !word.startsWith(".")) return undefined;
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
