import { refuse } from "../../core/args.ts";
import { parseEnviron } from "../../core/container-env.ts";
import { printable } from "../../core/printable.ts";
import { execCommand } from "../../linux/exec-command.ts";
import { switchUser } from "../../linux/identity.ts";
import type { Linux } from "../../linux/linux.ts";
import { writeAll } from "../../linux/output.ts";
import { answerHelp, attempt, reply, STATUS_FAILED, STDERR } from "../../linux/program.ts";
import { findIdentity } from "../../linux/user-lookup.ts";

const NAME = "setuser";
const USAGE = `usage: setuser USER COMMAND [ARG]...
Runs COMMAND as USER: a name, a uid, uid:gid or name:group.
`;

/** The program setuser. @returns only without COMMAND or on failure: the exit status @see docs/reference/setuser.md */
export function main(linux: Linux): number {
  const helped = answerHelp(linux, NAME, USAGE);
  if (helped !== undefined) return helped;
  const [user, ...words] = linux.argv.slice(1);
  if (user?.startsWith("--")) return reply(linux, NAME, USAGE, refuse(`unknown option "${printable(user)}"`));
  if (user === undefined || words.length === 0) {
    writeAll(linux, STDERR, USAGE);
    return STATUS_FAILED;
  }
  return attempt(linux, NAME, () => run(linux, user, words));
}

function run(linux: Linux, user: string, words: readonly string[]): number {
  const identity = findIdentity(linux, user);
  switchUser(linux, identity);

  const env = parseEnviron(linux.environ);
  env.set("HOME", identity.home).set("USER", identity.name).set("LOGNAME", identity.name);
  env.set("UID", String(identity.uid));
  // The command is looked up as the user, which may not see the same directories.
  return execCommand(linux, NAME, words, env);
}
