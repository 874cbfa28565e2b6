import { STATUS_CANNOT_RUN, STATUS_NOT_FOUND } from "../core/child-end.ts";
import { parseEnviron, toEnviron } from "../core/container-env.ts";
import { type Group, idNumber, parseGroup, parsePasswd, type User } from "../core/passwd.ts";
import { printable } from "../core/printable.ts";
import { ERRNO } from "../linux/errno.ts";
import { execFailure } from "../linux/exec-failure.ts";
import { become, type Identity } from "../linux/identity.ts";
import type { Linux } from "../linux/linux.ts";
import { writeAll } from "../linux/output.ts";
import { lookupCommand } from "../linux/path-lookup.ts";
import { STATUS_FAILED, STDERR } from "../linux/program.ts";
import { Failure, SysError } from "../linux/sys-error.ts";

const USAGE = `usage: setuser USER COMMAND [ARG]...
Runs COMMAND as USER: a name, a uid, uid:gid or name:group.
`;

/** More of these files than any system has, less than would hurt. */
const MOST_BYTES = 1 << 26;

/** The program setuser. @returns its exit status, where COMMAND could not take its place @see spec.md section 8 */
export function main(linux: Linux): number {
  const [who, ...words] = linux.argv.slice(1);
  const name = words[0];
  if (who === undefined || name === undefined) {
    writeAll(linux, STDERR, USAGE);
    return STATUS_FAILED;
  }
  try {
    return run(linux, who, name, words);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return say(linux, error.message, STATUS_FAILED);
  }
}

function run(linux: Linux, who: string, name: string, words: readonly string[]): number {
  const identity = findIdentity(linux, who);
  become(linux, identity);

  const env = parseEnviron(linux.environ);
  // The command is looked up as the user, who may see other folders than we do.
  const lookup = lookupCommand(linux, name, env.get("PATH"));
  if (lookup.kind === "not-found") {
    return say(linux, `cannot run "${printable(name)}": not found (ENOENT)`, STATUS_NOT_FOUND);
  }
  if (lookup.kind === "not-executable") {
    return say(linux, execFailure(linux, lookup.path, lookup.errno), STATUS_CANNOT_RUN);
  }
  env.set("HOME", identity.home).set("USER", identity.name).set("LOGNAME", identity.name);
  env.set("UID", String(identity.uid));
  const errno = -linux.exec(lookup.path, words, toEnviron(env));
  return say(linux, execFailure(linux, lookup.path, errno), STATUS_CANNOT_RUN);
}

function say(linux: Linux, message: string, status: number): number {
  writeAll(linux, STDERR, `setuser: ${message}\n`);
  return status;
}

/** Finds who `USER` or `USER:GROUP` is. Numbers need no line in the files; names do. */
function findIdentity(linux: Linux, who: string): Identity {
  const [userWord = "", groupWord] = split(who);
  const users = parsePasswd(readTable(linux, "/etc/passwd"));
  const groups = parseGroup(readTable(linux, "/etc/group"));
  const user = users.find(({ name }) => name === userWord) ?? byUid(users, userWord);
  if (user === undefined) throw new Failure(`user ${printable(userWord)} not found`);
  if (groupWord === undefined) return { ...user, groups: groupsOf(user, groups) };
  const gid = groups.find(({ name }) => name === groupWord)?.gid ?? idNumber(groupWord);
  if (gid === undefined) throw new Failure(`group ${printable(groupWord)} not found`);
  return { ...user, gid, groups: [gid] };
}

function split(who: string): readonly [string, string?] {
  const colon = who.indexOf(":");
  return colon < 0 ? [who] : [who.slice(0, colon), who.slice(colon + 1)];
}

/** A uid that nobody has a line for is a user all the same: as `docker run --user` has it, in group 0, at home in /. */
function byUid(users: readonly User[], word: string): User | undefined {
  const uid = idNumber(word);
  if (uid === undefined) return undefined;
  return users.find((user) => user.uid === uid) ?? { name: word, uid, gid: 0, home: "/" };
}

/** The user's own group and those that list the user. @see initgroups(3) */
function groupsOf(user: User, groups: readonly Group[]): number[] {
  const others = groups.filter(({ members }) => members.includes(user.name)).map(({ gid }) => gid);
  return [...new Set([user.gid, ...others])];
}

function readTable(linux: Linux, path: string): string {
  const content = linux.readFile(path, MOST_BYTES, false);
  if (content === -ERRNO.ENOENT) return ""; // numbers do without
  if (typeof content === "number") throw new SysError("cannot read", path, -content);
  return content;
}
