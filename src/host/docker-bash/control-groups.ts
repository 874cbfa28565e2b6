/** A place in one hierarchy of control groups. @see cgroups(7), /proc/PID/cgroup */
interface Place {
  /** As in the line; "": the hierarchy of version 2. */
  readonly controllers: string;
  readonly path: string;
}

/** The groups to join, for each hierarchy in which they differ from ours. */
export interface GroupsToJoin {
  /** Files `cgroup.procs`: a process that writes 0 into one joins that group. */
  readonly files: readonly string[];
  /** Lines of /proc/PID/cgroup whose hierarchy cannot be reached from here. */
  readonly missing: readonly string[];
}

/**
 * Finds the control groups of another process.
 *
 * @param theirs content of its /proc/PID/cgroup
 * @param ours content of /proc/self/cgroup
 * @param mounts content of /proc/self/mountinfo
 */
export function groupsToJoin(theirs: string, ours: string, mounts: string): GroupsToJoin {
  const own = ours.split("\n");
  const files: string[] = [];
  const missing: string[] = [];
  for (const line of theirs.split("\n")) {
    if (line === "" || own.includes(line)) continue;
    const directory = directoryOf(placeOf(line), mounts);
    if (directory === undefined) missing.push(line);
    else files.push(`${directory}/cgroup.procs`);
  }
  return { files, missing };
}

function placeOf(line: string): Place {
  const first = line.indexOf(":");
  const second = line.indexOf(":", first + 1);
  return { controllers: line.slice(first + 1, second), path: line.slice(second + 1) };
}

function directoryOf({ controllers, path }: Place, mounts: string): string | undefined {
  // A group above the root of our own cgroup namespace: no directory here is that group.
  if (path === "/.." || path.startsWith("/../")) return undefined;
  const wanted = controllers.split(",");
  for (const line of mounts.split("\n")) {
    // 36 25 0:31 ROOT POINT OPTIONS [TAG]... - TYPE SOURCE OPTIONS
    const [before = "", after = ""] = line.split(" - ");
    const [, , , root = "", point = ""] = before.split(" ");
    const [type, , options = ""] = after.split(" ");
    const given = options.split(",");
    const isIt =
      controllers === "" ? type === "cgroup2" : type === "cgroup" && wanted.every((name) => given.includes(name));
    if (!isIt) continue;
    const rest = below(path, unescaped(root));
    if (rest !== undefined) return unescaped(point) + rest;
  }
  return undefined;
}

/** The part of `path` below `root`: "/a/b" below "/a" is "/b". */
function below(path: string, root: string): string | undefined {
  if (root === "/") return path === "/" ? "" : path;
  return path === root || path.startsWith(`${root}/`) ? path.slice(root.length) : undefined;
}

/** mountinfo writes blanks and backslashes as `\040`. */
function unescaped(text: string): string {
  const [first = "", ...pieces] = text.split("\\");
  return first + pieces.map((piece) => String.fromCharCode(Number(`0o${piece.slice(0, 3)}`)) + piece.slice(3)).join("");
}
