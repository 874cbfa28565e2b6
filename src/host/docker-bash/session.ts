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

/** Signals that are this process's own affair. */
const OWN: readonly number[] = [SIGNAL.SIGPIPE, SIGNAL.SIGTTIN, SIGNAL.SIGTTOU, SIGNAL.SIGWINCH];

/**
 * The part of the process on the host while the command runs: passes signals on, and what is typed and printed at a
 * terminal.
 *
 * @param keeper pid of the process between
 * @param socket the way to it; closed, it ends all
 * @returns the command's exit status
 */
export function follow(host: Host, { terminal, warn }: Orders, keeper: number, socket: number): number {
  const children = new Children(host);
  const child = children.adopt(keeper);
  // nohup(1), and shells for what they run in the background, ignore some: those are not for the command either.
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
    // An interactive shell does not care for TERM; its terminal's end it understands.
    if (signal === SIGNAL.SIGHUP || (signal === SIGNAL.SIGTERM && relay !== undefined)) return hangUp();
    if (signal !== SIGNAL.SIGTSTP) return pass(signal);
    if (relay !== undefined) return; // at the command's terminal Ctrl-Z is a key
    // Nobody in the container is there to continue the command's group, so the kernel would drop a SIGTSTP.
    pass(SIGNAL.SIGSTOP);
    host.kill(host.getPid(), SIGNAL.SIGSTOP); // the shell waits for it
  });
  if (terminal !== undefined) {
    loop.watch(socket, () => {
      loop.pause(socket); // nothing else comes
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
