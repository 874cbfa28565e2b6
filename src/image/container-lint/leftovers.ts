// Tested by src/image/container-lint/main.test.ts.
import { findInit } from "../../container/own-init.ts";
import { isSupervised, SERVICES, SUPERVISE } from "../../container/runsv.ts";
import { listServices } from "../../container/service-list.ts";
import { wholeNumber } from "../../core/args.ts";
import { parsePasswd } from "../../core/passwd.ts";
import { ERRNO } from "../../linux/errno.ts";
import { linkFacts, READ_AND_ENTER } from "../../linux/files.ts";
import { Failure } from "../../linux/sys-error.ts";
import type { Check } from "./check.ts";
import { filesIn, textOf } from "./files.ts";

/** What processes that have ended left behind; and keys in an image, which all its containers have. */
export const leftovers: Check = (linux, add) => {
  for (const service of listServices(linux, SERVICES).services) {
    for (const log of ["", "/log"]) {
      const path = `${SERVICES}/${service}${log}/${SUPERVISE}`;
      const facts = linkFacts(linux, path);
      if (typeof facts === "number" || facts.type !== "directory" || linux.access(path, READ_AND_ENTER) < 0) continue;
      if (!isSupervised(linux, path)) add("warning", path, "no runsv uses it; delete it");
    }
  }
  const names = linux.listDir("/run");
  const directories = typeof names === "number" ? [] : names.map((name) => `/run/${name}`);
  directories.push("/run");
  try {
    findInit(linux);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // A container that runs has made its own host keys.
    const homes = parsePasswd(textOf(linux, "/etc/passwd")).map(({ home }) => `${home}/.ssh`);
    directories.push("/etc/ssh", ...homes);
  }
  for (const directory of [...new Set(directories)].sort()) {
    for (const { name, path } of filesIn(linux, directory)) {
      const pid = name.endsWith(".pid") ? wholeNumber(textOf(linux, path).trim()) : undefined;
      if (pid !== undefined && linux.kill(pid, 0) === -ERRNO.ESRCH) {
        add("warning", path, "its process has ended; delete it, or its daemon may not start");
      } else if (name.startsWith("ssh_host_") && name.endsWith("_key")) {
        add("warning", path, "all containers of the image have this host key; delete it");
      } else if (name.startsWith("authorized_keys") && textOf(linux, path).includes("AAAA")) {
        add("warning", path, "its keys open all containers of the image; delete those that are not to");
      }
    }
  }
};
