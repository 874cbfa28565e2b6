import { isAllDigits } from "./ascii.ts";

/** A line of /etc/passwd. @see passwd(5) */
export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** A line of /etc/group. @see group(5) */
export interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** The users of a passwd file, in its order; other lines are skipped, as by getpwent(3). */
export function parsePasswd(content: string): User[] {
  return fields(content, 7).flatMap(([name, , uid, gid, , home]) => {
    const numbers = [idNumber(uid), idNumber(gid)] as const;
    if (!name || numbers[0] === undefined || numbers[1] === undefined) return [];
    return [{ name, uid: numbers[0], gid: numbers[1], home: home || "/" }];
  });
}

/** The groups of a group file, in its order. */
export function parseGroup(content: string): Group[] {
  return fields(content, 4).flatMap(([name, , gid, members]) => {
    const number = idNumber(gid);
    return name && number !== undefined
      ? [{ name, gid: number, members: (members ?? "").split(",").filter((member) => member !== "") }]
      : [];
  });
}

/** A uid or gid in decimal: 0 to 4294967294 (the number after that means "no change" to the kernel). */
export function idNumber(text: string | undefined): number | undefined {
  if (text === undefined || !isAllDigits(text)) return undefined;
  const number = Number(text);
  return number <= 4294967294 ? number : undefined;
}

function fields(content: string, count: number): string[][] {
  return content
    .split("\n")
    .filter((line) => line !== "" && !"#+-".includes(line.charAt(0)))
    .map((line) => line.split(":"))
    .filter((words) => words.length >= count);
}
