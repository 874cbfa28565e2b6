// Tested by test/e2e/docker-bash.test.ts.
import { CONTROL, HERE, type Host, OPEN } from "../host.ts";

const OWN_FILE = "/proc/self/exe";
const OWN_NAME = "/proc/self/comm";

/** More than the size of the program. */
const MAX_BYTES = 1 << 26;

/**
 * Executes a copy of this program that is in memory only: in the container /proc/PID/exe leads to a process's file, and
 * root there must not reach a file of the host. On kernels that refuse to execute such a copy the program continues
 * without it.
 */
export function execOwnCopy(host: Host): void {
  if (typeof host.realPath(OWN_FILE) === "number") return; // no path: this is the copy
  const copy = host.memoryFile("docker-bash");
  if (copy < 0) return;
  const file = host.open(HERE, OWN_FILE, OPEN.read);
  while (host.sendFile(file, copy, MAX_BYTES) > 0);
  // A file that is open for writing cannot be executed (ETXTBSY).
  const readable = host.open(HERE, `/proc/self/fd/${copy}`, OPEN.read);
  host.close(copy);
  host.close(file);
  host.execWithSignals(`/proc/self/fd/${readable}`, host.argv, host.environ);
  host.close(readable);
}

/** Makes this process and its forks readable only for the machine's root, and sets its name. */
export function hide(host: Host): void {
  host.control(CONTROL.setDumpable, 0);
  host.writeFile(OWN_NAME, "docker-bash", false); // otherwise the copy's name is the number of a descriptor
}
