// Tested by test/e2e/docker-bash.test.ts.
import { printable } from "../../core/printable.ts";
import { ERRNO, errorWords } from "../../linux/errno.ts";
import { isSameFile } from "../../linux/files.ts";
import { Failure } from "../../linux/sys-error.ts";
import type { Container } from "../engine.ts";
import { HERE, type Host, OPEN } from "../host.ts";
import { type Confinement, readConfinement } from "./confinement.ts";
import { type GroupsToJoin, groupsToJoin } from "./control-groups.ts";
import { labelForExec } from "./security-label.ts";
import { type Filters, readFilters } from "./system-call-filters.ts";

/** The namespaces to join, in this order: while the user namespace is ours, we may join the others. */
const NAMESPACES = ["pid", "cgroup", "ipc", "uts", "net", "mnt", "user"] as const;
type NamespaceName = (typeof NAMESPACES)[number];

/** The kernel numbers its limits from 0. @see getrlimit(2) */
const LIMIT_COUNT = 16;

/** More than any file in /proc has for a process. */
const MAX_BYTES = 1 << 23;

/** A namespace that is not ours. */
export interface Namespace {
  readonly name: NamespaceName;
  /** Of its file in /proc/PID/ns. */
  readonly fd: number;
}

/** The confinement of a container, read from its first process. */
export interface Target {
  readonly namespaces: readonly Namespace[];
  /** `NAME=value` strings that the process was started with. */
  readonly environ: readonly string[];
  readonly confinement: Confinement;
  readonly filters: Filters;
  readonly groups: GroupsToJoin;
  /** How likely the kernel kills it when memory is short. @see proc_pid_oom_score_adj(5) */
  readonly oomScore: string;
  readonly limits: readonly (readonly [resource: number, soft: number, hard: number])[];
  /** For AppArmor or SELinux; undefined: none. */
  readonly label: string | undefined;
}

/** The container cannot be entered from here, but perhaps by its container engine. */
export class NotFromHere extends Failure {}

/**
 * Reads the container's first process.
 *
 * @throws NotFromHere if there is no such process on this machine, or without permission
 * @throws Failure if the container has ended meanwhile
 */
export function readTarget(host: Host, container: Container): Target {
  if (host.getEuid() !== 0) throw new NotFromHere("we are not root");
  const { pid } = container;
  const handle = pid > 0 ? host.pidfdOpen(pid) : -ERRNO.ESRCH;
  if (handle === -ERRNO.ESRCH) throw new NotFromHere(`no process ${pid} is here: the engine is on another machine`);
  if (handle < 0) throw new NotFromHere(`process ${pid} cannot be held on to: ${errorWords(-handle)}`);
  const theirGroups = readProc(host, `${pid}/cgroup`);
  // The container may be on another machine, and another process may have its pid here.
  if (!theirGroups.includes(container.id)) {
    throw new NotFromHere(`process ${pid} is not the container's here: the engine is on another machine`);
  }
  const namespaces = openNamespaces(host, pid);
  if (!namespaces.some(({ name }) => name === "mnt")) {
    throw new NotFromHere(`process ${pid} is in no namespaces of its own: the container is in a virtual machine`);
  }
  const confinement = readConfinement(readProc(host, `${pid}/status`));
  if (confinement === undefined) throw new NotFromHere(`the capabilities of process ${pid} cannot be read`);
  const filters = confinement.hasFilter ? readFilters(host, pid) : [];
  // Its tracer may be in the container, and an attack: to get a process of ours without its filters.
  if ("errno" in filters && filters.errno === ERRNO.EPERM) {
    throw new NotFromHere(`process ${pid} is traced by another: its filter of system calls cannot be read`);
  }
  const target = {
    namespaces,
    confinement,
    filters,
    environ: readProc(host, `${pid}/environ`).split("\0"),
    groups: groupsToJoin(theirGroups, readProc(host, "self/cgroup"), readProc(host, "self/mountinfo")),
    oomScore: readProc(host, `${pid}/oom_score_adj`),
    limits: readLimits(host, pid),
    label: readLabel(host, pid),
  };
  // If the process still exists, everything was read from this process.
  const ended = host.poll([handle], [], 0);
  if (typeof ended !== "number" && ended.length > 0) {
    throw new Failure(`cannot enter container "${printable(container.name)}": it has just ended`);
  }
  host.close(handle);
  return target;
}

/** The namespaces of a process that differ from ours. */
function openNamespaces(host: Host, pid: number): Namespace[] {
  return NAMESPACES.flatMap((name) => {
    const [theirs, ours] = [host.stat(`/proc/${pid}/ns/${name}`), host.stat(`/proc/self/ns/${name}`)];
    if (typeof theirs === "number") {
      if (theirs === -ERRNO.ENOENT) return []; // a kernel without this namespace
      throw new NotFromHere(`cannot look at process ${pid}: ${errorWords(-theirs)}`);
    }
    if (isSameFile(ours, theirs)) return [];
    const fd = host.open(HERE, `/proc/${pid}/ns/${name}`, OPEN.read);
    if (fd < 0) throw new NotFromHere(`cannot open the ${name} namespace of process ${pid}: ${errorWords(-fd)}`);
    return [{ name, fd }];
  });
}

function readLimits(host: Host, pid: number): (readonly [number, number, number])[] {
  const limits: [number, number, number][] = [];
  for (let resource = 0; resource < LIMIT_COUNT; resource++) {
    const limit = host.getLimit(pid, resource);
    if (typeof limit !== "number") limits.push([resource, limit[0], limit[1]]);
  }
  return limits;
}

function readLabel(host: Host, pid: number): string | undefined {
  for (const file of ["attr/apparmor/current", "attr/current"]) {
    const [theirs, ours] = [pid, "self"].map((process) => host.readFile(`/proc/${process}/${file}`, MAX_BYTES, false));
    if (typeof theirs === "string" && theirs !== "") return theirs === ours ? undefined : labelForExec(theirs);
  }
  return undefined;
}

function readProc(host: Host, name: string): string {
  const content = host.readFile(`/proc/${name}`, MAX_BYTES, false);
  if (typeof content === "number") throw new NotFromHere(`cannot read "/proc/${name}": ${errorWords(-content)}`);
  return content;
}
