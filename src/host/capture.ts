// Tested by test/e2e/docker-bash.test.ts.
import { type ChildEnd, exitStatus, STATUS_CANNOT_RUN } from "../core/child-end.ts";
import { isEnding, SIGNAL } from "../core/signals.ts";
import { Children, type Program } from "../linux/children.ts";
import { ERRNO } from "../linux/errno.ts";
import { EventLoop } from "../linux/event-loop.ts";
import { Output } from "../linux/output.ts";
import { STDERR, STDOUT } from "../linux/program.ts";
import { Failure, SysError } from "../linux/sys-error.ts";
import { HERE, type Host, OPEN } from "./host.ts";

const STDIN = 0;

/** What is read at a time. */
const PIECE_BYTES = 65536;

/** More than any engine has to tell. What runs in a container may print without end. */
const MAX_BYTES = 1 << 24;

/** How a program ended and what it printed. */
export interface Captured {
  readonly end: ChildEnd;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end, with nothing on its standard input, and keeps what it prints. A signal that asks
 * this process to end does so, and ends the program too.
 *
 * @throws SysError where it cannot be started
 * @throws Failure where it prints without end
 */
export function capture(host: Host, program: Program): Captured {
  return captureFork(host, () => {
    host.exec(program.file, program.argv, program.environ);
    return STATUS_CANNOT_RUN;
  });
}

/** The same with a process of this program's, which does `act` and ends with the status that it answers. */
export function captureFork(host: Host, act: () => number): Captured {
  const pipes = [openPipe(host), openPipe(host)] as const;
  const pid = host.fork();
  if (pid === 0) {
    host.duplicate(host.open(HERE, "/dev/null", OPEN.read), STDIN);
    host.duplicate(pipes[0].writeEnd, STDOUT);
    host.duplicate(pipes[1].writeEnd, STDERR);
    host.exit(act());
  }
  if (pid < 0) throw new SysError("cannot start", "a process", -pid);

  const children = new Children(host);
  const child = children.adopt(pid);
  const loop = new EventLoop(host, children, new Output(host, STDERR), (signal) => {
    if (!isEnding(signal)) return;
    host.kill(pid, signal);
    host.exit(exitStatus({ how: "killed", signal }));
  });
  const texts = pipes.map(({ readEnd, writeEnd }) => {
    host.close(writeEnd);
    return new Reader(host, loop, readEnd, () => host.kill(pid, SIGNAL.SIGKILL));
  });
  loop.waitUntil(
    () => child.end !== undefined && texts.every(({ hasEnded }) => hasEnded),
    () => Number.POSITIVE_INFINITY,
  );
  if (texts.some(({ isTooMuch }) => isTooMuch)) throw new Failure("the container engine printed more than 16 MiB");
  const [stdout, stderr] = texts.map(({ text }) => text);
  return { end: child.end ?? { how: "exited", code: 0 }, stdout: stdout ?? "", stderr: stderr ?? "" };
}

function openPipe(host: Host): { readonly readEnd: number; readonly writeEnd: number } {
  const ends = host.pipe();
  if (typeof ends === "number") throw new SysError("cannot open", "a pipe", -ends);
  return { readEnd: ends[0], writeEnd: ends[1] };
}

/** Reads all that comes out of a descriptor. */
class Reader {
  text = "";
  hasEnded = false;
  isTooMuch = false;

  /** @param onTooMuch nothing more is read */
  constructor(host: Host, loop: EventLoop, fd: number, onTooMuch: () => void) {
    loop.watch(fd, () => {
      const piece = host.read(fd, PIECE_BYTES);
      if (piece === -ERRNO.EAGAIN) return;
      if (typeof piece === "string" && piece !== "") {
        this.text += piece;
        if (this.text.length <= MAX_BYTES) return;
        this.isTooMuch = true;
        onTooMuch();
      }
      this.hasEnded = true;
      loop.unwatch(fd);
    });
  }
}
