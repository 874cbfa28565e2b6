// Tested by src/image/container-lint/main.test.ts.
import { needsFaults } from "../../container/needs-faults.ts";
import { SERVICES } from "../../container/runsv.ts";
import { otherFaults, serviceFaults } from "../../container/service-faults.ts";
import { listServices } from "../../container/service-list.ts";
import type { Check } from "./check.ts";

/** Services, and what they need. */
export const services: Check = (linux, add) => {
  const names = listServices(linux, SERVICES).services;
  for (const name of names) {
    for (const { path, reason } of serviceFaults(linux, `${SERVICES}/${name}`)) add("error", path, reason);
  }
  for (const { path, reason } of otherFaults(linux, SERVICES)) {
    add("warning", path, `${reason}; make it a directory with a program run, or delete it`);
  }
  for (const { line, path, reason } of needsFaults(linux, SERVICES, names, names).faults) {
    add("error", path, reason, line);
  }
};
