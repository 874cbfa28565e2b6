// Tested by test/e2e/docker-bash.test.ts.
import { STATUS_NOT_FOUND } from "../../core/child-end.ts";
import { execCommand } from "../../linux/exec-command.ts";
import { type Identity, setIdentity } from "../../linux/identity.ts";
import { writeAll } from "../../linux/output.ts";
import { lookupCommand } from "../../linux/path-lookup.ts";
import { attempt, STDERR } from "../../linux/program.ts";
import { SysError } from "../../linux/sys-error.ts";
import { CONTROL, type Host } from "../host.ts";
import { hasCapability, LAST_CAPABILITY } from "./confinement.ts";
import { commandEnvironment, smallEnvironment } from "./environment.ts";
import type { Orders } from "./orders.ts";
import type { Filters } from "./system-call-filters.ts";
import type { Target } from "./target.ts";

const NAME = "docker-bash";

/** What the process that executes the command needs to know. */
export interface Assignment extends Orders {
  readonly identity: Identity;
  /** The command's side of its terminal; undefined: no terminal. */
  readonly side: number | undefined;
}

/** Takes on the rest of the container's confinement and executes the command. @returns the exit status of a failure */
export function confineAndExec(host: Host, assignment: Assignment): number {
  return attempt(host, NAME, () => {
    const { target, words, identity, terminal, side } = assignment;
    host.newSession();
    if (side !== undefined) {
      host.takeTerminal(side);
      const keepsErrors = !host.isTerminal(STDERR); // 2> FILE
      for (const fd of keepsErrors ? [0, 1] : [0, 1, 2]) host.duplicate(side, fd);
    }
    confine(host, target, identity);
    const env = commandEnvironment(host, target.environ, identity, terminal?.kind);
    const small = () => {
      const reason = "the container's environment is too large (E2BIG): here is what it was started with";
      writeAll(host, STDERR, `${NAME}: ${reason}\n`);
      return smallEnvironment(target.environ, identity, terminal?.kind);
    };
    if (words.length > 0) return execCommand(host, NAME, words, env, small);
    for (const shell of ["bash", "/bin/bash", "sh", "/bin/sh"]) {
      if (lookupCommand(host, shell, env.get("PATH")).kind !== "found") continue;
      return execCommand(host, NAME, [shell, "-l"], env, small);
    }
    writeAll(host, STDERR, `${NAME}: there is no bash and no sh in the container; name a command that is there\n`);
    return STATUS_NOT_FOUND;
  });
}

function confine(host: Host, { confinement, filters }: Target, identity: Identity): void {
  const { bounding, inheritable, hasNoNewPrivileges } = confinement;
  for (let capability = 0; capability <= LAST_CAPABILITY; capability++) {
    if (hasCapability(bounding, capability) || host.control(CONTROL.readBoundingSet, capability) < 1) continue;
    const answer = host.control(CONTROL.dropFromBoundingSet, capability);
    if (answer < 0) throw new SysError("cannot drop the capability", `${capability}`, -answer);
  }
  // As late as possible. A filter needs no_new_privs or a capability that is dropped below.
  if (!hasNoNewPrivileges) addFilters(host, filters);
  setIdentity(host, identity);
  // Other users have no capabilities left; root would get all back by execve without the bounding set.
  if (identity.uid === 0) {
    const answer = host.setCapabilities(bounding.low, bounding.high, inheritable.low, inheritable.high);
    if (answer < 0) throw new SysError("cannot set the capabilities of", identity.name, -answer);
  }
  if (!hasNoNewPrivileges) return;
  host.control(CONTROL.setNoNewPrivileges, 1);
  addFilters(host, filters);
}

function addFilters(host: Host, filters: Filters): void {
  if ("errno" in filters) return;
  for (const filter of filters) {
    const answer = host.addFilter(filter);
    if (answer < 0) throw new SysError("cannot add a filter of", "system calls", -answer);
  }
}
