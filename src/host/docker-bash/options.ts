import type { Reply } from "../../core/args.ts";
import { readHostWords } from "../command-line.ts";
import type { EngineName } from "../engine.ts";
import { describeTool } from "../tool.ts";

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

/** The program in words. */
export const TOOL = describeTool(
  "docker-bash",
  "Enters a running container, by its name or the start of its id: a login shell as root, or COMMAND.",
  "say how the container is entered",
  [
    {
      flag: "--user",
      letter: "-u",
      value: "a value",
      placeholder: "USER",
      help: "be another user of the container: a name, a uid, uid:gid or name:group",
    },
  ],
);

/** Reads the words after the program's name. */
export function readCommandLine(words: readonly string[]): Request {
  const asked = readHostWords(words, TOOL.options);
  if (asked.kind !== "asked") return asked;
  const { container, command, engine, isVerbose, given } = asked;
  return { kind: "enter", container, command, user: given.get("--user") ?? "0", engine, isVerbose };
}
