// Tested by src/image/container-lint/main.test.ts.
import type { Fault } from "../../container/fault.ts";
import { needsFaults } from "../../container/needs-faults.ts";
import { SERVICES } from "../../container/runsv.ts";
import { listScripts, SCRIPTS, skipReason } from "../../container/scripts.ts";
import { otherFaults, serviceFaults } from "../../container/service-faults.ts";
import { listServices } from "../../container/service-list.ts";
import { parseEnviron } from "../../core/container-env.ts";
import { ERRNO } from "../../linux/errno.ts";
import { execFault } from "../../linux/exec-failure.ts";
import type { Linux } from "../../linux/linux.ts";
import type { Finding } from "./report.ts";

/** What is looked at: the name in the report, how bad a fault is, and where faults come from. */
type Check = readonly [name: string, level: Finding["level"], look: (linux: Linux) => readonly Fault[]];

const CHECKS: readonly Check[] = [
  ["services", "error", services],
  ["services", "warning", notServices],
  ["needs", "error", needs],
  ["scripts", "error", scripts],
  ["scripts", "warning", skippedScripts],
];

/** Looks at all that the table names. */
export function lookAtAll(linux: Linux): Finding[] {
  return CHECKS.flatMap(([check, level, look]) => look(linux).map((fault) => ({ ...fault, level, check })));
}

/** The fault with what to do about it, if its reason does not say that already. */
function withRemedy({ reason, ...place }: Fault, remedy: string): Fault {
  return { ...place, reason: reason.includes("; ") ? reason : `${reason}; ${remedy}` };
}

const PROGRAM_REMEDY = "put a program there that this system can run";

function services(linux: Linux): Fault[] {
  return listServices(linux, SERVICES)
    .services.flatMap((name) => serviceFaults(linux, `${SERVICES}/${name}`))
    .map((fault) => withRemedy(fault, PROGRAM_REMEDY));
}

function notServices(linux: Linux): Fault[] {
  return otherFaults(linux, SERVICES).map((fault) =>
    withRemedy(fault, "a service is a directory with a program run; delete what is none"),
  );
}

function needs(linux: Linux): readonly Fault[] {
  const { services: names } = listServices(linux, SERVICES);
  return needsFaults(linux, SERVICES, names, (name) => names.includes(name)).faults;
}

function scripts(linux: Linux): Fault[] {
  return allScripts(linux).flatMap((path) => {
    const reason = skipReason(linux, path) === undefined ? execFault(linux, path) : undefined;
    return reason === undefined ? [] : [withRemedy({ path, reason }, PROGRAM_REMEDY)];
  });
}

function skippedScripts(linux: Linux): Fault[] {
  return allScripts(linux).flatMap((path) => {
    const reason = skipReason(linux, path);
    return reason ? [withRemedy({ path, reason }, "make it executable with chmod +x, or delete it")] : [];
  });
}

function allScripts(linux: Linux): string[] {
  const { postShutdown, preShutdown, rcLocal, startup } = SCRIPTS;
  const wanted = parseEnviron(linux.environ).get("ENV_INIT_DIRECTORY") ?? startup;
  const paths = [wanted, preShutdown, postShutdown].flatMap((directory) => {
    const listed = listScripts(linux, directory);
    return typeof listed === "number" ? [] : listed;
  });
  return linux.access(rcLocal, 0) === -ERRNO.ENOENT ? paths : [...paths, rcLocal];
}
