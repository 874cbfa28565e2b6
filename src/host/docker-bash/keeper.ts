// Tested by test/e2e/docker-bash.test.ts.
import { exitStatus } from "../../core/child-end.ts";
import { printable } from "../../core/printable.ts";
import { isEnding, SIGNAL } from "../../core/signals.ts";
import { type Child, Children } from "../../linux/children.ts";
import { ERRNO, errorWords } from "../../linux/errno.ts";
import { EventLoop } from "../../linux/event-loop.ts";
import { type Identity, setIdentity } from "../../linux/identity.ts";
import { Output } from "../../linux/output.ts";
import { allProcesses, descendants, signalProcess } from "../../linux/processes.ts";
import { STDERR } from "../../linux/program.ts";
import { Failure, SysError } from "../../linux/sys-error.ts";
import { findIdentity } from "../../linux/user-lookup.ts";
import { HERE, type Host, OPEN } from "../host.ts";
import { confineAndExec } from "./command.ts";
import { CAP_KILL, withCapability } from "./confinement.ts";
import type { Orders, Terminal } from "./orders.ts";
import type { Target } from "./target.ts";

/** The time limit of a command that was asked to end. */
const PATIENCE_MS = 10_000;

/** The time limit of the remaining processes after HUP and TERM, when the terminal or the command is gone. */
const HANG_UP_MS = 2000;

/** A killed process ends immediately, unless it waits for the disk or the network. */
const AFTER_KILL_MS = 100;
const KILL_ROUNDS = 20;

/** The most signals to read at a time. */
const MAX_BYTES = 64;

/**
 * The process between the process on the host and the command. It is in the container's namespaces and the subreaper of
 * the command's descendants: they end with the process on the host, even if that is killed.
 *
 * @param socket to the process on the host: sends the terminal there; each received byte is a signal for the command;
 *   it ends when that process ends, whatever the reason
 * @returns the command's exit status
 * @throws Failure if the container cannot be entered
 */
export function keep(host: Host, orders: Orders, socket: number): number {
  const { target } = orders;
  host.newSession(); // keys at the host's terminal are not for this process
  // No directory of the host: a link in the container could lead through /proc/self/fd into it.
  const nothing = host.open(HERE, "/dev/null", OPEN.readWrite);
  takeOnLimits(host, orders);
  takeOnLabel(host, orders);
  joinNamespaces(host, target);
  setIdentity(host, { name: "root", uid: 0, gid: 0, groups: [0], home: "/" });
  host.setUmask(target.confinement.umask);
  const identity = findIdentity(host, orders.user);
  const side = orders.terminal && openTerminal(host, orders.terminal, identity, socket);

  host.becomeSubreaper();
  const pid = host.fork();
  if (pid === -ERRNO.EAGAIN) throw new Failure("cannot start a process: the container may have no more (EAGAIN)");
  if (pid < 0) throw new SysError("cannot start a process in", "the container", -pid);
  if (pid === 0) {
    host.exit(confineAndExec(host, { ...orders, identity, side }));
  }
  // From here on this process belongs to the container. Of the host it keeps only the socket open.
  const { low, high } = withCapability(target.confinement.bounding, CAP_KILL);
  host.setCapabilities(low, high, 0, 0);
  for (const fd of [0, 1]) host.duplicate(nothing, fd);
  for (const fd of [nothing, side ?? -1]) host.close(fd);
  for (const { fd } of target.namespaces) host.close(fd);
  return new Keeper(host, pid, socket).keep();
}

/** The container's limits that children inherit: OOM score, control groups and resource limits. */
function takeOnLimits(host: Host, { target, warn }: Orders): void {
  host.writeFile("/proc/self/oom_score_adj", target.oomScore, false);
  const { files, missing } = target.groups;
  const refused = files.filter((file) => host.writeFile(file, "0", false) < 0);
  for (const what of [...refused, ...missing])
    warn(`cannot join the control group ${printable(what)}: its limits do not hold`);
  for (const limit of target.limits) host.setLimit(...limit);
}

/** The label applies at the next execve, in a child. It is set here, as the container may have no /proc. */
function takeOnLabel(host: Host, { target: { label }, warn }: Orders): void {
  if (label === undefined) return;
  let answer = 0;
  for (const file of ["apparmor/exec", "exec"]) {
    answer = host.writeFile(`/proc/self/attr/${file}`, label, false);
    if (answer >= 0) return;
  }
  warn(`cannot take on the security label "${printable(label)}": ${errorWords(-answer)}`);
}

function joinNamespaces(host: Host, { namespaces }: Target): void {
  for (const { name, fd } of namespaces) {
    if (name === "pid") continue; // the parent did: it applies to children only
    const answer = host.setNamespace(fd);
    if (answer < 0) throw new SysError("cannot join the namespace", name, -answer);
  }
}

/** Makes a terminal in the container and sends its host side to the host. @returns the side for the command */
function openTerminal(host: Host, { rows, columns }: Terminal, { uid }: Identity, socket: number): number {
  let master = host.open(HERE, "/dev/pts/ptmx", OPEN.readWrite);
  if (master < 0) master = host.open(HERE, "/dev/ptmx", OPEN.readWrite);
  if (master < 0) throw new SysError("cannot open a terminal in the container by", "/dev/pts/ptmx", -master);
  // By the descriptor, never by a path: processes in the container may have replaced the path.
  const unlocked = host.unlockTerminal(master);
  const side = unlocked < 0 ? unlocked : host.openOtherSide(master);
  if (side < 0) throw new SysError("cannot make a terminal of", "/dev/pts/ptmx", -side);
  host.setWindowSize(side, rows, columns);
  if (uid !== 0) host.chown(`/proc/self/fd/${side}`, uid, -1);
  const sent = host.sendDescriptor(socket, master);
  if (sent < 0) throw new SysError("cannot hand out", "the terminal", -sent);
  host.close(master);
  return side;
}

class Keeper {
  readonly #host: Host;
  readonly #socket: number;
  readonly #command: Child;
  readonly #children: Children;
  readonly #loop: EventLoop;
  #deadlineMs = Number.POSITIVE_INFINITY;
  #hasHungUp = false;

  constructor(host: Host, pid: number, socket: number) {
    this.#host = host;
    this.#socket = socket;
    this.#children = new Children(host);
    this.#command = this.#children.adopt(pid);
    // A signal to this process comes from the container, which ends.
    this.#loop = new EventLoop(host, this.#children, new Output(host, STDERR), (signal) => {
      if (isEnding(signal)) this.#hangUp();
    });
  }

  keep(): number {
    this.#loop.watch(this.#socket, () => this.#listen());
    this.#loop.waitUntil(
      () => this.#command.end !== undefined,
      () => this.#deadlineMs,
    );
    const { end } = this.#command;
    const wasToEnd = this.#deadlineMs < Number.POSITIVE_INFINITY;
    // Background processes stay, as after any shell's exit, unless the command was ended by a signal.
    if (end === undefined || end.how === "killed" || wasToEnd) this.#sweep();
    return exitStatus(this.#command.end ?? { how: "killed", signal: SIGNAL.SIGKILL });
  }

  #listen(): void {
    const bytes = this.#host.read(this.#socket, MAX_BYTES);
    if (bytes === -ERRNO.EAGAIN) return;
    if (typeof bytes === "number" || bytes === "") {
      this.#loop.unwatch(this.#socket);
      this.#hangUp();
      return;
    }
    for (const byte of bytes) this.#pass(byte.charCodeAt(0));
  }

  /** Sends a signal to the command's process group. */
  #pass(signal: number): void {
    this.#host.kill(-this.#command.pid, signal);
    if (!isEnding(signal)) return;
    const isAgain = this.#deadlineMs < Number.POSITIVE_INFINITY;
    this.#endBy(isAgain ? 0 : PATIENCE_MS);
  }

  /** Asks all processes that the command has started to end. */
  #hangUp(): void {
    if (this.#hasHungUp) return;
    this.#hasHungUp = true;
    this.#endBy(HANG_UP_MS);
    for (const signal of [SIGNAL.SIGHUP, SIGNAL.SIGTERM, SIGNAL.SIGCONT]) this.#signalAll(signal);
  }

  #endBy(ms: number): void {
    this.#deadlineMs = Math.min(this.#deadlineMs, this.#loop.nowMs + ms);
  }

  /** Ends the remaining processes. */
  #sweep(): void {
    const isEmpty = () => this.#children.isEmpty;
    if (this.#command.end !== undefined) this.#hangUp();
    if (this.#loop.waitUntil(isEmpty, () => this.#deadlineMs)) return;
    for (let round = 0; round < KILL_ROUNDS; round++) {
      this.#signalAll(SIGNAL.SIGKILL);
      const endMs = this.#loop.nowMs + AFTER_KILL_MS;
      if (this.#loop.waitUntil(isEmpty, () => endMs)) return;
    }
  }

  #signalAll(signal: number): void {
    const all = descendants(allProcesses(this.#host), this.#host.getPid());
    for (const process of all) signalProcess(this.#host, process, signal);
    // /proc may not show the container's processes.
    if (all.length === 0 && this.#command.end === undefined) this.#host.kill(-this.#command.pid, signal);
  }
}
