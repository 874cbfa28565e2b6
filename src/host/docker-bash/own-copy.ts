import { CONTROL, HERE, type Host, OPEN } from "../host.ts";

const OWN_FILE = "/proc/self/exe";
const OWN_NAME = "/proc/self/comm";

/** More than the program has. */
const MAX_BYTES = 1 << 26;

/**
 * Goes on as a copy of this program that is nowhere on a disk: from within the container /proc/PID/exe leads to the file of
 * a process in it, and whoever is root there must not reach one of the host's. On kernels that refuse to execute such a
 * copy the program goes on as it is.
 */
export function execOwnCopy(host: Host): void {
  if (typeof host.realPath(OWN_FILE) === "number") return; // without a path: it is the copy
  const copy = host.memoryFile("docker-bash");
  if (copy < 0) return;
  const file = host.open(HERE, OWN_FILE, OPEN.read);
  while (host.sendFile(file, copy, MAX_BYTES) > 0);
  // What can be written to by somebody cannot be executed.
  const readable = host.open(HERE, `/proc/self/fd/${copy}`, OPEN.read);
  host.close(copy);
  host.close(file);
  host.execWithSignals(`/proc/self/fd/${readable}`, host.argv, host.environ);
  host.close(readable);
}

/** Lets no process without rights over this machine look into this one, and those that it forks; gives it its name. */
export function hide(host: Host): void {
  host.control(CONTROL.setDumpable, 0);
  host.writeFile(OWN_NAME, "docker-bash", false); // the copy has the number of a descriptor for a name
}
