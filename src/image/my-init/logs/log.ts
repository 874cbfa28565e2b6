import { OWN_SERVICE } from "../../../container/log-fifos.ts";
import { type LogFormat, logFrame } from "../../../container/log-line.ts";
import type { Linux } from "../../../linux/linux.ts";
import type { Output } from "../../../linux/output.ts";

/** What begins every line of my_init: people search logs for it. */
const MARK = "*** ";

const OWN = { service: OWN_SERVICE, quotedService: `"${OWN_SERVICE}"`, stream: "stderr" } as const;

/** The messages of my_init, on standard error, one line each. They are kept until it is known how they are to look. */
export class Log {
  readonly #linux: Linux;
  readonly #output: Output;
  readonly #fd: number;
  readonly #isQuiet: boolean;

  /**
   * @param output without a descriptor yet
   * @param fd where messages go at last
   */
  constructor(linux: Linux, output: Output, fd: number, isQuiet: boolean) {
    this.#linux = linux;
    this.#output = output;
    this.#fd = fd;
    this.#isQuiet = isQuiet;
  }

  /** Whether messages wait for their reader. */
  get isBehind(): boolean {
    return this.#output.isBehind;
  }

  /** What happens in the ordinary course of things; `--quiet` hides it. */
  info(message: string): void {
    if (!this.#isQuiet) this.#output.writeLine(MARK + message);
  }

  /** A warning: also with --quiet. */
  warn(message: string): void {
    this.#output.writeLine(MARK + message);
  }

  /** Sends messages to the log writer. */
  sendTo(fd: number): void {
    this.#output.moveTo(fd);
  }

  /** Keeps messages until {@link sendTo} or {@link write}. */
  keep(): void {
    this.#output.moveTo(-1);
  }

  /**
   * Writes messages to standard error in this format, those that wait for their reader too.
   *
   * @param unread what was sent before, and its reader has not read
   */
  write(format: LogFormat, unread = ""): void {
    const frame = (line: string) => {
      const { after, before, isQuoted } = logFrame(format, OWN, this.#linux.realtimeMs(), false);
      return this.#linux.frameLines(line, before, after, isQuoted);
    };
    this.#output.moveTo(this.#fd, frame, unread);
  }
}
