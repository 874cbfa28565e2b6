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

/** The size of one read. */
const PIECE_BYTES = 65536;

/** More than any answer of a container engine. A command in a container may print without end. */
const MAX_BYTES = 1 << 24;

/** A program's end and its output. */
export interface Captured {
  readonly end: ChildEnd;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end, with an empty standard input, and keeps its output. A signal that asks this process to end
 * ends both.
 *
 * @throws SysError if it cannot be started
 * @throws Failure if its output is too long
 */
export function capture(host: Host, program: Program): Captured {
  return captureFork(host, () => {
    host.exec(program.file, program.argv, program.environ);
    return STATUS_CANNOT_RUN;
  });
}

/** The same with a fork of this process, which calls `act` and exits with the returned status. */
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

/** Reads a descriptor to its end. */
class Reader {
  text = "";
  hasEnded = false;
  isTooMuch = false;

  /** @param onTooMuch called when reading stops because the output is too long */
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
