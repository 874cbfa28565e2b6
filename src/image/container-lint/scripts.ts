// Tested by src/image/container-lint/main.test.ts.
import { listScripts, SCRIPTS, skipReason } from "../../container/scripts.ts";
import { parseEnviron } from "../../core/container-env.ts";
import { ERRNO } from "../../linux/errno.ts";
import { execFault } from "../../linux/exec-failure.ts";
import type { Check } from "./check.ts";

/** Startup and shutdown scripts. */
export const scripts: Check = (linux, add) => {
  const startup = parseEnviron(linux.environ).get("ENV_INIT_DIRECTORY") ?? SCRIPTS.startup;
  const paths = linux.access(SCRIPTS.rcLocal, 0) === -ERRNO.ENOENT ? [] : [SCRIPTS.rcLocal as string];
  for (const directory of [startup, SCRIPTS.preShutdown, SCRIPTS.postShutdown]) {
    const listed = listScripts(linux, directory);
    if (typeof listed !== "number") paths.push(...listed);
  }
  for (const path of paths) {
    const skipped = skipReason(linux, path);
    const reason = skipped === undefined ? execFault(linux, path) : undefined;
    if (reason !== undefined) add("error", path, reason);
    if (skipped) add("warning", path, `${skipped}; make it a file that can be executed, or delete it`);
  }
};
