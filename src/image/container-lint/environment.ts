// Tested by src/image/container-lint/main.test.ts.
import { isShellName } from "../../container/env-export.ts";
import { ENVIRONMENT, readVariables } from "../../container/variable-files.ts";
import { Failure } from "../../linux/sys-error.ts";
import type { Check } from "./check.ts";

/** Files of variables with which the boot fails, or that it ignores; and names and values that surprise. */
export const environment: Check = (linux, add) => {
  const names = linux.listDir(ENVIRONMENT);
  if (typeof names === "number") return;
  for (const name of [...names].sort()) {
    const path = `${ENVIRONMENT}/${name}`;
    const warn = (reason: string) => add("error", path, `${reason}; correct it or delete it`);
    try {
      const value = readVariables(linux, { warn }, ENVIRONMENT, [name]).variables.get(name);
      if (value === undefined) continue;
      if (!isShellName(name))
        add("warning", path, `not in ${ENVIRONMENT}.sh, as no shell can set this name; rename it`);
      if (value !== "" && " \t\r\n".includes(value.slice(-1)))
        add("warning", path, "its value ends in a blank; delete the blank, a CR too");
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      warn(error.message);
    }
  }
};
