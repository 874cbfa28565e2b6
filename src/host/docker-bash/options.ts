import type { Option, Reply } from "../../core/args.ts";
import { readHostWords } from "../command-line.ts";
import type { EngineName } from "../engine.ts";

/** What the command line asks for. */
export type Request =
  | {
      readonly kind: "enter";
      readonly container: string;
      /** None: a login shell. */
      readonly command: readonly string[];
      /** A user of the container: a name, a uid, uid:gid or name:group. */
      readonly user: string;
      readonly engine: EngineName | undefined;
      readonly isVerbose: boolean;
    }
  | Reply;

export const USAGE = `usage: docker-bash [OPTION]... CONTAINER [COMMAND [ARG]...]
Enters a running container, by its name or the start of its id: a login shell as root, or COMMAND.

  -u, --user USER  be another user of the container: a name, a uid, uid:gid or name:group
  --engine NAME    docker or podman; otherwise CONTAINER_ENGINE says, or both are asked
  -v, --verbose    say how the container is entered
  --help           show this text
  --version        show the version
`;

const OPTIONS: readonly Option[] = [{ flag: "--user", letter: "-u", value: "a value" }];

/** Reads the words after the program's name. */
export function readCommandLine(words: readonly string[]): Request {
  const asked = readHostWords(words, OPTIONS);
  if (asked.kind !== "asked") return asked;
  const { container, command, engine, isVerbose, given } = asked;
  return { kind: "enter", container, command, user: given.get("--user") ?? "0", engine, isVerbose };
}
