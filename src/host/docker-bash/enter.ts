// Tested by test/e2e/docker-bash.test.ts.
import { parseEnviron } from "../../core/container-env.ts";
import { printable } from "../../core/printable.ts";
import { errorWords } from "../../linux/errno.ts";
import { isDirectory } from "../../linux/files.ts";
import { writeAll } from "../../linux/output.ts";
import { attempt, STDERR, STDOUT } from "../../linux/program.ts";
import { Failure, SysError } from "../../linux/sys-error.ts";
import type { Container } from "../engine.ts";
import type { Host } from "../host.ts";
import { enterByEngine } from "./engine-exec.ts";
import { keep } from "./keeper.ts";
import type { Request } from "./options.ts";
import type { Orders, Terminal } from "./orders.ts";
import { follow } from "./session.ts";
import { NotFromHere, readTarget, type Target } from "./target.ts";

const NAME = "docker-bash";

/** The remedy for a container in such a state. */
const REMEDIES: readonly (readonly [status: string, remedy: string])[] = [
  ["paused", "unpause"],
  ["exited", "start"],
  ["stopped", "start"],
  ["created", "start"],
  ["configured", "start"],
];

/** Runs a login shell or a command in the container. @returns its exit status @throws Failure if it cannot */
export function enter(host: Host, container: Container, request: Extract<Request, { kind: "enter" }>): number {
  const { engine, name, id, status } = container;
  const shown = printable(name);
  if (status !== "running") {
    const verb = REMEDIES.find(([known]) => known === status)?.[1];
    const remedy = verb === undefined ? "" : `; "${engine.name} ${verb} ${shown}" changes that`;
    throw new Failure(`cannot enter container "${shown}": it is ${printable(status)}, not running${remedy}`);
  }
  const warn = (message: string) => void writeAll(host, STDERR, `${NAME}: ${message}\n`);
  const explain = request.isVerbose ? warn : () => {};
  const terminal = readTerminal(host);
  let target: Target;
  try {
    target = readTarget(host, container);
  } catch (error) {
    if (!(error instanceof NotFromHere)) throw error;
    explain(`entering ${shown} by "${engine.name} exec": ${error.message}`);
    return enterByEngine(container, request, terminal);
  }
  refuseDirectories(host);
  const joined = target.namespaces.map((namespace) => namespace.name).join(" ");
  explain(`entering ${shown} (${id.slice(0, 12)}) by the namespaces of process ${container.pid}: ${joined}`);
  if ("errno" in target.filters) {
    const reason = errorWords(target.filters.errno);
    explain(`the container's filter of system calls (seccomp) does not hold for you: ${reason}`);
  }
  return start(host, { target, words: request.command, user: request.user, terminal, warn });
}

/** A container's process with an open directory of the host could reach all other directories. @throws Failure */
function refuseDirectories(host: Host): void {
  for (const fd of [0, STDOUT, STDERR]) {
    const path = `/proc/self/fd/${fd}`;
    if (!isDirectory(host, path)) continue;
    const target = host.realPath(path);
    const shown = typeof target === "string" ? printable(target) : path;
    throw new Failure(`descriptor ${fd} is the directory "${shown}" of this machine, which no container may have`);
  }
}

function start(host: Host, orders: Orders): number {
  const sockets = host.socketPair();
  if (typeof sockets === "number") throw new SysError("cannot open", "a pair of sockets", -sockets);
  const [ours, theirs] = sockets;
  const processes = orders.target.namespaces.find(({ name }) => name === "pid");
  if (processes !== undefined) {
    const answer = host.setNamespace(processes.fd);
    if (answer < 0) throw new SysError("cannot join the namespace", processes.name, -answer);
  }
  const pid = host.fork();
  if (pid < 0) throw new SysError("cannot start a process in", "the container", -pid);
  if (pid === 0) {
    host.close(ours);
    host.exit(attempt(host, NAME, () => keep(host, orders, theirs)));
  }
  host.close(theirs);
  for (const { fd } of orders.target.namespaces) host.close(fd);
  return follow(host, orders, pid, ours);
}

/** The model for the command's terminal: the host's, if input and output are at a terminal. */
function readTerminal(host: Host): Terminal | undefined {
  if (!host.isTerminal(0) || !host.isTerminal(1)) return undefined;
  const size = host.getWindowSize(0);
  const [rows, columns] = typeof size === "number" ? [0, 0] : size;
  return { kind: parseEnviron(host.environ).get("TERM"), rows, columns };
}
