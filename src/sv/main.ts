import { STATUS_CANNOT_RUN } from "../core/child-end.ts";
import { parseEnviron, toEnviron } from "../core/container-env.ts";
import { execFailure } from "../linux/exec-failure.ts";
import { linkFacts } from "../linux/files.ts";
import { takeOn } from "../linux/identity.ts";
import type { Linux } from "../linux/linux.ts";
import { writeAll } from "../linux/output.ts";
import { attempt, STDERR } from "../linux/program.ts";
import { SERVICES } from "../linux/runsv.ts";
import { findMirror, isMirrorName, type ServiceMirror } from "../linux/service-mirror.ts";
import { findIdentity } from "../linux/user-lookup.ts";

/** runit's own, where dpkg puts it: /usr/bin/sv is diverted. */
const RUNIT_SV = "/usr/bin/sv.distrib";

/**
 * What /usr/bin/sv runs, with the name that it was called by as the first word: finds the mirror of /etc/service where
 * services run in one, and becomes runit's sv there.
 *
 * @returns its exit status, where runit's could not take its place
 * @see sv(8), docs/reference/anywhere.md
 */
export function main(linux: Linux): number {
  return attempt(linux, "sv", () => {
    const [calledAs = "sv", ...words] = linux.argv.slice(1);
    const env = parseEnviron(linux.environ);
    const mirror = mirrorFor(linux, env.get("SVDIR") ?? SERVICES);
    if (mirror !== undefined) {
      env.set("SVDIR", mirror.path);
      // What root does in another user's mirror is what that user may do, and no more.
      if (linux.getEuid() === 0 && mirror.uid !== 0) takeOn(linux, findIdentity(linux, `${mirror.uid}`));
    }
    const inMirror = (word: string) =>
      mirror !== undefined && word.startsWith(`${SERVICES}/`) ? mirror.path + word.slice(SERVICES.length) : word;
    const errno = -linux.exec(RUNIT_SV, [calledAs, ...words.map(inMirror)], toEnviron(env));
    writeAll(linux, STDERR, `sv: ${execFailure(linux, RUNIT_SV, errno)}\n`);
    return STATUS_CANNOT_RUN;
  });
}

/** The mirror in the place of what SVDIR names; undefined where that is to be used as it is. */
function mirrorFor(linux: Linux, folder: string): ServiceMirror | undefined {
  if (folder === SERVICES) return findMirror(linux);
  if (!isMirrorName(folder)) return undefined;
  const facts = linkFacts(linux, folder);
  return typeof facts === "number" ? undefined : { path: folder, uid: facts.uid };
}
