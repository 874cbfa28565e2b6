// Tested by src/image/container-lint/main.test.ts.
import { needsFaults } from "../../container/needs-faults.ts";
import { restartRulesOf } from "../../container/restart.ts";
import { ruleFaults } from "../../container/rule-faults.ts";
import { controlPath, ESSENTIAL, isEssential, SERVICES } from "../../container/runsv.ts";
import { otherFaults, serviceFaults } from "../../container/service-faults.ts";
import { listServices } from "../../container/service-list.ts";
import { STOP_SIGNAL } from "../../container/stop-rules.ts";
import type { Check } from "./check.ts";

/** Services, what they need, and how they are stopped. */
export const services: Check = (linux, add) => {
  const names = listServices(linux, SERVICES).services;
  for (const name of names) {
    for (const { path, reason } of serviceFaults(linux, `${SERVICES}/${name}`)) add("error", path, reason);
    const [control, signal] = [controlPath(linux, `${SERVICES}/${name}`), `${SERVICES}/${name}/${STOP_SIGNAL.name}`];
    if ([control, signal].some((path) => linux.access(path, 0) < 0)) continue;
    add("warning", signal, `it has no effect, because "${control}" stops the service; delete one of the two`);
  }
  for (const { path, reason } of otherFaults(linux, SERVICES)) {
    add("warning", path, `${reason}; make it a directory with a program run, or delete it`);
  }
  const rules = names.flatMap((name) => ruleFaults(linux, `${SERVICES}/${name}`));
  for (const { line, path, reason } of [...rules, ...needsFaults(linux, SERVICES, names, names).faults]) {
    add("error", path, reason, line);
  }
  for (const name of names) {
    const directory = `${SERVICES}/${name}`;
    const restart = restartRulesOf(linux, directory);
    if (restart?.policy !== "always" || restart.giveUp !== undefined || !isEssential(linux, directory)) continue;
    const reason = "it has no effect: the service is always started again; add give-up to its file restart";
    add("warning", `${directory}/${ESSENTIAL}`, reason);
  }
};
