import { toEnviron } from "../../core/container-env.ts";
import { SIGNAL } from "../../core/signals.ts";
import { Children } from "../../linux/children.ts";
import { errorWords } from "../../linux/errno.ts";
import { EventLoop } from "../../linux/event-loop.ts";
import { execFailure } from "../../linux/exec-failure.ts";
import type { Linux } from "../../linux/linux.ts";
import { Output } from "../../linux/output.ts";
import { signalEffect } from "../../linux/processes.ts";
import { reply, STDERR } from "../../linux/program.ts";
import { makeContext } from "./context.ts";
import { Life } from "./life.ts";
import { Log } from "./logs/log.ts";
import { help, type Options, readCommandLine, USAGE } from "./options.ts";
import { StopRequest } from "./stop-request.ts";

/** How long the last messages may wait for a slow reader. */
const LAST_WORDS_MS = 1000;

/** Signals that stop a process without a handler for them. @see termios(3), credentials(7) */
const JOB_STOPS: readonly number[] = [SIGNAL.SIGTSTP, SIGNAL.SIGTTIN, SIGNAL.SIGTTOU];

/** The program my_init: the init of a container. @returns its exit status @see docs/reference/my_init.md */
export function main(linux: Linux): number {
  const request = readCommandLine(linux.argv.slice(1));
  return request.kind === "live" ? live(linux, request.options) : reply(linux, "my_init", USAGE, request, help());
}

/**
 * Where messages go: standard error, or, if that is a terminal, our own open file description of it, with O_NONBLOCK. A
 * write to a terminal may wait although poll(2) reported it as ready. Other processes' description does not change.
 */
function messagesFd(linux: Linux): number {
  const own = linux.isTerminal(STDERR) ? linux.openToAppend(`/proc/self/fd/${STDERR}`) : -1;
  return own < 0 ? STDERR : own;
}

function live(linux: Linux, options: Options): number {
  const output = new Output(linux, -1);
  const log = new Log(linux, output, messagesFd(linux), options.isQuiet);
  /** The last of {@link JOB_STOPS} that was passed on. */
  let passedOn: number | undefined;
  const children = new Children(linux, {
    onStop: (child, signal) => {
      if (child !== life.command) return;
      // Ctrl-Z stopped the command itself: there is no shell that could continue it.
      if (signal === SIGNAL.SIGTSTP) linux.kill(-child.pid, SIGNAL.SIGCONT);
      // A shell blocks all signals for a moment when it forks, and only seemed to wait for this signal.
      else if (signal === passedOn) {
        passedOn = undefined;
        children.signal(child, SIGNAL.SIGCONT);
      }
    },
    onStartError: (file, errno) => log.warn(execFailure(linux, file, errno, toEnviron(context.environment.current))),
  });
  const stop = new StopRequest();
  const self = linux.getPid();

  const loop = new EventLoop(linux, children, output, (signal, sender, value, code) => {
    // A missing reader of our own messages does not concern the command.
    if (signal === SIGNAL.SIGPIPE && sender === self) return;
    const isForCommand = stop.note(signal, value, loop.nowMs);
    const { command } = life;
    if (!isForCommand || command === undefined) return;
    // The kernel sends them for our process group, not for the command's. If a process sent one, the command may
    // handle it; without a handler it would be stopped, and no process would continue it.
    if (JOB_STOPS.includes(signal)) {
      if (code > 0 || signalEffect(linux, command.pid, signal) !== "handled") return;
      passedOn = signal;
    }
    if (signal === SIGNAL.SIGCONT) context.terminal.handOn(command);
    children.signal(command, signal);
  });
  const context = makeContext({ linux, log, children, loop, stop });
  const life = new Life(context, options);

  if (self !== 1) {
    const answer = linux.becomeSubreaper();
    if (answer < 0) log.warn(`cannot take care of orphans: ${errorWords(-answer)}`);
  }
  const status = life.live();
  const lastMs = loop.nowMs + LAST_WORDS_MS;
  loop.waitUntil(
    () => !output.isBehind,
    () => lastMs,
  );
  return status;
}
