// Tested by src/image/setuser/main.test.ts.
import { type Group, idNumber, parseGroup, parsePasswd, type User } from "../core/passwd.ts";
import { printable } from "../core/printable.ts";
import { ERRNO } from "./errno.ts";
import type { Identity } from "./identity.ts";
import type { Linux } from "./linux.ts";
import { Failure, SysError } from "./sys-error.ts";

/** More than these files have on any system. */
const MAX_BYTES = 1 << 26;

/**
 * Finds the identity of `USER` or `USER:GROUP`. Numbers need no line in /etc/passwd and /etc/group; names do.
 *
 * @throws Failure if a name is unknown
 */
export function findIdentity(linux: Linux, text: string): Identity {
  const [userWord = "", groupWord] = split(text);
  const users = parsePasswd(readTable(linux, "/etc/passwd"));
  const groups = parseGroup(readTable(linux, "/etc/group"));
  const user = users.find(({ name }) => name === userWord) ?? byUid(users, userWord);
  if (user === undefined) throw new Failure(`user ${printable(userWord)} not found`);
  if (groupWord === undefined) return { ...user, groups: groupsOf(user, groups) };
  const gid = groups.find(({ name }) => name === groupWord)?.gid ?? idNumber(groupWord);
  if (gid === undefined) throw new Failure(`group ${printable(groupWord)} not found`);
  return { ...user, gid, groups: [gid] };
}

function split(text: string): readonly [string, string?] {
  const colon = text.indexOf(":");
  return colon < 0 ? [text] : [text.slice(0, colon), text.slice(colon + 1)];
}

/** A uid without a line is a user too, as for `docker run --user`: its group is 0, its home /. */
function byUid(users: readonly User[], word: string): User | undefined {
  const uid = idNumber(word);
  if (uid === undefined) return undefined;
  return users.find((user) => user.uid === uid) ?? { name: word, uid, gid: 0, home: "/" };
}

/** The user's own group and the groups that list the user. @see initgroups(3) */
function groupsOf(user: User, groups: readonly Group[]): number[] {
  const others = groups.filter(({ members }) => members.includes(user.name)).map(({ gid }) => gid);
  return [...new Set([user.gid, ...others])];
}

function readTable(linux: Linux, path: string): string {
  const content = linux.readFile(path, MAX_BYTES, false);
  if (content === -ERRNO.ENOENT) return ""; // numbers need no file
  if (typeof content === "number") throw new SysError("cannot read", path, -content);
  return content;
}
