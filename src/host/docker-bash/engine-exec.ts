// Tested by test/e2e/docker-bash.test.ts.
import { SysError } from "../../linux/sys-error.ts";
import type { Container } from "../engine.ts";
import type { Request } from "./options.ts";
import type { Terminal } from "./orders.ts";

/** A login shell: bash if the container has it. */
const LOGIN_SHELL = "command -v bash > /dev/null && exec bash -l; exec sh -l";

/**
 * Enters the container by the container engine's own `exec`, which replaces this process.
 *
 * @throws SysError if it cannot be run
 */
export function enterByEngine(
  { engine, id }: Container,
  { command, user }: Extract<Request, { kind: "enter" }>,
  terminal: Terminal | undefined,
): never {
  const words = ["exec", "--interactive", "--user", user];
  if (terminal !== undefined) {
    words.push("--tty");
    if (terminal.kind !== undefined) words.push("--env", `TERM=${terminal.kind}`);
  }
  const errno = engine.exec([...words, id, ...(command.length > 0 ? command : ["sh", "-c", LOGIN_SHELL])]);
  throw new SysError("cannot run", engine.file, errno);
}
