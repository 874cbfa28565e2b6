// Tested by test/e2e/docker-bash.test.ts.
import { exitStatus } from "../../core/child-end.ts";
import { isEnding, SIGNAL } from "../../core/signals.ts";
import { Children } from "../../linux/children.ts";
import { EventLoop } from "../../linux/event-loop.ts";
import { Output } from "../../linux/output.ts";
import { ignoresSignal } from "../../linux/processes.ts";
import { STATUS_FAILED, STDERR } from "../../linux/program.ts";
import type { Host } from "../host.ts";
import type { Orders } from "./orders.ts";
import { TerminalRelay } from "./terminal-relay.ts";

/** Signals that are not passed on. */
const OWN: readonly number[] = [SIGNAL.SIGPIPE, SIGNAL.SIGTTIN, SIGNAL.SIGTTOU, SIGNAL.SIGWINCH];

/**
 * The loop of the process on the host while the command runs: passes on signals, and a terminal's input and output.
 *
 * @param keeper pid of the keeper
 * @param socket to the keeper; closing it ends the session
 * @returns the command's exit status
 */
export function follow(host: Host, { terminal, warn }: Orders, keeper: number, socket: number): number {
  const children = new Children(host);
  const child = children.adopt(keeper);
  // nohup(1), and shells for background processes, ignore some signals: the command does not get these either.
  const ignored: readonly number[] = [SIGNAL.SIGHUP, SIGNAL.SIGINT, SIGNAL.SIGQUIT].filter((signal) =>
    isIgnored(host, signal),
  );
  let relay: TerminalRelay | undefined;

  let hasHungUp = false;

  const hangUp = () => {
    if (hasHungUp) return;
    hasHungUp = true;
    loop.pause(socket);
    host.close(socket);
    relay?.hangUp();
  };
  const pass = (signal: number) => void host.write(socket, String.fromCharCode(signal));
  const loop: EventLoop = new EventLoop(host, children, new Output(host, STDERR), (signal) => {
    relay?.onSignal(signal);
    if (hasHungUp || OWN.includes(signal) || ignored.includes(signal)) return;
    // An interactive shell ignores TERM, but ends with its terminal.
    if (signal === SIGNAL.SIGHUP || (signal === SIGNAL.SIGTERM && relay !== undefined)) return hangUp();
    if (signal !== SIGNAL.SIGTSTP) return pass(signal);
    if (relay !== undefined) return; // at the command's terminal Ctrl-Z is a key
    // The command's process group is orphaned, so the kernel would drop a SIGTSTP.
    pass(SIGNAL.SIGSTOP);
    host.kill(host.getPid(), SIGNAL.SIGSTOP); // the shell waits for this
  });
  if (terminal !== undefined) {
    loop.watch(socket, () => {
      loop.pause(socket); // nothing follows
      const master = host.receiveDescriptor(socket);
      if (master >= 0) relay = new TerminalRelay(host, loop, master, hangUp);
    });
  }
  try {
    loop.waitUntil(
      () => child.end !== undefined,
      () => Number.POSITIVE_INFINITY,
    );
    relay?.finish();
  } finally {
    relay?.restore();
  }
  if (child.end?.how === "killed") warn("the session was killed: the container has ended, or has no memory left");
  return child.end === undefined ? STATUS_FAILED : exitStatus(child.end);
}

function isIgnored(host: Host, signal: number): boolean {
  return isEnding(signal) && ignoresSignal(host, host.getPid(), signal);
}
